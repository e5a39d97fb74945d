@file:OptIn(ExperimentalTestApi::class, ExperimentalCoroutinesApi::class)

package com.worldmates.calls.ui

import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.SemanticsNodeInteraction
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsOff
import androidx.compose.ui.test.assertIsOn
import androidx.compose.ui.test.hasTestTag
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performScrollToNode
import androidx.compose.ui.test.performTextInput
import androidx.compose.ui.test.performTextReplacement
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.runDesktopComposeUiTest
import androidx.compose.ui.test.swipeLeft
import com.worldmates.calls.Call
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.EndReason
import com.worldmates.calls.Look
import com.worldmates.calls.Reaction
import com.worldmates.calls.testkit.FakeCalls
import com.worldmates.calls.testkit.FakeRoom
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.parts.faces
import java.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.cancel
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestCoroutineScheduler
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** Rooms of many: the screens, the view model and a scripted room, under a clock that the test moves. */
internal class RoomTest {
    private val calls = FakeCalls(Fixtures.now, user = Fixtures.ME)
    private val clock = TestCoroutineScheduler()
    private val marta = calls.person(2, "Марта Шевченко")
    private val taras = calls.person(3, "Тарас")
    private lateinit var call: Call
    private lateinit var room: FakeRoom
    private lateinit var holder: ViewModelHolder

    /** We are in a room, and its host if nobody else is. */
    private fun inRoom(width: Int = 360, height: Int = 760, guarded: Boolean = false, test: ComposeUiTest.() -> Unit) {
        val scope = CoroutineScope(StandardTestDispatcher(clock))
        if (guarded) calls.guardedRooms += "lesson"
        call = runBlocking { calls.join("lesson", CallType.VIDEO) }
        room = calls.room(call.id)
        calls.asked.clear()
        holder = ViewModelHolder(CallsViewModel(calls, scope), scope, clock = { calls.now })
        try {
            runDesktopComposeUiTest(width, height) {
                setContent {
                    CompositionLocalProvider(LocalVideoSource provides FakeVideo) { CallsScreen(holder, fontFamily = testFont) }
                }
                settle()
                test()
            }
        } finally {
            scope.cancel()
        }
    }

    /** What was asked reaches the engine, and what the engine says the screen; half a second passes. */
    private fun ComposeUiTest.settle() {
        repeat(2) {
            clock.advanceTimeBy(SETTLE_MILLIS)
            clock.runCurrent()
            waitForIdle()
        }
    }

    private fun ComposeUiTest.does(tag: String) {
        press(tag)
        settle()
    }

    private fun ComposeUiTest.exists(tag: String) = onAllNodes(hasTestTag(tag)).fetchSemanticsNodes().isNotEmpty()
    private val looks: List<Look> get() = calls.looks[call.id].orEmpty()
    private val asked: List<String> get() = calls.asked.filterNot { it.startsWith("look") }

    @Test
    fun only_the_pictures_of_the_page_on_screen_are_fetched_and_no_larger_than_their_tiles() = inRoom {
        room.fills(49)
        settle()
        val first = looks
        assertTrue("$first", first.size in 3..15)
        first.forEach { look ->
            val tile = onNodeWithTag("tile ${look.user}").fetchSemanticsNode().size
            assertEquals("$look", tile.height, look.height)
        }

        onNodeWithTag("grid").performTouchInput { swipeLeft() }
        settle()

        assertTrue("$looks", looks.isNotEmpty() && looks.none { second -> first.any { it.user == second.user } })
    }

    @Test
    fun on_the_largest_screen_no_more_than_a_page_is_decoded() = inRoom(width = 2400, height = 1500) {
        room.fills(49)
        settle()

        assertTrue("${looks.size}", looks.size in 12..25)
    }

