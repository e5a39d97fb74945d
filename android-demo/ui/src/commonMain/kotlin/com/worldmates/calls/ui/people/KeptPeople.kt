// People and calls as text, for whatever an app keeps texts in.
package com.worldmates.calls.ui.people

import com.worldmates.calls.CallType
import com.worldmates.calls.Direction
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.PastCall
import com.worldmates.calls.ui.People
import java.time.Duration
import java.time.Instant

/** One line for each. Names and not numbers of what can be chosen from: a later version may put another one in between. */
internal fun People.toText(): String = buildString {
    contacts.forEach { line("person", it.user, it.name, it.avatar.orEmpty()) }
    history.forEach { call ->
        line(
            "call", call.at.toEpochMilli(), call.direction, call.type, call.lasted?.seconds ?: "", call.isMissed, call.group ?: "",
            call.with.user, call.with.name, call.with.avatar.orEmpty(),
        )
    }
}

private fun StringBuilder.line(vararg parts: Any) {
    parts.joinTo(this, TAB)
    append('\n')
}

/** What [toText] wrote. A line that makes no sense, or is of a later version, is left out, and so is what is too much. */
internal fun peopleOf(text: String): People {
    val lines = text.lineSequence().map { it.split(TAB) }
    val contacts = lines.filter { it[0] == "person" }.mapNotNull(::contactOf).distinctBy { it.user }.take(MOST_PEOPLE).toList()
    val calls = lines.filter { it[0] == "call" }.mapNotNull(::callOf).take(MOST_CALLS).toList()
    return People(contacts, calls.mapIndexed { index, call -> call.copy(id = (calls.size - index).toLong()) })
}

private fun contactOf(parts: List<String>): Contact? = if (parts.size == 4) contact(parts.drop(1)) else null

private fun contact(parts: List<String>): Contact? {
    val (number, name, avatar) = parts
    val user = number.toLongOrNull()?.takeIf { it > 0 } ?: return null
    return Contact(user, clean(name), avatar.takeIf { it.isNotEmpty() && isKept(it) })
}

private fun callOf(parts: List<String>): PastCall? {
    if (parts.size != 10) return null
    val at = parts[1].toLongOrNull()?.takeIf { it in PLAUSIBLE } ?: return null
    val direction = Direction.entries.firstOrNull { it.name == parts[2] } ?: return null
    val type = CallType.entries.firstOrNull { it.name == parts[3] } ?: return null
    val seconds = parts[4].takeIf { it.isNotEmpty() }?.let { it.toLongOrNull()?.takeIf { seconds -> seconds in A_LIFE } ?: return null }
    val group = parts[6].takeIf { it.isNotEmpty() }?.let { it.toLongOrNull() ?: return null }
    val with = contact(parts.drop(7)) ?: return null
    return PastCall(0, with, direction, type, Instant.ofEpochMilli(at), seconds?.let(Duration::ofSeconds), parts[5] == "true", group)
}

/** A name of one line, not too long: nobody but its owner chose it. */
internal fun clean(name: String): String = name.map { if (it.isISOControl()) ' ' else it }.joinToString("").trim().take(LONGEST_NAME)

/** Whether an address of a photograph is one that is worth a line. */
internal fun isKept(avatar: String): Boolean = avatar.length <= LONGEST_ADDRESS && avatar.none(Char::isISOControl)

private const val TAB = "\t"
private const val LONGEST_NAME = 100
private const val LONGEST_ADDRESS = 2_000

/** Up to the year 9999: a calendar can show it. */
private val PLAUSIBLE = 0L..253_402_300_799_999L
private val A_LIFE = 0L..3_000_000_000L
