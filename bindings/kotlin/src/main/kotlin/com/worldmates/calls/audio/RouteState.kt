// Where the sound of a call goes: what is known, what happens, what is asked of the system. No clock, no Android.
package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRoutes
import kotlin.time.Duration

/** Something that happened to the sound. */
public sealed interface RouteEvent {
    /** Sound of a call is wanted. A second call while one goes on changes nothing. */
    public data class CallBegan(val isVideo: Boolean) : RouteEvent

    /** Pictures came or went: who looks at the screen does not hold it to the ear. */
    public data class PictureChanged(val isVideo: Boolean) : RouteEvent

    /** No call wants sound any more. */
    public data object CallOver : RouteEvent

    /** What sound can go to; the whole list, after each change. */
    public data class Devices(val available: List<AudioRoute>) : RouteEvent

    /** The system says where sound goes now. */
    public data class Confirmed(val route: AudioRoute?) : RouteEvent

    /** The system said no to what was asked. */
    public data class Refused(val route: AudioRoute) : RouteEvent

    /** The person chose. */
    public data class Chosen(val route: AudioRoute) : RouteEvent

    /** Somebody else has the sound, for example a call of the mobile network. */
    public data object Interrupted : RouteEvent

    /** The sound is ours again. */
    public data object Resumed : RouteEvent

    /** It is later than it was. */
    public data object TimePassed : RouteEvent
}

/** What is asked of the outside. */
public sealed interface RouteCommand {
    /** Send sound there. The answer is [RouteEvent.Confirmed] or [RouteEvent.Refused]; none is taken for a no. */
    public data class Ask(val route: AudioRoute) : RouteCommand

    /** Let the system do as it likes. */
    public data object Release : RouteCommand

    /** Tell the person: sound cannot go there, it goes elsewhere. */
    public data class SayFailed(val route: AudioRoute) : RouteCommand
}

/** What was asked for and is not confirmed, and until when it is waited for. */
public data class Attempt(val route: AudioRoute, val until: Duration)

/**
 * What one route has cost: how often in a row it was asked for in vain, how often it was given and taken away by somebody
 * else, and when that was last. What was asked for and not waited for, because something else was wanted, costs nothing.
 */
public data class Cost(val inVain: Int, val losses: Int, val last: Duration)

/**
 * What the person wants of this call.
 *
 * [order] has the ids that they chose or plugged in, the newest first. A device that left keeps its place: a headset that
 * comes back by itself does not push away what was chosen since.
 */
public data class Wishes(val isVideo: Boolean, val order: List<String>, val seen: Set<String>)

/** Whether a call has the sound. */
public sealed interface RoutePhase {
    /** No call. */
    public data object NoCall : RoutePhase

    /** A call has it. [givenUp] are the ids that the system would not give, until something about them changes. */
    public data class InCall(
        val wishes: Wishes,
        val attempt: Attempt? = null,
        val costs: Map<String, Cost> = emptyMap(),
        val givenUp: Set<String> = emptySet(),
    ) : RoutePhase

    /** A call goes on, somebody else has the sound. */
    public data class Interrupted(val wishes: Wishes) : RoutePhase
}

/** Everything that is known. */
public data class RouteState(
    val phase: RoutePhase = RoutePhase.NoCall,
    val available: List<AudioRoute> = emptyList(),
    val confirmed: AudioRoute? = null,
) {
    /** What may be shown: the confirmed route as the current one, never the one that was only asked for. */
    public val shown: AudioRoutes
        get() = AudioRoutes(available, confirmed, attempt?.route)

    /** When [RouteEvent.TimePassed] is due, if nothing else happens. */
    public val deadline: Duration?
        get() = attempt?.until

    private val attempt: Attempt?
        get() = (phase as? RoutePhase.InCall)?.attempt
}

/** The state after an event, and what is asked of the outside, in order. */
public data class RouteStep(val state: RouteState, val commands: List<RouteCommand>)
