package com.worldmates.calls.audio

import kotlin.random.Random
import kotlin.random.nextInt
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class RoutePropertyTest {
    @Test
    fun `after any sequence the shown route is the confirmed one, nothing waits, and a choice is kept`() {
        val seed = System.getProperty("calls.seed")?.toLong() ?: Random.nextLong()
        println("sound routes: seed $seed (-Dcalls.seed=$seed plays the same)")
        var compared = 0

        repeat(SEQUENCES) { number ->
            val script = script(Random(seed + number))
            val failure = failure(script, RouteState::handle) { compared += 1 }
            assertNull(failure) { report(seed + number, script, RouteState::handle) }
        }

        println("sound routes: $SEQUENCES sequences, $compared of them ended with a wish to compare with")
        assertTrue(compared > SEQUENCES / 10, "only $compared sequences said something about a choice")
    }

    @Test
    fun `the property finds a machine that shows what it only asked for`() {
        finds { state, now, event ->
            val step = state.handle(now, event)
            val asked = step.commands.filterIsInstance<RouteCommand.Ask>().lastOrNull()
            if (asked == null) step else step.copy(state = step.state.copy(confirmed = asked.route))
        }
    }

    @Test
    fun `the property finds a machine whose timers do not end`() {
        finds { state, now, event ->
            if (event == RouteEvent.TimePassed) RouteStep(state, emptyList()) else state.handle(now, event)
        }
    }

    @Test
    fun `the property finds a machine that forgets a choice when a device comes or goes`() {
        finds { state, now, event ->
            val phase = state.phase
            val forgetful = if (event is RouteEvent.Devices && phase is RoutePhase.InCall) {
                state.copy(phase = phase.copy(wishes = phase.wishes.copy(order = emptyList())))
            } else {
                state
            }
            forgetful.handle(now, event)
        }
    }

    @Test
    fun `the property finds a machine that goes on asking during a call of the mobile network`() {
        finds { state, now, event ->
            if (event == RouteEvent.Interrupted) RouteStep(state, emptyList()) else state.handle(now, event)
        }
    }

    private fun finds(machine: Machine) {
        val number = (0L until SEQUENCES).firstOrNull { failure(script(Random(it)), machine) != null }

        assertNotNull(number, "no sequence found it")
        val shrunk = shrink(script(Random(number ?: 0)), machine)
        assertTrue(shrunk.size <= 6) { "a report of ${shrunk.size} lines is not readable:\n${shrunk.joinToString("\n")}" }
    }

    private fun failure(script: List<Line>, machine: Machine, onCompared: () -> Unit = {}): String? {
        val system = ScriptedAudioManager(machine)
        return try {
            system.play(script)
            if (system.wasCompared) onCompared()
            null
        } catch (failed: IllegalStateException) {
            failed.message
        }
    }

    /** Leaves out every line without which it still fails. */
    private fun shrink(script: List<Line>, machine: Machine): List<Line> {
        var smallest = script
        while (true) {
            val smaller = smallest.indices
                .map { left -> smallest.filterIndexed { index, _ -> index != left } }
                .firstOrNull { failure(it, machine) != null } ?: return smallest
            smallest = smaller
        }
    }

    private fun report(seed: Long, script: List<Line>, machine: Machine): String {
        val shrunk = shrink(script, machine)
        return "seed $seed: ${failure(shrunk, machine)}\n" + shrunk.joinToString("\n") { "  $it" }
    }

    private fun script(random: Random): List<Line> {
        // In half of them every device does what it is asked, so that the end can be compared with what was wanted.
        val isHonest = random.nextBoolean()
        return List(random.nextInt(1..40)) { line(random, isHonest) }
    }

    private fun line(random: Random, isHonest: Boolean): Line = when (random.nextInt(if (isHonest) 17 else 21)) {
        0, 1, 2 -> Line.Plug(ALL.random(random).id)
        3, 4 -> Line.Unplug(ALL.random(random).id)
        5, 6, 7 -> Line.Choose(ALL.random(random).id)
        8, 9 -> Line.CallBegins(random.nextBoolean())
        10 -> Line.CallEnds
        11 -> Line.GsmBegins
        12 -> Line.GsmEnds
        13 -> Line.Picture(random.nextBoolean())
        14, 15 -> Line.Wait(random.nextInt(1..9_000))
        16 -> Line.Turns(ALL.random(random).id, if (random.nextBoolean()) Temper.GOOD else Temper.SLOW)
        17 -> Line.Steal(ALL.random(random).id)
        else -> Line.Turns(ALL.random(random).id, Temper.entries.random(random))
    }

    private companion object {
        /** A second's work; -Dcalls.sequences plays more of them. */
        val SEQUENCES = System.getProperty("calls.sequences")?.toInt() ?: 20_000
    }
}
