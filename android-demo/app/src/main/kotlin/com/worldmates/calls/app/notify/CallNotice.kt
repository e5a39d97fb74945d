// What the notifications say about the calls: plain values made of a snapshot, so that only what differs is posted.
package com.worldmates.calls.app.notify

import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import java.time.Instant

/** A notification of a call that goes on. */
public sealed interface CallNotice {
    /** The id of the call. */
    public val call: Long

    /** Whom it is with; "" if nobody knows. */
    public val who: String

    /** Somebody calls; [isQuiet] during another call, where a ring tone would drown who talks, or once silenced. */
    public data class Incoming(
        override val call: Long,
        override val who: String,
        val type: CallType,
        val isQuiet: Boolean,
    ) : CallNotice

    /**
     * A call of ours, or one that we answered. [opensScreen] if it was answered where no screen was seen, by a headset or a
     * watch: only an app that is seen may begin to listen.
     */
    public data class Ongoing(
        override val call: Long,
        override val who: String,
        val stage: Stage,
        val isMuted: Boolean,
        val opensScreen: Boolean = false,
    ) : CallNotice
}

/** How far a call is. */
public sealed interface Stage {
    public data object Calling : Stage
    public data object Connecting : Stage
    public data class Talking(val since: Instant) : Stage
    public data object Held : Stage
}

/** Somebody called, and nobody answered. [from] can be called back; null for a group. */
public data class MissedNotice(val room: String, val from: Long?, val who: String, val type: CallType)

/**
 * The calls that go on, as notifications: at most one that is talked in, which comes first and is kept by the service, and
 * one that rings. Those in [silenced] ring no more; those in [unseen] were answered without a screen, and open it.
 */
public fun noticesOf(calls: CallsSnapshot, silenced: Set<Long> = emptySet(), unseen: Set<Long> = emptySet()): List<CallNotice> {
    val notices = calls.calls.mapNotNull { noticeOf(it) }
    val ongoing = notices.filterIsInstance<CallNotice.Ongoing>().minByOrNull { it.stage == Stage.Held }
        ?.let { it.copy(opensScreen = it.call in unseen) }
    val incoming = notices.filterIsInstance<CallNotice.Incoming>().firstOrNull()
        ?.let { it.copy(isQuiet = ongoing != null || it.call in silenced) }
    return listOfNotNull(ongoing, incoming)
}

/** Calls that were there [before], or were not, and are missed [now]. */
public fun missedOf(before: CallsSnapshot, now: CallsSnapshot): List<MissedNotice> {
    val told = before.calls.filter(CallSnapshot::isMissed).map { it.id }.toSet()
    return now.calls.filter { it.isMissed() && it.id !in told }.map { it.missed() }
}

private fun noticeOf(call: CallSnapshot): CallNotice? = when (val state = call.state) {
    CallState.RingingHere -> CallNotice.Incoming(call.id, call.title, call.callType, isQuiet = false)
    CallState.Dialing, is CallState.RingingThere -> call.ongoing(Stage.Calling)
    CallState.Answering, CallState.AtTheDoor -> call.ongoing(Stage.Connecting)
    is CallState.Talking -> call.ongoing(if (call.isHeld) Stage.Held else Stage.Talking(state.since))
    is CallState.Ended -> null
}

private fun CallSnapshot.ongoing(stage: Stage) = CallNotice.Ongoing(id, title, stage, isMuted)

private fun CallSnapshot.missed(): MissedNotice {
    val from = participants.singleOrNull()?.user.takeIf { kind == CallKind.OneToOne }
    return MissedNotice(room, from, title, callType)
}

private fun CallSnapshot.isMissed(): Boolean =
    direction == Direction.INCOMING && (state as? CallState.Ended)?.reason == EndReason.MISSED
