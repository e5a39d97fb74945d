package com.worldmates.calls.app.audio

import com.worldmates.calls.CallState
import com.worldmates.calls.app.audio.InterruptionCommand.SetHeld
import com.worldmates.calls.app.audio.InterruptionCommand.SoundBack
import com.worldmates.calls.app.audio.InterruptionCommand.SoundTaken
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import org.junit.Assert.assertEquals
import org.junit.Test

class InterruptionTest {
    private val talks = calls(call(id = 1))
    private val waits = calls(call(id = 1, isHeld = true))

    @Test
    fun `a call of the mobile network holds ours, and its end takes it up again`() {
        val taken = Interruption.None.taken(talks)
        assertEquals(listOf(SetHeld(1, held = true), SoundTaken), taken.commands)

        val over = taken.state.sees(waits).state.over(waits)
        assertEquals(listOf(SoundBack, SetHeld(1, held = false)), over.commands)
        assertEquals(Interruption.None, over.state)
    }

    @Test
    fun `a call that was held before stays held`() {
        val both = calls(call(id = 1), call(id = 2, isHeld = true))

        val step = Interruption.None.taken(both)

        assertEquals(listOf(SetHeld(1, held = true), SoundTaken), step.commands)
        assertEquals(listOf(SoundBack, SetHeld(1, held = false)), step.state.over(both).commands)
    }

    @Test
    fun `a call that somebody took up by hand meanwhile is not touched`() {
        val taken = Interruption.None.taken(talks).state.sees(waits).state

        assertEquals(listOf<InterruptionCommand>(SoundBack), taken.sees(talks).state.over(talks).commands)
    }

    @Test
    fun `a picture of the calls that does not show the hold yet does not lose it`() {
        val taken = Interruption.None.taken(talks).state

        assertEquals(listOf(SoundBack, SetHeld(1, held = false)), taken.sees(talks).state.sees(waits).state.over(waits).commands)
    }

    @Test
    fun `a short one that ends before the hold is seen takes up all the same`() {
        assertEquals(listOf(SoundBack, SetHeld(1, held = false)), Interruption.None.taken(talks).state.over(talks).commands)
    }

    @Test
    fun `a call that ended meanwhile is left alone`() {
        assertEquals(listOf<InterruptionCommand>(SoundBack), Interruption.None.taken(talks).state.over(calls()).commands)
    }

    @Test
    fun `said twice it is done once, and a call that began since is held too`() {
        val taken = Interruption.None.taken(talks).state.sees(waits).state

        assertEquals(emptyList<InterruptionCommand>(), taken.taken(waits).commands)
        val more = calls(call(id = 1, isHeld = true), call(id = 3))
        assertEquals(listOf<InterruptionCommand>(SetHeld(3, held = true)), taken.taken(more).commands)
    }

    @Test
    fun `a call that is not answered yet is not held`() {
        assertEquals(listOf<InterruptionCommand>(SoundTaken), Interruption.None.taken(calls(call(state = CallState.Dialing))).commands)
    }

    @Test
    fun `what Telecom holds is held once, although the mode says it as well`() {
        val held = Interruption.None.held(1)
        assertEquals(listOf(SetHeld(1, held = true), SoundTaken), held.commands)

        assertEquals(emptyList<InterruptionCommand>(), held.state.taken(talks).commands)
        assertEquals(emptyList<InterruptionCommand>(), Interruption.None.taken(talks).state.held(1).commands)
    }

    @Test
    fun `what Telecom held for another app and is taken up by hand has its sound again`() {
        val held = Interruption.None.held(1).state.sees(waits).state

        assertEquals(InterruptionStep(Interruption.None, listOf(SoundBack)), held.sees(talks))
    }

    @Test
    fun `a call that is taken up during one of the mobile network waits with its sound for the end of that`() {
        val held = Interruption.None.taken(talks).state.sees(waits).state

        assertEquals(emptyList<InterruptionCommand>(), held.sees(talks).commands)
        assertEquals(listOf<InterruptionCommand>(SoundBack), held.sees(talks).state.over(talks).commands)
    }

    @Test
    fun `without an interruption nothing is over`() {
        assertEquals(emptyList<InterruptionCommand>(), Interruption.None.over(talks).commands)
    }
}
