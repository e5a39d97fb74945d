// Our calls as Telecom sees them: what to tell it, made of the calls and of what it answered. No Android in it.
package com.worldmates.calls.app.telecom

import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** How a call stands. */
public enum class TelecomStage { RINGING, DIALING, ACTIVE, HELD }

/** Why it ended, as far as Telecom makes a difference. */
public enum class TelecomEnd { HERE, THERE, MISSED, REJECTED, ELSEWHERE, ERROR }

/** What Telecom knows of one call. */
public sealed interface TelecomEntry {
    /** It was asked; without an answer [until] then, the call does without. */
    public data class Asked(val until: Duration) : TelecomEntry

    /** It has the call, and was told [stage] last. */
    public data class Has(val stage: TelecomStage?) : TelecomEntry

    /** It would not have it: the call goes on without. */
    public data object Without : TelecomEntry
}

/** What Telecom is told. */
public sealed interface TelecomCommand {
    public data class Add(val call: Long, val isIncoming: Boolean, val who: String, val isVideo: Boolean) : TelecomCommand
    public data class Show(val call: Long, val stage: TelecomStage) : TelecomCommand
    public data class End(val call: Long, val why: TelecomEnd) : TelecomCommand
}

/** What is known. */
public data class TelecomState(
    val entries: Map<Long, TelecomEntry> = emptyMap(),
    val calls: List<CallSnapshot> = emptyList(),
) {
    /** When [passed] is due. */
    public val deadline: Duration?
        get() = entries.values.mapNotNull { (it as? TelecomEntry.Asked)?.until }.minOrNull()
}

/** The state afterwards, and what Telecom is told. */
public data class TelecomStep(val state: TelecomState, val commands: List<TelecomCommand>)

/** Telecom answers in well under a second; a phone whose maker broke it never does. */
public val TELECOM_PATIENCE: Duration = 5.seconds

/** The calls are [now]. */
public fun TelecomState.sees(at: Duration, now: CallsSnapshot): TelecomStep {
    val live = now.calls.filter { it.state !is CallState.Ended }
    val gone = entries.keys - live.map { it.id }.toSet()
    val added = live.filter { it.id !in entries }
    val ends = gone.filter { entries[it] is TelecomEntry.Has }.map { id ->
        val reason = (now.calls.firstOrNull { it.id == id }?.state as? CallState.Ended)?.reason
        TelecomCommand.End(id, endOf(reason))
    }
    val next = TelecomState(
        entries = entries - gone + added.associate { it.id to TelecomEntry.Asked(at + TELECOM_PATIENCE) },
        calls = live,
    )
    val shown = next.shown()
    val adds = added.map {
        TelecomCommand.Add(it.id, it.direction == Direction.INCOMING, it.title, it.callType == CallType.VIDEO)
    }
    return shown.copy(commands = ends + adds + shown.commands)
}

/** Telecom took the call. One that is over by now is ended there at once. */
public fun TelecomState.took(call: Long): TelecomStep = when (entries[call]) {
    null -> TelecomStep(this, listOf(TelecomCommand.End(call, TelecomEnd.THERE)))
    // Late, but better than never: from now on it counts.
    is TelecomEntry.Asked, TelecomEntry.Without ->
        copy(entries = entries + (call to TelecomEntry.Has(stage = null))).shown()
    is TelecomEntry.Has -> TelecomStep(this, emptyList())
}

/** Telecom would not take it. */
public fun TelecomState.refused(call: Long): TelecomState =
    if (call in entries) copy(entries = entries + (call to TelecomEntry.Without)) else this

/** It is later. */
public fun TelecomState.passed(at: Duration): TelecomState = copy(
    entries = entries.mapValues { (_, entry) ->
        if (entry is TelecomEntry.Asked && entry.until <= at) TelecomEntry.Without else entry
    },
)

private fun TelecomState.shown(): TelecomStep {
    val changed = calls.mapNotNull { call ->
        val entry = entries[call.id] as? TelecomEntry.Has
        stageOf(call).takeIf { entry != null && it != entry.stage }?.let { call.id to it }
    }
    return TelecomStep(
        copy(entries = entries + changed.associate { (id, stage) -> id to TelecomEntry.Has(stage) }),
        changed.map { (id, stage) -> TelecomCommand.Show(id, stage) },
    )
}

private fun stageOf(call: CallSnapshot): TelecomStage? = when (call.state) {
    CallState.RingingHere -> TelecomStage.RINGING
    // Before a door one waits as one waits for an answer.
    CallState.Dialing, is CallState.RingingThere, CallState.AtTheDoor -> TelecomStage.DIALING
    // Answered here: for Telecom that is the moment, the connection is our matter.
    CallState.Answering, is CallState.Talking -> if (call.isHeld) TelecomStage.HELD else TelecomStage.ACTIVE
    is CallState.Ended -> null
}

private fun endOf(reason: EndReason?): TelecomEnd = when (reason) {
    EndReason.WE_HUNG_UP, EndReason.WE_CANCELLED -> TelecomEnd.HERE
    EndReason.MISSED, EndReason.NO_ANSWER -> TelecomEnd.MISSED
    EndReason.WE_DECLINED -> TelecomEnd.REJECTED
    EndReason.ANSWERED_ELSEWHERE, EndReason.DECLINED_ELSEWHERE, EndReason.BUSY_ELSEWHERE -> TelecomEnd.ELSEWHERE
    null, EndReason.THEY_HUNG_UP, EndReason.THEY_DECLINED, EndReason.THEY_ARE_BUSY, EndReason.WE_WERE_BUSY -> TelecomEnd.THERE
    EndReason.UNREACHABLE, EndReason.WE_LOST_CONNECTION, EndReason.THEY_LOST_CONNECTION, EndReason.NO_PATH,
    EndReason.NO_SERVER, EndReason.SERVER_STOPPED, EndReason.SIGNED_OUT, EndReason.NOT_ALLOWED, EndReason.NOT_FOUND,
    EndReason.ALREADY_IN_CALL, EndReason.ROOM_FULL, EndReason.GROUP_IS_TALKING, EndReason.TOO_MANY_CALLS, EndReason.REMOVED,
    EndReason.NOT_LET_IN,
    EndReason.NO_MICROPHONE, EndReason.THEIR_FAULT, EndReason.OUR_FAULT,
    -> TelecomEnd.ERROR
}
