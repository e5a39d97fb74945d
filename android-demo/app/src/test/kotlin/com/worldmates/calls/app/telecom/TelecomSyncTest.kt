package com.worldmates.calls.app.telecom

import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.TALKING
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class TelecomSyncTest {
    private var state = TelecomState()
    private val told = mutableListOf<TelecomCommand>()
    private var now = Duration.ZERO

    @Test
    fun `a call that rings is added, and shown once Telecom took it`() {
        sees(calls(call(state = CallState.RingingHere, type = CallType.VIDEO)))
        assertEquals(listOf<TelecomCommand>(TelecomCommand.Add(1, isIncoming = true, "Олена", isVideo = true)), told())

        run(state.took(1))
        assertEquals(listOf<TelecomCommand>(TelecomCommand.Show(1, TelecomStage.RINGING)), told())
    }

    @Test
    fun `a call of ours goes through its stages, each told once`() {
        sees(calls(call(state = CallState.Dialing, direction = Direction.OUTGOING)))
        run(state.took(1))
        for (next in listOf(CallState.RingingThere(1), CallState.RingingThere(2), TALKING)) {
            sees(calls(call(state = next, direction = Direction.OUTGOING)))
        }
        sees(calls(call(direction = Direction.OUTGOING, isHeld = true)))
        sees(calls(call(state = CallState.Ended(EndReason.WE_HUNG_UP), direction = Direction.OUTGOING)))

        assertEquals(
            listOf(
                TelecomCommand.Add(1, isIncoming = false, "Олена", isVideo = false),
                TelecomCommand.Show(1, TelecomStage.DIALING),
                TelecomCommand.Show(1, TelecomStage.ACTIVE),
                TelecomCommand.Show(1, TelecomStage.HELD),
                TelecomCommand.End(1, TelecomEnd.HERE),
            ),
            told(),
        )
    }

    @Test
    fun `a call that went on while Telecom thought is shown as it is by then`() {
        sees(calls(call(state = CallState.RingingHere)))
        sees(calls(call(state = CallState.Answering)))
        told()

        run(state.took(1))

        assertEquals(listOf<TelecomCommand>(TelecomCommand.Show(1, TelecomStage.ACTIVE)), told())
    }

    @Test
    fun `a call that ended while Telecom thought is ended there at once`() {
        sees(calls(call(state = CallState.RingingHere)))
        sees(calls(call(state = CallState.Ended(EndReason.MISSED))))
        told()

        run(state.took(1))

        assertEquals(listOf<TelecomCommand>(TelecomCommand.End(1, TelecomEnd.THERE)), told())
    }

    @Test
    fun `a call that Telecom refuses goes on without a word to it`() {
        sees(calls(call(state = CallState.RingingHere)))
        told()
        state = state.refused(1)

        sees(calls(call(state = CallState.Answering)))
        sees(calls(call(state = CallState.Ended(EndReason.THEY_HUNG_UP))))

        assertEquals(emptyList<TelecomCommand>(), told())
        assertNull(state.deadline)
    }

    @Test
    fun `Telecom that never answers is not waited for, and is heard if it does after all`() {
        sees(calls(call(state = CallState.RingingHere)))
        told()

        now = 5.seconds
        state = state.passed(now)
        assertNull(state.deadline)

        run(state.took(1))
        assertEquals(listOf<TelecomCommand>(TelecomCommand.Show(1, TelecomStage.RINGING)), told())
    }

    @Test
    fun `two calls are told apart`() {
        sees(calls(call(id = 1)))
        run(state.took(1))
        sees(calls(call(id = 1, isHeld = true), call(id = 2, state = CallState.Answering)))
        run(state.took(2))
        told()

        sees(calls(call(id = 1, isHeld = true), call(id = 2, state = CallState.Ended(EndReason.ANSWERED_ELSEWHERE))))

        assertEquals(listOf<TelecomCommand>(TelecomCommand.End(2, TelecomEnd.ELSEWHERE)), told())
    }

    private fun sees(calls: CallsSnapshot) = run(state.sees(now, calls))

    private fun run(step: TelecomStep) {
        state = step.state
        told += step.commands
    }

    private fun told(): List<TelecomCommand> = told.toList().also { told.clear() }
}
