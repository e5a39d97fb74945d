// The rules of sound routes: (state, time, event) -> (state, commands).
package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Bluetooth wakes a link before it says yes: headsets were seen to take up to four seconds. */
public val BLUETOOTH_PATIENCE: Duration = 6.seconds

/** Everything else is a switch inside the phone. */
public val PATIENCE: Duration = 2.seconds

/** How often one route is asked for in a row: the first time often fails with Bluetooth, the third says it is no accident. */
public const val MOST_TRIES: Int = 3

/**
 * How often a route that was given is taken back from whoever takes it. More than tries in vain: answers to what was asked
 * before may still come in, each of which moves the sound; few enough that two apps do not fight over it for ever.
 */
public const val MOST_LOSSES: Int = 8

/** After this long what a route has cost is not held against it. */
public val COSTS_FORGOTTEN_AFTER: Duration = 30.seconds

/** Takes one event and returns the new state with what it asks of the outside. */
public fun RouteState.handle(now: Duration, event: RouteEvent): RouteStep = when (val phase = phase) {
    is RoutePhase.NoCall -> idle(now, event)
    is RoutePhase.InCall -> inCall(phase, now, event)
    is RoutePhase.Interrupted -> interrupted(phase, now, event)
}

private fun RouteState.idle(now: Duration, event: RouteEvent): RouteStep = when (event) {
    is RouteEvent.CallBegan -> {
        val wishes = Wishes(event.isVideo, order = emptyList(), seen = available.ids())
        copy(phase = RoutePhase.InCall(wishes)).settled(now)
    }
    is RouteEvent.Devices -> copy(available = event.available).step()
    is RouteEvent.Confirmed -> copy(confirmed = event.route).step()
    // A choice belongs to a call; the rest concerns a call that is over.
    is RouteEvent.Chosen, is RouteEvent.PictureChanged, is RouteEvent.Refused,
    RouteEvent.CallOver, RouteEvent.Interrupted, RouteEvent.Resumed, RouteEvent.TimePassed,
    -> step()
}

private fun RouteState.inCall(phase: RoutePhase.InCall, now: Duration, event: RouteEvent): RouteStep = when (event) {
    is RouteEvent.CallBegan -> step()
    is RouteEvent.PictureChanged ->
        copy(phase = phase.copy(wishes = phase.wishes.copy(isVideo = event.isVideo))).settled(now)
    RouteEvent.CallOver -> copy(phase = RoutePhase.NoCall).step(RouteCommand.Release)
    is RouteEvent.Devices -> devices(phase, event.available).settled(now)
    is RouteEvent.Confirmed -> confirmed(phase, now, event.route).settled(now)
    is RouteEvent.Refused -> when (phase.attempt?.route?.id) {
        event.route.id -> copy(phase = phase.failed(now)).settled(now)
        // About something that is not waited for any more.
        else -> step()
    }
    is RouteEvent.Chosen -> chosen(phase, event.route).settled(now)
    RouteEvent.Interrupted -> copy(phase = RoutePhase.Interrupted(phase.wishes)).step(RouteCommand.Release)
    RouteEvent.Resumed -> step()
    RouteEvent.TimePassed -> {
        val isOver = phase.attempt?.let { now >= it.until } ?: false
        if (isOver) copy(phase = phase.failed(now)).settled(now) else step()
    }
}

private fun RouteState.interrupted(phase: RoutePhase.Interrupted, now: Duration, event: RouteEvent): RouteStep =
    when (event) {
        is RouteEvent.PictureChanged ->
            copy(phase = RoutePhase.Interrupted(phase.wishes.copy(isVideo = event.isVideo))).step()
        // It was released when the interruption began.
        RouteEvent.CallOver -> copy(phase = RoutePhase.NoCall).step()
        is RouteEvent.Devices ->
            copy(phase = RoutePhase.Interrupted(phase.wishes.after(available, event.available)), available = event.available)
                .step()
        is RouteEvent.Confirmed -> copy(confirmed = event.route).step()
        is RouteEvent.Chosen -> when (event.route.id) {
            in available.ids() -> copy(phase = RoutePhase.Interrupted(phase.wishes.first(event.route.id))).step()
            else -> step()
        }
        // What failed before may work after a call of the mobile network: it begins anew.
        RouteEvent.Resumed -> copy(phase = RoutePhase.InCall(phase.wishes)).settled(now)
        is RouteEvent.CallBegan, is RouteEvent.Refused, RouteEvent.Interrupted, RouteEvent.TimePassed -> step()
    }

private fun RouteState.confirmed(phase: RoutePhase.InCall, now: Duration, route: AudioRoute?): RouteState {
    val wanted = best(phase)
    val isLost = wanted != null && wanted.id == confirmed?.id && wanted.id != route?.id
    return copy(confirmed = route, phase = if (isLost) phase.costs(wanted, now) { copy(losses = losses + 1) } else phase)
}

