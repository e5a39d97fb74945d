// What stands in a conversation.
package com.worldmates.calls.ui.people

import com.worldmates.calls.Direction
import com.worldmates.calls.ui.Message
import com.worldmates.calls.ui.MessageContent
import com.worldmates.calls.ui.PastCall
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId

/** The calls with [user] among what was [written], oldest first. */
internal fun conversation(written: List<Message>, history: List<PastCall>, user: Long): List<Message> {
    val calls = history.filter { it.group == null && it.with.user == user }.map { call ->
        // Whoever carries messages counts them from 1 on.
        Message(-call.id, call.direction == Direction.OUTGOING, call.at, MessageContent.PastCall(call.type, call.lasted, call.isMissed))
    }
    return if (calls.isEmpty()) written else (written + calls).sortedBy { it.at }
}

/** A row of a conversation. */
internal sealed interface ConversationRow {
    /** The day of what follows. */
    data class Day(val day: LocalDate) : ConversationRow

    /** Something that was written, or a call. */
    data class Line(val message: Message) : ConversationRow
}

/** [messages] with a row for each day; if all are of today, that goes without saying. */
internal fun conversationRows(messages: List<Message>, now: Instant, zone: ZoneId): List<ConversationRow> {
    fun dayOf(at: Instant) = at.atZone(zone).toLocalDate()
    val days = messages.map { dayOf(it.at) }
    val isAllToday = days.all { it == dayOf(now) }
    return messages.flatMapIndexed { index, message ->
        val line = ConversationRow.Line(message)
        val isNewDay = index == 0 || days[index] != days[index - 1]
        if (isNewDay && !isAllToday) listOf(ConversationRow.Day(days[index]), line) else listOf(line)
    }
}
