package com.worldmates.calls.testkit

import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsException
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.EndReason
import com.worldmates.calls.Language
import com.worldmates.calls.Picture
import com.worldmates.calls.ServerLink
import java.time.Duration
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is on screen, with a scripted other side. */
@OptIn(ExperimentalCoroutinesApi::class)
internal class CallsViewModelTest {
    private val calls = FakeCalls()
    private val bob = calls.person(2, "Bob")
    private val eve = calls.person(3, "Eve")

    private fun test(body: suspend TestScope.(CallsViewModel) -> Unit) = runTest {
        body(CallsViewModel(calls, backgroundScope).also { runCurrent() })
    }

    private inline fun <reified S : CallsUiState> CallsViewModel.shows(): S = assertInstanceOf(S::class.java, state.value)

    private fun TestScope.talk(model: CallsViewModel, type: CallType = CallType.AUDIO) {
        model.dial(2, type)
        runCurrent()
        calls.advance(Duration.ofSeconds(2))
        runCurrent()
    }

    @Test
    fun `a call is dialled, answered, and over without a screen of its own`() = test { model ->
        assertEquals(CallsUiState.Idle(ServerLink.UP), model.state.value)

        model.dial(2, CallType.AUDIO)
        runCurrent()
        assertEquals(CallState.RingingThere(1), model.shows<CallsUiState.Outgoing>().call.state)
        calls.advance(Duration.ofSeconds(2))
        runCurrent()
        assertEquals(CallState.Talking(calls.now), model.shows<CallsUiState.Active>().call.state)
        bob.hangsUp()
        runCurrent()

        assertEquals(CallsUiState.Idle(ServerLink.UP), model.state.value)
    }

    @Test
    fun `an end that has to be told is told in the person's language, until it was seen`() = runTest {
        val language = MutableStateFlow(Language.UK)
        val model = CallsViewModel(calls, backgroundScope, language)
        bob.whenCalled = WhenCalled.IsBusy
        model.dial(2, CallType.AUDIO)
        runCurrent()
        calls.advance(Duration.ofSeconds(1))
        runCurrent()

        val ended = model.shows<CallsUiState.Ended>()
        assertEquals(EndReason.THEY_ARE_BUSY, ended.reason)
        assertTrue(ended.sentence.startsWith("Зайнято"), ended.sentence)
        language.value = Language.EN
        runCurrent()
        assertTrue(model.shows<CallsUiState.Ended>().sentence.startsWith("They are in another call"))
        model.dismiss()
        runCurrent()
        model.shows<CallsUiState.Idle>()
    }

    @Test
    fun `whom the call was with is called again`() = test { model ->
        bob.whenCalled = WhenCalled.Declines()
        talk(model, CallType.VIDEO)
        model.shows<CallsUiState.Ended>()

        bob.whenCalled = WhenCalled.NeverAnswers
        model.callAgain()
        runCurrent()

        val again = model.shows<CallsUiState.Outgoing>().call
        assertEquals(CallType.VIDEO to 2L, again.callType to again.participants.single().user)
        calls.advance(Duration.ofSeconds(45))
        runCurrent()
        assertEquals(EndReason.NO_ANSWER, model.shows<CallsUiState.Ended>().reason)
    }

    @Test
    fun `a second call waits, is answered, and the first one is taken back`() = test { model ->
        talk(model)
        eve.calls(CallType.VIDEO)
        runCurrent()
        val incoming = model.shows<CallsUiState.Incoming>()
        assertEquals("Eve" to "Bob", incoming.call.title to incoming.other?.title)

        model.accept(CallType.AUDIO)
        runCurrent()
        val active = model.shows<CallsUiState.Active>()
        assertEquals("Eve" to "Bob", active.call.title to active.other?.title)
        model.swap()
        runCurrent()
        assertEquals("Bob" to "Eve", model.shows<CallsUiState.Active>().let { it.call.title to it.other?.title })

        model.hangUp()
        runCurrent()
        val left = model.shows<CallsUiState.Active>()
        assertEquals("Eve" to null, left.call.title to left.other)
        assertTrue(left.call.isHeld)
        model.toggleHold()
        runCurrent()
        assertEquals(false, model.shows<CallsUiState.Active>().call.isHeld)
    }

    @Test
    fun `every button reaches the call on screen, and only that`() = test { model ->
        model.hangUp()
        model.toggleMute()
        runCurrent()
        assertEquals(emptyList<String>(), calls.asked)
        talk(model)
        calls.asked.clear()

        model.toggleMute()
        runCurrent()
        model.toggleMute()
        model.toggleCamera()
        runCurrent()
        assertEquals(Picture.CAMERA, model.shows<CallsUiState.Active>().call.picture)
        model.switchCamera()
        model.toggleScreen()
        runCurrent()
        assertTrue(model.shows<CallsUiState.Active>().call.let { it.isSharing && it.picture == Picture.CAMERA })
        model.toggleScreen()
        model.hangUp()
        runCurrent()

        val asked = listOf(
            "setMuted 1 true", "setMuted 1 false", "show 1 CAMERA", "switchCamera", "shareScreen 1 true", "shareScreen 1 false", "hangUp 1",
        )
        assertEquals(asked, calls.asked)
    }

    @Test
    fun `a lost connection is shown as long as it is lost`() = test { model ->
        talk(model)
        for ((lose, find) in listOf(bob::losesConnection to bob::comesBack, calls::serverGone to calls::serverBack)) {
            lose()
            runCurrent()
            assertTrue(model.shows<CallsUiState.Active>().isReconnecting)
            find()
            runCurrent()
            assertEquals(false, model.shows<CallsUiState.Active>().isReconnecting)
        }
    }

    @Test
    fun `stats are asked for once a second while they are shown`() = test { model ->
        talk(model)
        calls.stats = CallStats(emptyList(), 64_000)
        assertNull(model.shows<CallsUiState.Active>().stats)

        model.setStatsShown(true)
        runCurrent()
        assertEquals(calls.stats, model.shows<CallsUiState.Active>().stats)
        advanceTimeBy(2_500)
        assertEquals(3, calls.asked.count { it.startsWith("stats") })
        model.setStatsShown(false)
        advanceTimeBy(5_000)

        assertEquals(3, calls.asked.count { it.startsWith("stats") })
        assertNull(model.shows<CallsUiState.Active>().stats)
    }

    @Test
    fun `what cannot be done is told, and the model goes on`() = test { model ->
        talk(model)
        calls.close()
        runCurrent()

        model.dial(2, CallType.AUDIO)
        runCurrent()

        assertInstanceOf(CallsException.Closed::class.java, model.problem.value)
        model.problemSeen()
        assertNull(model.problem.value)
        assertEquals(CallsUiState.Idle(ServerLink.DOWN), model.state.value)
    }

    @Test
    fun `one who gave up leaves a missed call and a late answer changes nothing`() = test { model ->
        val ringing = bob.calls(CallType.AUDIO)
        runCurrent()
        model.shows<CallsUiState.Incoming>()

        bob.hangsUp()
        calls.call(ringing).accept(CallType.AUDIO)
        runCurrent()

        model.shows<CallsUiState.Idle>()
        assertEquals(CallState.Ended(EndReason.MISSED), calls.snapshots.value.calls.single().state)
    }
}
