// Calls of the mobile network beside ours: ours are held meanwhile and taken up again, but only those that we held.
package com.worldmates.calls.app.audio

import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsSnapshot

/** Whether somebody else has the sound. */
public sealed interface Interruption {
    /** Nobody. */
    public data object None : Interruption

    /**
     * Somebody. [asked] are the calls that were asked to wait, [held] those that do. Another app may take the sound as
     * well; the mode of the sound says only of the mobile network's calls when they are over.
     */
    public data class By(
        val isMobileNetwork: Boolean,
        val asked: Set<Long> = emptySet(),
        val held: Set<Long> = emptySet(),
    ) : Interruption
}

/** What there is to do. */
public sealed interface InterruptionCommand {
    /** A call waits, or goes on. */
    public data class SetHeld(val call: Long, val held: Boolean) : InterruptionCommand

    /** Sound is not ours: the routes rest. */
    public data object SoundTaken : InterruptionCommand

    /** Sound is ours again. */
    public data object SoundBack : InterruptionCommand
}

/** A state and what there is to do. */
public data class InterruptionStep(val state: Interruption, val commands: List<InterruptionCommand>)

/** A call of the mobile network took the sound: what is talked in waits. */
public fun Interruption.taken(calls: CallsSnapshot): InterruptionStep =
    holding(calls.calls.filter { it.state is CallState.Talking && !it.isHeld }.map { it.id }, isMobileNetwork = true)

/** Telecom said that [call] waits for another one. */
public fun Interruption.held(call: Long): InterruptionStep = holding(listOf(call), isMobileNetwork = false)

private fun Interruption.holding(ids: List<Long>, isMobileNetwork: Boolean): InterruptionStep {
    val before = this as? Interruption.By
    val known = before?.let { it.asked + it.held }.orEmpty()
    val new = ids.filter { it !in known }
    val next = Interruption.By(
        isMobileNetwork = isMobileNetwork || before?.isMobileNetwork == true,
        asked = before?.asked.orEmpty() + new,
        held = before?.held.orEmpty(),
    )
    val tell = if (before == null) listOf(InterruptionCommand.SoundTaken) else emptyList()
    return InterruptionStep(next, new.map { InterruptionCommand.SetHeld(it, held = true) } + tell)
}

/** The sound is ours again: what waited for it goes on, unless somebody changed that meanwhile. */
public fun Interruption.over(calls: CallsSnapshot): InterruptionStep = when (this) {
    Interruption.None -> InterruptionStep(this, emptyList())
    is Interruption.By -> {
        val waiting = calls.calls.filter { it.id in asked || it.id in held }.filter { it.state is CallState.Talking }
        // The sound first, so that the first word of a call that goes on is heard.
        val commands = listOf(InterruptionCommand.SoundBack) +
            waiting.map { InterruptionCommand.SetHeld(it.id, held = false) }
        InterruptionStep(Interruption.None, commands)
    }
}

/**
 * Sees the calls: one that waited and was taken up by hand is not ours to take up again. Where only another app took the
 * sound, that also says that it is ours again; a call of the mobile network keeps it until that is over.
 */
public fun Interruption.sees(calls: CallsSnapshot): InterruptionStep = when (this) {
    Interruption.None -> InterruptionStep(this, emptyList())
    is Interruption.By -> {
        val waiting = calls.calls.filter(CallSnapshot::isHeld).map { it.id }.toSet()
        val next = copy(asked = asked - waiting, held = (held intersect waiting) + (asked intersect waiting))
        val isTakenUp = next.asked.isEmpty() && calls.calls.any { it.state is CallState.Talking && !it.isHeld }
        if (isTakenUp && !isMobileNetwork) {
            InterruptionStep(Interruption.None, listOf(InterruptionCommand.SoundBack))
        } else {
            InterruptionStep(next, emptyList())
        }
    }
}
