package com.worldmates.calls.ui.people

import com.worldmates.calls.CallType
import com.worldmates.calls.Direction
import com.worldmates.calls.Language
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.Fixtures
import com.worldmates.calls.ui.Message
import com.worldmates.calls.ui.MessageContent
import com.worldmates.calls.ui.PastCall
import com.worldmates.calls.ui.text.day
import com.worldmates.calls.ui.text.stringsOf
import java.time.Duration
import java.time.LocalDate
import java.time.ZoneOffset
import org.junit.Assert.assertEquals
import org.junit.Test

internal class ConversationTest {
    private fun at(hoursAgo: Long) = Fixtures.now.minus(Duration.ofHours(hoursAgo))

    private fun words(id: Long, hoursAgo: Long) = Message(id, isMine = true, at(hoursAgo), MessageContent.Words("$id"))

    private fun call(id: Long, user: Long, hoursAgo: Long, group: Long? = null) =
        PastCall(id, Contact(user, "x"), Direction.INCOMING, CallType.VIDEO, at(hoursAgo), lasted = null, group = group)

    @Test
    fun the_calls_with_somebody_stand_between_what_was_written() {
        val history = listOf(call(3, user = 7, hoursAgo = 1), call(2, user = 8, hoursAgo = 2), call(1, user = 7, hoursAgo = 5), call(4, user = 7, hoursAgo = 2, group = 7))

        val all = conversation(listOf(words(1, hoursAgo = 6), words(2, hoursAgo = 3)), history, user = 7)

        assertEquals(listOf(1L, -1L, 2L, -3L), all.map { it.id })
        assertEquals(MessageContent.PastCall(CallType.VIDEO, lasted = null, isMissed = true), all.last().content)
        assertEquals(false, all.last().isMine)
    }

    @Test
    fun each_day_is_named_once_unless_there_is_only_today() {
        fun rows(vararg hoursAgo: Long) =
            conversationRows(hoursAgo.mapIndexed { index, hours -> words(index + 1L, hours) }, Fixtures.now, ZoneOffset.UTC).map { row ->
                when (row) {
                    is ConversationRow.Day -> "${row.day}"
                    is ConversationRow.Line -> "${row.message.id}"
                }
            }

        assertEquals(listOf("1", "2"), rows(5, 1))
        assertEquals(listOf("2026-03-13", "1", "2", "2026-03-14", "3"), rows(30, 29, 1))
        assertEquals(emptyList<String>(), rows())
    }

    @Test
    fun days_are_named_as_people_name_them() {
        val today = LocalDate.of(2026, 3, 14)
        val said = listOf(0L, 1, 5).map { stringsOf(Language.UK).day(today.minusDays(it), today) }

        assertEquals(listOf("Сьогодні", "Учора", "9 бер."), said)
    }
}
