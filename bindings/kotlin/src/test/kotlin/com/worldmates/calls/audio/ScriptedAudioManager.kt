package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

val EARPIECE = AudioRoute(AudioRouteKind.EARPIECE, "earpiece", "Phone")
val SPEAKER = AudioRoute(AudioRouteKind.SPEAKER, "speaker", "Loudspeaker")
val WIRED = AudioRoute(AudioRouteKind.WIRED, "wired", "Headphones")
val BUDS = AudioRoute(AudioRouteKind.BLUETOOTH, "buds", "Buds")
val CAR = AudioRoute(AudioRouteKind.BLUETOOTH, "car", "Car")
val ALL = listOf(EARPIECE, SPEAKER, WIRED, BUDS, CAR)

/** What a device does when sound is asked to go there. */
enum class Temper { GOOD, SLOW, REFUSES, SILENT, ELSEWHERE, FAILS_ONCE }

/** One line of a script. */
sealed interface Line {
    data class Plug(val id: String) : Line
    data class Unplug(val id: String) : Line
    data class Choose(val id: String) : Line
    data class CallBegins(val isVideo: Boolean) : Line
    data class Picture(val isVideo: Boolean) : Line
    data class Steal(val id: String) : Line
    data class Turns(val id: String, val temper: Temper) : Line
    data class Wait(val millis: Int) : Line
    data object CallEnds : Line
    data object GsmBegins : Line
    data object GsmEnds : Line
}

typealias Machine = (RouteState, Duration, RouteEvent) -> RouteStep

/** A system of sound that follows a script, under virtual time; every answer comes later, as on a phone. */
class ScriptedAudioManager(private val machine: Machine) {
    private class Due(val at: Duration, val isAnswer: Boolean, val what: () -> Unit)

    private var now = Duration.ZERO
    private val due = mutableListOf<Due>()
    private val tempers = mutableMapOf<String, Temper>()
    private val failedOnce = mutableSetOf<String>()
    private var present = listOf(EARPIECE, SPEAKER)

    /** Where sound really goes, and where the system last said that it goes. */
    private var actual: AudioRoute? = EARPIECE
    private var told: AudioRoute? = null

    private var isInCall = false
    private var isGsm = false
    private var isVideo = false

    /** What the person wanted in this call: the time line, oldest first. */
    private val wanted = mutableListOf<String>()
    private val seen = mutableSetOf<String>()
    private var isHonest = true
    private var asked = 0
    private var said = 0

    var state = RouteState()
        private set

    /** Whether the end could be compared with what the person wanted. */
    var wasCompared = false
        private set

    fun play(script: List<Line>) {
        tell(RouteEvent.Devices(present))
        tell(RouteEvent.Confirmed(actual))
        for (line in script) {
            obey(line)
            said += 1
            holds()
        }
        pass(SETTLES)
        comesToRest()
    }

    private fun obey(line: Line) {
        when (line) {
            is Line.Plug -> route(line.id).takeIf { it !in present }?.let(::plugged)
            is Line.Unplug -> route(line.id).takeIf { it in present }?.let(::unplugged)
            is Line.Choose -> {
                val route = route(line.id)
                if (isInCall && route in present) wanted += route.id
                tell(RouteEvent.Chosen(route))
            }
            is Line.CallBegins -> begin(line.isVideo)
            is Line.Picture -> if (isInCall) {
                isVideo = line.isVideo
                tell(RouteEvent.PictureChanged(line.isVideo))
            }
            is Line.Steal -> route(line.id).takeIf { it in present }?.let {
                isHonest = false
                moves(it)
            }
            is Line.Turns -> {
                if (line.temper != Temper.GOOD && line.temper != Temper.SLOW) isHonest = false
                tempers[line.id] = line.temper
            }
            is Line.Wait -> pass(line.millis.milliseconds)
            Line.CallEnds -> {
                isInCall = false
                isGsm = false
                tell(RouteEvent.CallOver)
            }
            Line.GsmBegins -> if (isInCall) {
                isGsm = true
                tell(RouteEvent.Interrupted)
                moves(EARPIECE)
            }
            Line.GsmEnds -> if (isGsm) {
                isGsm = false
                tell(RouteEvent.Resumed)
            }
        }
    }

    private fun begin(video: Boolean) {
        if (!isInCall) {
            isVideo = video
            wanted.clear()
            seen.clear()
            seen += present.map { it.id }
        }
        isInCall = true
        tell(RouteEvent.CallBegan(video))
    }

    private fun plugged(route: AudioRoute) {
        present = present + route
        if (isInCall && (route.kind == AudioRouteKind.WIRED || route.id !in seen)) wanted += route.id
        seen += route.id
        tell(RouteEvent.Devices(present))
    }

