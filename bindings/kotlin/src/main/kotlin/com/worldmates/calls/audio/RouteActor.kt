// Runs the machine of sound routes: events in, commands to the system, a timer for what is never answered.
package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRoutes
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/** What moves sound. Answers come back as events, at once or later. */
public interface AudioSystem {
    /** Asks for [route]; answered by [RouteEvent.Confirmed] or [RouteEvent.Refused]. */
    public fun ask(route: AudioRoute)

    /** Lets the system do as it likes. */
    public fun release()
}

/**
 * Owns the state of the sound routes. Everything happens on the one thread of [scope]'s dispatcher; [on] is called there.
 * The timer is a child of [scope] and ends with it.
 */
public class RouteActor(
    private val scope: CoroutineScope,
    private val system: AudioSystem,
    private val onFailed: (AudioRoute) -> Unit = {},
    time: TimeSource = TimeSource.Monotonic,
) {
    private val began = time.markNow()
    private val waiting = ArrayDeque<RouteEvent>()
    private var isBusy = false
    private var timer: Job? = null
    private var state = RouteState()
    private val shown = MutableStateFlow(state.shown)

    /** What may be shown, the present value first. */
    public val routes: StateFlow<AudioRoutes> = shown.asStateFlow()

    /** Takes an event. One that a command causes while it is carried out waits its turn. */
    public fun on(event: RouteEvent) {
        waiting.addLast(event)
        if (isBusy) {
            return
        }
        isBusy = true
        try {
            while (waiting.isNotEmpty()) {
                take(waiting.removeFirst())
            }
        } finally {
            isBusy = false
        }
        wakeInTime()
    }

    private fun take(event: RouteEvent) {
        val step = state.handle(began.elapsedNow(), event)
        state = step.state
        shown.value = state.shown
        for (command in step.commands) {
            when (command) {
                is RouteCommand.Ask -> system.ask(command.route)
                RouteCommand.Release -> system.release()
                is RouteCommand.SayFailed -> onFailed(command.route)
            }
        }
    }

    private fun wakeInTime() {
        timer?.cancel()
        timer = state.deadline?.let { deadline ->
            scope.launch {
                delay(deadline - began.elapsedNow())
                timer = null
                on(RouteEvent.TimePassed)
            }
        }
    }
}