    @Test
    fun tiles_that_move_are_told_once_they_rest() = inRoom {
        room.fills(8)
        settle()
        calls.asked.clear()

        press("open chat")
        waitForIdle()
        press("close panel")
        waitForIdle()
        press("open chat")
        waitForIdle()
        assertEquals(emptyList<String>(), calls.asked)
        settle()

        assertEquals("${calls.asked}", 1, calls.asked.size)
    }

    @Test
    fun what_nobody_sees_is_not_fetched_until_somebody_looks_again() = inRoom {
        room.fills(8)
        settle()
        val seen = looks
        assertTrue(seen.isNotEmpty())

        holder.setWatched(false)
        settle()
        assertEquals(emptyList<Look>(), looks)
        holder.setWatched(true)
        settle()

        assertEquals(seen, looks)
    }

    @Test
    fun while_another_call_rings_no_picture_of_the_room_is_fetched() = inRoom {
        room.fills(8)
        settle()
        val seen = looks

        marta.calls(CallType.VIDEO)
        settle()
        assertTrue(exists("incoming"))
        assertEquals(emptyList<Look>(), looks)
        marta.hangsUp()
        settle()

        assertEquals(seen, looks)
    }

    @Test
    fun the_large_picture_follows_the_speaker_until_somebody_is_pinned() = inRoom {
        room.puts(marta, video = true)
        room.puts(taras, video = true)
        room.goesByServer()
        room.dominantIs(2)
        settle()
        does("stage")
        assertTrue(onNodeWithTag("spotlight").description().any { "Марта" in it })
        room.dominantIs(3)
        settle()
        assertTrue(onNodeWithTag("spotlight").description().any { "Тарас" in it })
        assertEquals(3L, looks.maxBy { it.height }.user)

        does("thumb 2")
        room.dominantIs(3)
        settle()

        assertTrue(onNodeWithTag("spotlight").description().any { "Марта" in it })
    }

    @Test
    fun a_shared_screen_is_large_by_itself_until_it_is_put_aside_and_again_when_it_is_shared_anew() = inRoom {
        room.puts(marta, video = true)
        room.puts(taras, video = true)
        room.goesByServer()
        settle()
        assertTrue(exists("grid"))

        marta.sharesScreen(true)
        settle()
        assertTrue(onNodeWithTag("spotlight").description().any { "Екран: Марта" in it })
        assertTrue("$looks", looks.any { it.user == 2L && it.screen } && looks.any { it.user == 2L && !it.screen })
        does("spotlight")
        assertTrue(exists("grid"))
        assertTrue("$looks", looks.none { it.screen })

        marta.sharesScreen(false)
        settle()
        marta.sharesScreen(true)
        settle()
        assertTrue(exists("spotlight"))
    }

    @Test
    fun a_screen_that_comes_in_place_of_a_camera_is_shown_once() = inRoom {
        room.puts(marta, video = true)
        room.puts(taras, video = true)
        marta.sharesScreen(true)
        settle()

        assertTrue(onNodeWithTag("spotlight").description().any { "Екран: Марта" in it })
        assertTrue("$looks", looks.single { it.user == 2L }.let { !it.screen && it.height > 300 })
        assertTrue(onNodeWithTag("thumb 2").description().any { "Камеру вимкнено" in it })
        assertTrue(onNodeWithTag("thumb 3").description().none { "Камеру вимкнено" in it })
    }

    @Test
    fun whoever_is_heard_by_the_server_has_a_ring() = inRoom {
        room.puts(marta)
        room.goesByServer()
        marta.isAsLoudAs(8)
        settle()

        val face = ActiveState(holder.active, holder.surroundings.value, calls.now).faces().single()

        assertEquals(0.8f, face.level)
        assertTrue(face.isSpeaking)
        marta.mutes(true)
        settle()
        assertTrue(!ActiveState(holder.active, holder.surroundings.value, calls.now).faces().single().isSpeaking)
    }