    private fun unplugged(route: AudioRoute) {
        if (route == EARPIECE || route == SPEAKER) return
        present = present - route
        if (actual == route) moves(EARPIECE)
        tell(RouteEvent.Devices(present))
    }

    private fun tell(event: RouteEvent) {
        if (event is RouteEvent.Confirmed) told = event.route
        val step = machine(state, now, event)
        state = step.state
        step.commands.forEach(::obey)
        holds()
    }

    private fun obey(command: RouteCommand) {
        when (command) {
            is RouteCommand.Ask -> {
                asked += 1
                check(isInCall && !isGsm) { "asks for ${command.route.id} without a call that may" }
                forgetsWhatWasAsked()
                answer(command.route)
            }
            RouteCommand.Release -> forgetsWhatWasAsked()
            is RouteCommand.SayFailed -> {}
        }
    }

    /** A good phone does what it was asked last; on others an old answer comes in late and moves the sound all the same. */
    private fun forgetsWhatWasAsked() {
        if (isHonest) due.removeAll { it.isAnswer }
    }

    private fun answer(route: AudioRoute) {
        when (tempers[route.id] ?: Temper.GOOD) {
            Temper.GOOD -> later(40) { takes(route) }
            Temper.SLOW -> later(if (route.kind == AudioRouteKind.BLUETOOTH) 3_500 else 900) { takes(route) }
            Temper.REFUSES -> later(5) { tell(RouteEvent.Refused(route)) }
            Temper.SILENT -> {}
            Temper.ELSEWHERE -> later(60) { takes(EARPIECE) }
            Temper.FAILS_ONCE ->
                if (failedOnce.add(route.id)) later(700) { tell(RouteEvent.Refused(route)) } else later(80) { takes(route) }
        }
    }

    private fun takes(route: AudioRoute) {
        if (route in present && !isGsm) moves(route) else tell(RouteEvent.Refused(route))
    }

    private fun moves(route: AudioRoute) {
        actual = route
        due += Due(now + 15.milliseconds, isAnswer = false) { tell(RouteEvent.Confirmed(actual)) }
    }

    private fun later(millis: Int, what: () -> Unit) {
        due += Due(now + millis.milliseconds, isAnswer = true, what)
    }

    private fun pass(time: Duration) {
        val end = now + time
        while (true) {
            val answer = due.minByOrNull { it.at }
            val next = listOfNotNull(answer?.at, state.deadline).minOrNull()
            if (next == null || next > end) break
            now = maxOf(now, next)
            if (answer != null && answer.at == next) {
                due -= answer
                answer.what()
            } else {
                val before = state.deadline
                tell(RouteEvent.TimePassed)
                check(state.deadline != before) { "the timer of $before was due and stands as it was" }
            }
        }
        now = end
    }

    /** What must be true at every moment. */
    private fun holds() {
        val shown = state.shown
        check(shown.current == told) { "shown ${shown.current?.id}, confirmed ${told?.id}" }
        check((shown.pending == null) == (state.deadline == null)) { "${shown.pending?.id} until ${state.deadline}" }
        check(shown.pending == null || shown.pending in present) { "waits for ${shown.pending?.id}, which is not there" }
        check(shown.pending == null || isInCall && !isGsm) { "waits without a call that may" }
        state.deadline?.let { check(it <= now + BLUETOOTH_PATIENCE) { "waits until $it, now it is $now" } }
        check(asked <= (said + 1) * ALL.size * MOST_TRIES * MOST_LOSSES) { "asked $asked times in $said lines" }
    }

    /** What must be true when nothing has happened for long. */
    private fun comesToRest() {
        check(state.deadline == null && state.shown.pending == null) { "still waits for ${state.shown.pending?.id}" }
        check(state.shown.current == actual) { "shown ${state.shown.current?.id}, sound goes to ${actual?.id}" }
        if (isHonest && isInCall && !isGsm) {
            wasCompared = true
            val expected = wanted.lastOrNull { id -> present.any { it.id == id } } ?: usual()
            check(actual?.id == expected) { "wanted $expected, sound goes to ${actual?.id}" }
        }
    }

    private fun usual(): String {
        val bluetooth = present.firstOrNull { it.kind == AudioRouteKind.BLUETOOTH }
        val headset = bluetooth ?: WIRED.takeIf { it in present }
        return (headset ?: if (isVideo) SPEAKER else EARPIECE).id
    }

    private fun route(id: String): AudioRoute = ALL.first { it.id == id }

    private companion object {
        /** Longer than every try of every route takes together. */
        val SETTLES = (BLUETOOTH_PATIENCE + COSTS_FORGOTTEN_AFTER) * ALL.size * MOST_TRIES
    }
}
