package com.worldmates.calls.testkit

import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.ChatState
import com.worldmates.calls.EndReason
import com.worldmates.calls.Look
import com.worldmates.calls.Reaction
import java.time.Duration
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A room of many in the view model, with a scripted room. */
@OptIn(ExperimentalCoroutinesApi::class)
internal class RoomModelTest {
    private val calls = FakeCalls()
    private val bob = calls.person(2, "Bob")
    private val eve = calls.person(3, "Eve")

    private fun test(guarded: Boolean = false, body: suspend TestScope.(CallsViewModel, FakeRoom) -> Unit) = runTest {
        if (guarded) calls.guardedRooms += "lesson"
        val model = CallsViewModel(calls, backgroundScope)
        model.join("lesson", CallType.AUDIO)
        runCurrent()
        calls.asked.clear()
        body(model, calls.room(calls.snapshots.value.calls.single().id))
    }

    private val now get() = calls.snapshots.value.calls.single()

    private fun look(user: Long, height: Int = 180) = Look(user, screen = false, height)

    @Test
    fun `the engine is told once of tiles that move, when they rest`() = test { model, _ ->
        model.look(listOf(look(2)))
        advanceTimeBy(150)
        model.look(listOf(look(2), look(3)))
        advanceTimeBy(150)
        model.look(listOf(look(3)))
        runCurrent()
        assertEquals(emptyList<String>(), calls.asked)

        advanceTimeBy(201)
        assertEquals(listOf("look 1 3 180"), calls.asked)
        model.look(listOf(look(3)))
        advanceTimeBy(1_000)

        assertEquals(1, calls.asked.size, "what did not change is not said again")
        assertEquals(listOf(look(3)), calls.looks[1])
    }

    @Test
    fun `nothing is said of pictures after the calls were closed`() = test { model, _ ->
        model.look(listOf(look(2)))
        calls.close()
        advanceTimeBy(1_000)

        assertNull(model.problem.value)
    }

    @Test
    fun `whoever joins a guarded room stands at the door until the host decides`() = test(guarded = true) { model, room ->
        assertInstanceOf(CallsUiState.AtTheDoor::class.java, model.state.value)
        model.toggleMute()
        runCurrent()
        assertTrue(now.isMuted)

        room.letsUsIn(bob)
        runCurrent()

        val active = assertInstanceOf(CallsUiState.Active::class.java, model.state.value)
        assertEquals(listOf(2L), active.call.participants.map { it.user })
    }

    @Test
    fun `whoever is not let in is told so`() = test(guarded = true) { model, room ->
        room.sendsUsOut(EndReason.NOT_LET_IN)
        runCurrent()

        assertEquals(EndReason.NOT_LET_IN, assertInstanceOf(CallsUiState.Ended::class.java, model.state.value).reason)
    }

    @Test
    fun `a host decides, and nobody else does`() = test { model, room ->
        room.puts(bob)
        room.waits(eve)
        assertEquals(model.me, now.host)
        model.muteParticipant(2)
        model.setLocked(true)
        model.setWaitingRoom(true)
        model.admit(3)
        runCurrent()
        assertEquals(listOf(false, true), now.participants.map { it.audio })
        assertEquals(listOf(true, true), listOf(now.isLocked, now.hasWaitingRoom))

        room.hostIs(2)
        model.removeParticipant(3)
        runCurrent()
        assertEquals(2, now.participants.size)
        room.hostIs(model.me)
        model.removeParticipant(3)
        runCurrent()

        assertEquals(listOf(2L), now.participants.map { it.user })
    }

    @Test
    fun `words are on their way until the server took them, and a reaction is gone after five seconds`() = test { model, room ->
        room.puts(bob)
        model.write("one")
        model.react(Reaction.HEART)
        bob.reacts(Reaction.CLAP)
        runCurrent()
        assertEquals(ChatState.SENDING to null, now.chat.single().let { it.state to it.at })
        assertEquals(2, now.reactions.size)

        calls.serverGone()
        calls.advance(Duration.ofSeconds(4))
        assertEquals(ChatState.SENDING, now.chat.single().state)
        calls.serverBack()
        assertEquals(ChatState.SENT, now.chat.single().state)
        room.takesChat(false)
        model.write("two")
        runCurrent()
        calls.advance(Duration.ofSeconds(1))

        assertEquals(listOf(ChatState.SENT, ChatState.FAILED), now.chat.map { it.state })
        assertEquals(0, now.reactions.size)
    }

    @Test
    fun `the hand goes up and down, and who was muted by the host speaks again`() = test { model, room ->
        model.toggleHand()
        runCurrent()
        assertTrue(now.isHandUp)
        model.toggleHand()
        runCurrent()
        assertTrue(!now.isHandUp)

        room.hostIs(2)
        room.mutesUs()
        assertEquals(true to 2L, now.isMuted to now.mutedBy)
        runCurrent()
        model.toggleMute()
        runCurrent()

        assertEquals(false to null, now.isMuted to now.mutedBy)
    }

    @Test
    fun `a room of fifty fills by one line of script`() = test { model, room ->
        room.fills(49)
        room.dominantIs(1_003)
        runCurrent()

        val call = assertInstanceOf(CallsUiState.Active::class.java, model.state.value).call
        assertEquals(49, call.participants.size)
        assertTrue(call.isByServer && call.dominant == 1_003L && call.state is CallState.Talking)
    }
}