    @Test
    fun hands_stand_in_their_order_and_ours_is_raised_by_a_button() = inRoom {
        listOf(marta, taras).forEach { room.puts(it) }
        taras.raisesHand(true)
        calls.advance(Duration.ofSeconds(1))
        marta.raisesHand(true)
        settle()
        onNodeWithTag("hand").assertIsOff()
        does("hand")
        onNodeWithTag("hand").assertIsOn()
        assertTrue("${asked}", "raiseHand ${call.id} true" in asked)

        does("open people")

        val tops = listOf("person 3", "person 2", "person me").map { onNodeWithTag(it).fetchSemanticsNode().boundsInRoot.top }
        assertEquals(tops.sorted(), tops)
        assertTrue(exists("person 3"))
        onNodeWithText("Хочуть сказати · 3").assertIsDisplayed()
        assertTrue("Рука піднята, місце в черзі: 2" in onNodeWithTag("person 2").description())
        // Which place is ours only the others know.
        assertTrue("Рука піднята" in onNodeWithTag("person me").description())
    }

    @Test
    fun reactions_rise_and_are_gone_with_the_engines_word() = inRoom {
        room.puts(marta)
        settle()
        marta.reacts(Reaction.CLAP)
        settle()
        onNodeWithContentDescription("Марта Шевченко: Оплески").assertExists()

        does("more")
        does("react HEART")
        assertTrue("$asked", "react ${call.id} HEART" in asked)
        onNodeWithContentDescription("Ви: Серце").assertExists()
        calls.advance(Duration.ofSeconds(6))
        settle()

        onNodeWithContentDescription("Ви: Серце").assertDoesNotExist()
    }

    @Test
    fun the_chat_says_what_is_unread_and_how_far_our_own_words_came() = inRoom {
        room.puts(marta)
        marta.writes("Доброго ранку")
        marta.writes("Усі тут?")
        settle()
        onNodeWithContentDescription("Чат, 2 непрочитані").assertIsDisplayed()

        does("open chat")
        onNodeWithText("Усі тут?").assertIsDisplayed()
        onNodeWithTag("draft").performTextInput(" Так! ")
        does("send")
        onNodeWithText("Надсилаємо…").assertIsDisplayed()
        calls.advance(Duration.ofSeconds(1))
        settle()
        onNodeWithText("Надсилаємо…").assertDoesNotExist()
        room.takesChat(false)
        onNodeWithTag("draft").performTextInput("Довге")
        does("send")
        calls.advance(Duration.ofSeconds(1))
        settle()
        onNodeWithText("Не надіслано").assertIsDisplayed()
        does("write again")
        assertEquals("Довге", onNodeWithTag("draft").fetchSemanticsNode().config[SemanticsProperties.EditableText].text)

        // What one is writing meanwhile stays.
        onNodeWithTag("draft").performTextReplacement("Інше")
        repeat(2) { does("write again") }
        assertEquals("Інше\nДовге", onNodeWithTag("draft").fetchSemanticsNode().config[SemanticsProperties.EditableText].text)

        does("close panel")
        onNodeWithContentDescription("Чат").assertIsDisplayed()
        assertEquals(listOf("write ${call.id} Так!", "write ${call.id} Довге"), asked)
    }

    @Test
    fun a_host_mutes_and_removes_and_the_second_is_asked_twice() = inRoom {
        listOf(marta, taras).forEach { room.puts(it) }
        settle()
        does("open people")
        does("person 2")
        does("mute other")
        does("remove")
        assertTrue(exists("remove surely"))
        does("remove not")
        assertTrue("$asked", asked.none { it.startsWith("remove") })
        does("remove")
        does("remove surely")

        assertEquals(listOf("muteParticipant ${call.id} 2", "removeParticipant ${call.id} 2"), asked)
        assertTrue(!exists("person 2") && exists("person 3"))
    }

