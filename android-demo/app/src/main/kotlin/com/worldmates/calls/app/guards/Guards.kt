// Locks that a call needs, held in a scope: whatever happens to the scope, nothing stays locked.
package com.worldmates.calls.app.guards

import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.hasPictures
import kotlinx.coroutines.flow.Flow

/** Something that is locked while a call needs it. */
public enum class Guard {
    /** The processor goes on while the screen is dark. */
    CPU,

    /** Wi-Fi does not doze between packets. */
    WIFI,

    /** The screen goes dark at the ear, so that a cheek hangs nothing up. */
    PROXIMITY,
}

/** What has to be locked. [current] is the sound route that the system confirmed. */
public fun guardsFor(calls: CallsSnapshot, current: AudioRouteKind?): Set<Guard> {
    val going = calls.calls.filter { it.state !is CallState.Ended }
    // While it only rings here, the ringing keeps the phone awake.
    val ours = going.filter { it.state != CallState.RingingHere }
    return buildSet {
        if (ours.isNotEmpty()) {
            add(Guard.CPU)
            add(Guard.WIFI)
        }
        if (current == AudioRouteKind.EARPIECE && ours.any(CallSnapshot::isAtEar) && ours.none { it.hasPictures }) {
            add(Guard.PROXIMITY)
        }
    }
}

/** Takes a lock; closing it lets go. */
public fun interface Locks {
    /** Locks [guard]; null if this phone cannot. */
    public fun lock(guard: Guard): AutoCloseable?
}

/** Holds what [wanted] says for as long as it is collected, and nothing afterwards. */
public suspend fun holdWhile(wanted: Flow<Set<Guard>>, locks: Locks) {
    val held = mutableMapOf<Guard, AutoCloseable?>()
    try {
        wanted.collect { now ->
            (held.keys - now).forEach { held.remove(it)?.close() }
            (now - held.keys).forEach { held[it] = locks.lock(it) }
        }
    } finally {
        held.values.forEach { it?.close() }
    }
}

/** Whether the phone may be at the ear: we listen, to a voice or to the tone of ringing. */
private fun CallSnapshot.isAtEar(): Boolean = !isHeld && when (state) {
    CallState.Dialing, is CallState.RingingThere, CallState.Answering, is CallState.Talking -> true
    CallState.RingingHere, CallState.AtTheDoor, is CallState.Ended -> false
}
