package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class RouteMachineTest {
    private var state = RouteState()
    private var now = Duration.ZERO
    private val commands = mutableListOf<RouteCommand>()

    @Test
    fun `a call by voice goes to the ear, one with pictures to the loudspeaker`() {
        on(RouteEvent.Devices(listOf(SPEAKER, EARPIECE)), RouteEvent.CallBegan(isVideo = false))
        on(RouteEvent.Confirmed(EARPIECE), RouteEvent.PictureChanged(isVideo = true))

        assertEquals(listOf(EARPIECE, SPEAKER), asked())
    }

    @Test
    fun `what is asked for is shown as pending and becomes current when the system says so`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.Confirmed(EARPIECE), RouteEvent.CallBegan(false))

        on(RouteEvent.Chosen(SPEAKER))

        assertEquals(EARPIECE, state.shown.current)
        assertEquals(SPEAKER, state.shown.pending)

        on(RouteEvent.Confirmed(SPEAKER))

        assertEquals(SPEAKER, state.shown.current)
        assertNull(state.shown.pending)
    }

    @Test
    fun `a headset that does not answer is tried three times, then it is said and the ear is used`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER, BUDS)), RouteEvent.CallBegan(isVideo = false))

        repeat(MOST_TRIES) {
            now += BLUETOOTH_PATIENCE
            on(RouteEvent.TimePassed)
        }

        assertEquals(listOf(BUDS, BUDS, BUDS, EARPIECE), asked())
        assertEquals(listOf(BUDS), commands.filterIsInstance<RouteCommand.SayFailed>().map { it.route })
    }

    @Test
    fun `a headset that failed is tried again when the person chooses it`() {
        on(RouteEvent.Devices(listOf(EARPIECE, BUDS)), RouteEvent.CallBegan(isVideo = false))
        repeat(MOST_TRIES) { on(RouteEvent.Refused(BUDS)) }
        on(RouteEvent.Confirmed(EARPIECE))
        commands.clear()

        on(RouteEvent.Chosen(BUDS))

        assertEquals(listOf(BUDS), asked())
    }

    @Test
    fun `plugging in a headset outweighs an earlier choice, and unplugging it brings the choice back`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(isVideo = false))
        on(RouteEvent.Chosen(SPEAKER), RouteEvent.Confirmed(SPEAKER))
        commands.clear()

        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER, WIRED)), RouteEvent.Confirmed(WIRED))
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.Confirmed(EARPIECE))

        assertEquals(listOf(WIRED, SPEAKER), asked())
    }

    @Test
    fun `bluetooth that was lost for a moment does not push away what was chosen since`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER, BUDS)), RouteEvent.CallBegan(isVideo = false))
        on(RouteEvent.Confirmed(BUDS), RouteEvent.Chosen(SPEAKER), RouteEvent.Confirmed(SPEAKER))
        commands.clear()

        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.Devices(listOf(EARPIECE, SPEAKER, BUDS)))

        assertEquals(emptyList<AudioRoute>(), asked())
        assertEquals(SPEAKER, state.shown.current)
    }

    @Test
    fun `one who takes the sound away again and again wins, and is shown`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(isVideo = false), RouteEvent.Chosen(SPEAKER))
        repeat(MOST_LOSSES) {
            now += 50.milliseconds
            on(RouteEvent.Confirmed(SPEAKER), RouteEvent.Confirmed(EARPIECE))
        }

        assertEquals(EARPIECE, state.shown.current)
        assertNull(state.deadline)
        assertEquals(listOf(SPEAKER), commands.filterIsInstance<RouteCommand.SayFailed>().map { it.route })
    }

    @Test
    fun `what was not waited for, because something else was wanted, costs a route nothing`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(isVideo = false))
        repeat(20) { on(RouteEvent.PictureChanged(isVideo = true), RouteEvent.PictureChanged(isVideo = false)) }
        on(RouteEvent.PictureChanged(isVideo = true), RouteEvent.Confirmed(SPEAKER))

        assertEquals(SPEAKER, state.shown.current)
        assertEquals(emptyList<RouteCommand>(), commands.filterIsInstance<RouteCommand.SayFailed>())
    }

    @Test
    fun `answers to what was asked before do not cost the route that was chosen`() {
        on(RouteEvent.Devices(listOf(EARPIECE, BUDS, CAR)), RouteEvent.CallBegan(isVideo = false), RouteEvent.Chosen(CAR))
        repeat(4) {
            now += 400.milliseconds
            on(RouteEvent.Confirmed(CAR), RouteEvent.Confirmed(BUDS))
        }
        on(RouteEvent.Confirmed(CAR))

        assertEquals(CAR, state.shown.current)
        assertEquals(emptyList<RouteCommand>(), commands.filterIsInstance<RouteCommand.SayFailed>())
    }

    @Test
    fun `being robbed once an hour is not held against a route`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(isVideo = false), RouteEvent.Chosen(SPEAKER))
        repeat(20) {
            now += 3600.seconds
            on(RouteEvent.Confirmed(SPEAKER), RouteEvent.Confirmed(EARPIECE))
        }
        on(RouteEvent.Confirmed(SPEAKER))

        assertEquals(SPEAKER, state.shown.current)
        assertEquals(emptyList<RouteCommand>(), commands.filterIsInstance<RouteCommand.SayFailed>())
    }

    @Test
    fun `during a call of the mobile network nothing is asked for, afterwards what was chosen is`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(false), RouteEvent.Confirmed(EARPIECE))
        commands.clear()

        on(RouteEvent.Interrupted, RouteEvent.Chosen(SPEAKER))

        assertEquals(listOf<RouteCommand>(RouteCommand.Release), commands)

        on(RouteEvent.Resumed)

        assertEquals(listOf(SPEAKER), asked())
    }

    @Test
    fun `the next call begins without the wishes of the last one`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(false), RouteEvent.Chosen(SPEAKER))
        on(RouteEvent.Confirmed(SPEAKER), RouteEvent.CallOver)
        commands.clear()

        on(RouteEvent.CallBegan(isVideo = false))

        assertEquals(listOf(EARPIECE), asked())
    }

    @Test
    fun `a no to something that is not waited for any more changes nothing`() {
        on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)), RouteEvent.CallBegan(isVideo = false))
        val before = state

        on(RouteEvent.Refused(BUDS), RouteEvent.Resumed, RouteEvent.TimePassed, RouteEvent.Chosen(BUDS))

        assertEquals(before, state)
    }

    private fun on(vararg events: RouteEvent) {
        for (event in events) {
            val step = state.handle(now, event)
            state = step.state
            commands += step.commands
        }
    }

    private fun asked(): List<AudioRoute> = commands.filterIsInstance<RouteCommand.Ask>().map { it.route }
}
