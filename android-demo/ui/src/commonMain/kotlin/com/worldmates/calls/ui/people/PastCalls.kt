// What is written down of calls that are over.
package com.worldmates.calls.ui.people

import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.Participant
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.PastCall
import com.worldmates.calls.ui.People
import java.time.Duration
import java.time.Instant

/** The calls that were not over [before] and are [now], [at] this moment, oldest first. Their ids are of this list alone. */
internal fun callsOver(before: CallsSnapshot, now: CallsSnapshot, at: Instant): List<PastCall> {
    val known = before.calls.associateBy { it.id }
    val ended = now.calls.filter { it.state is CallState.Ended && known[it.id]?.state !is CallState.Ended }
    // What ended and was put away between two looks is over as well.
    val gone = before.calls.filter { call -> call.state !is CallState.Ended && now.calls.none { it.id == call.id } }
    return (gone + ended).sortedBy { it.id }.mapNotNull { it.over(known[it.id]?.state, at) }
}

/** Null of a room: one comes into it by its name, and nobody called. */
private fun CallSnapshot.over(before: CallState?, at: Instant): PastCall? {
    val kind = kind
    val with = when (kind) {
        CallKind.OneToOne -> participants.firstOrNull()?.contact() ?: return null
        is CallKind.Group -> Contact(kind.group, title)
        CallKind.Room -> return null
    }
    val since = (before as? CallState.Talking)?.since
    val reason = (state as? CallState.Ended)?.reason
    return PastCall(
        id = 0, with, direction, callType, at = since ?: at,
        lasted = since?.let { maxOf(Duration.between(it, at), Duration.ZERO) },
        isMissed = direction == Direction.INCOMING && since == null && (reason == EndReason.MISSED || reason == EndReason.WE_WERE_BUSY),
        group = (kind as? CallKind.Group)?.group,
    )
}

/** Whoever we talk to [now], or were called by or called [before] until it was over. */
private fun met(over: List<PastCall>, now: CallsSnapshot): List<Contact> {
    val talking = now.calls.filter { it.state is CallState.Talking }.flatMap { it.participants }.map { it.contact() }
    val wrong = now.calls.filter { (it.state as? CallState.Ended)?.reason == EndReason.NOT_FOUND }
        .flatMap { it.participants }.map { it.user }
    return over.filter { it.group == null && it.with.user !in wrong }.map { it.with } + talking
}

private fun Participant.contact() = Contact(user, clean(knownName(name, user)), avatar?.takeIf(::isKept))

/**
 * What is known [at] this moment, after [now] followed on [before]: what is over is written down, and whoever was in a call
 * is one of the people, the last one first. There is an end to both lists.
 */
internal fun People.after(before: CallsSnapshot, now: CallsSnapshot, at: Instant): People {
    val over = callsOver(before, now, at)
    val known = contacts.associateBy { it.user }
    // The name that was known stays when somebody is only a number this time.
    val met = met(over, now).associateBy { it.user }.values.map { one ->
        val was = known[one.user]
        one.copy(name = one.name.ifEmpty { was?.name.orEmpty() }, avatar = one.avatar ?: was?.avatar)
    }
    val news = met.filter { it != known[it.user] || over.any { call -> call.group == null && call.with.user == it.user } }
    if (over.isEmpty() && news.isEmpty()) return this
    val first = (history.maxOfOrNull { it.id } ?: 0) + 1
    val written = over.mapIndexed { index, call -> call.copy(id = first + index, with = call.with.copy(name = clean(call.with.name))) }
    return People(
        contacts = (news.reversed() + contacts.filter { one -> news.none { it.user == one.user } }).take(MOST_PEOPLE),
        history = (written.reversed() + history).take(MOST_CALLS),
    )
}

/** As many as anybody scrolls back. */
internal const val MOST_CALLS: Int = 100

/** Whoever was not in a call for so long is found by their number. */
internal const val MOST_PEOPLE: Int = 200