/** What was asked for was not given. */
private fun RoutePhase.InCall.failed(now: Duration): RoutePhase.InCall =
    copy(attempt = null).costs(attempt?.route, now) { copy(inVain = inVain + 1) }

private fun RoutePhase.InCall.costs(route: AudioRoute?, now: Duration, more: Cost.() -> Cost): RoutePhase.InCall = when (route) {
    null -> this
    else -> copy(costs = costs + (route.id to cost(route.id, now).more().copy(last = now)))
}

private fun RoutePhase.InCall.cost(id: String, now: Duration): Cost =
    costs[id]?.takeIf { now - it.last < COSTS_FORGOTTEN_AFTER } ?: Cost(inVain = 0, losses = 0, last = now)

private fun RouteState.chosen(phase: RoutePhase.InCall, route: AudioRoute): RouteState {
    if (route.id !in available.ids()) {
        return this
    }
    return copy(
        phase = phase.copy(
            wishes = phase.wishes.first(route.id),
            costs = phase.costs - route.id,
            givenUp = phase.givenUp - route.id,
        ),
    )
}

private fun RouteState.devices(phase: RoutePhase.InCall, now: List<AudioRoute>): RouteState {
    val changed = (available.ids() union now.ids()) - (available.ids() intersect now.ids())
    return copy(
        available = now,
        phase = phase.copy(
            wishes = phase.wishes.after(available, now),
            attempt = phase.attempt?.takeIf { it.route.id in now.ids() },
            costs = phase.costs - changed,
            givenUp = phase.givenUp - changed,
        ),
    )
}

/** Plugging in is a wish as well: of a wire each time, of Bluetooth when it is new, as that comes and goes by itself. */
private fun Wishes.after(before: List<AudioRoute>, now: List<AudioRoute>): Wishes {
    val plugged = now.filter { route ->
        route.id !in before.ids() && when (route.kind) {
            AudioRouteKind.WIRED -> true
            AudioRouteKind.BLUETOOTH -> route.id !in seen
            AudioRouteKind.EARPIECE, AudioRouteKind.SPEAKER -> false
        }
    }
    return plugged.fold(this) { wishes, route -> wishes.first(route.id) }.copy(seen = seen + now.ids())
}

private fun Wishes.first(id: String): Wishes = copy(order = listOf(id) + (order - id))

/** Asks for the best route if the system does not use it and was not asked yet. */
private fun RouteState.settled(now: Duration): RouteStep {
    val commands = mutableListOf<RouteCommand>()
    var phase = phase as RoutePhase.InCall
    while (true) {
        val wanted = best(phase)
        if (wanted == null || wanted.id == confirmed?.id) {
            phase = phase.given(wanted)
            break
        }
        if (wanted.id == phase.attempt?.route?.id) {
            break
        }
        val cost = phase.cost(wanted.id, now)
        if (cost.inVain < MOST_TRIES && cost.losses < MOST_LOSSES) {
            phase = phase.copy(attempt = Attempt(wanted, now + patience(wanted)))
            commands += RouteCommand.Ask(wanted)
            break
        }
        phase = phase.copy(givenUp = phase.givenUp + wanted.id)
        commands += RouteCommand.SayFailed(wanted)
    }
    return RouteStep(copy(phase = phase), commands)
}

/** The wanted route is the confirmed one, or there is none: nothing is waited for. */
private fun RoutePhase.InCall.given(route: AudioRoute?): RoutePhase.InCall {
    val cost = costs[route?.id]
    val without = if (route == null || cost == null) costs else costs + (route.id to cost.copy(inVain = 0))
    return copy(attempt = null, costs = without)
}

private fun RouteState.best(phase: RoutePhase.InCall): AudioRoute? {
    val possible = available.filter { it.id !in phase.givenUp }
    val wished = phase.wishes.order.firstNotNullOfOrNull { id -> possible.firstOrNull { it.id == id } }
    return wished ?: possible.minByOrNull { rank(it.kind, phase.wishes.isVideo) }
}

/** Without a wish: a headset that is there, then the ear, or the loudspeaker for who looks at a picture. */
private fun rank(kind: AudioRouteKind, isVideo: Boolean): Int = when (kind) {
    AudioRouteKind.BLUETOOTH -> 0
    AudioRouteKind.WIRED -> 1
    AudioRouteKind.EARPIECE -> if (isVideo) 3 else 2
    AudioRouteKind.SPEAKER -> if (isVideo) 2 else 3
}

private fun patience(route: AudioRoute): Duration = when (route.kind) {
    AudioRouteKind.BLUETOOTH -> BLUETOOTH_PATIENCE
    AudioRouteKind.EARPIECE, AudioRouteKind.SPEAKER, AudioRouteKind.WIRED -> PATIENCE
}

private fun List<AudioRoute>.ids(): Set<String> = mapTo(mutableSetOf()) { it.id }

private fun RouteState.step(vararg commands: RouteCommand): RouteStep = RouteStep(this, commands.toList())