    @Test
    fun what_can_be_done_with_somebody_opens_in_sight() = inRoom(height = 568) {
        room.fills(8)
        settle()
        does("open people")
        val list = onNodeWithTag("people").fetchSemanticsNode().boundsInRoot
        val lowest = onAllNodes(SemanticsMatcher("a person") { it.tag().startsWith("person ") }).fetchSemanticsNodes()
            .filter { it.boundsInRoot.top < list.bottom && it.boundsInRoot.height > 1 }.maxBy { it.boundsInRoot.top }

        does(lowest.tag())
        assertTrue(isWhole("pin") && isWhole("remove"))
        does("remove")

        assertTrue(isWhole("remove surely") && isWhole("remove not"))
    }

    private fun ComposeUiTest.isWhole(tag: String): Boolean =
        onNodeWithTag(tag).fetchSemanticsNode().let { it.boundsInRoot.height >= it.size.height }

    private fun SemanticsNode.tag(): String = config.getOrElse(SemanticsProperties.TestTag) { "" }

    @Test
    fun whoever_is_alone_in_a_room_is_told_so() = inRoom {
        onNodeWithText("Поки що тут лише ви").assertIsDisplayed()

        room.puts(marta)
        settle()

        onNodeWithText("Поки що тут лише ви").assertDoesNotExist()
    }

    @Test
    fun who_is_not_the_host_can_pin_and_nothing_else() = inRoom {
        room.puts(marta)
        room.hostIs(2)
        settle()
        does("open people")
        onNodeWithText("Організатор").assertIsDisplayed()
        assertTrue(!exists("lock"))
        does("person 2")
        assertTrue(!exists("mute other") && !exists("remove"))
        does("pin")
        does("close panel")

        assertTrue(onNodeWithTag("spotlight").description().any { "Марта" in it })
        assertEquals(emptyList<String>(), asked)
    }

    @Test
    fun a_host_sees_who_stands_at_the_door_and_lets_them_in_or_not() = inRoom {
        room.waits(marta)
        settle()
        onNodeWithText("Хоче увійти: Марта Шевченко").assertIsDisplayed()
        does("admit at once")
        assertTrue(exists("tile 2"))

        room.waits(taras)
        room.waits(calls.person(4, "Соломія"))
        settle()
        onNodeWithContentDescription("Учасники, Хочуть увійти: 2 людини").assertIsDisplayed()
        does("show waiting")
        does("lock")
        onNodeWithTag("lock").assertIsOn()
        does("waiting room")
        does("deny 3")
        does("admit 4")
        onNodeWithTag("people").performScrollToNode(hasTestTag("person 4"))

        assertEquals(
            listOf("admit 2 true", "setLocked true", "setWaitingRoom true", "admit 3 false", "admit 4 true"),
            asked.map { it.replace(" ${call.id} ", " ") },
        )
    }

    @Test
    fun the_door_waits_with_us_and_opens_or_says_that_it_does_not() = inRoom(guarded = true) {
        onNodeWithText("Чекаємо, поки організатор вас впустить").assertIsDisplayed()
        does("mute")
        onNodeWithTag("mute").assertIsOn()
        room.letsUsIn(marta)
        settle()
        assertTrue(exists("tile 2"))

        room.sendsUsOut(EndReason.REMOVED)
        settle()
        assertTrue(exists("ended"))
    }

    @Test
    fun the_host_muted_us_until_we_speak_again() = inRoom {
        room.puts(marta)
        room.hostIs(2)
        room.mutesUs()
        settle()
        onNodeWithText("Організатор вимкнув вам мікрофон").assertIsDisplayed()
        onNodeWithTag("mute").assertIsOn()
        does("mute")

        onNodeWithText("Організатор вимкнув вам мікрофон").assertDoesNotExist()
    }

    private val ViewModelHolder.active get() = state.value as CallsUiState.Active

    private fun SemanticsNodeInteraction.description(): List<String> =
        fetchSemanticsNode().config.getOrElse(SemanticsProperties.ContentDescription) { emptyList() }

    private companion object {
        const val SETTLE_MILLIS = 250L
    }
}
