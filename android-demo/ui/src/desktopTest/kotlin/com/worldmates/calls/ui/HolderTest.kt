@file:OptIn(ExperimentalTestApi::class, ExperimentalCoroutinesApi::class)

package com.worldmates.calls.ui

import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.SideEffect
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextInput
import androidx.compose.ui.test.runDesktopComposeUiTest
import com.worldmates.calls.Call
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.CallsException
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.CheckReport
import com.worldmates.calls.EndReason
import com.worldmates.calls.ServerLink
import com.worldmates.calls.SoundLevels
import com.worldmates.calls.ui.parts.BackSource
import com.worldmates.calls.ui.parts.LocalBackSource
import com.worldmates.calls.ui.parts.LocalIsSmall
import java.lang.reflect.Proxy
import kotlin.coroutines.Continuation
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Test

/** The screens on their holders. */
internal class HolderTest {
    private val holder = FakeHolder()
    private val opened = mutableListOf<String>()

    private fun calls(test: ComposeUiTest.() -> Unit) = runDesktopComposeUiTest(360, 760) {
        setContent { CallsScreen(holder, onMessages = { opened += "messages ${it.user}" }, fontFamily = testFont) }
        test()
    }

    @Test
    fun each_state_has_its_screen_and_a_call_comes_before_the_settings() = calls {
        onNodeWithTag("idle").assertIsDisplayed()
        press("settings")
        press("frames")
        onNodeWithTag("NEON").performScrollTo()
        press("NEON")
        assertEquals(FrameStyle.NEON, holder.preferences.value.frame)
        press("back")
        onNodeWithTag("settings screen").assertIsDisplayed()

        holder.state.value = Fixtures.incoming(CallType.VIDEO)
        onNodeWithTag("incoming").assertIsDisplayed()
        press("accept video")
        holder.state.value = Fixtures.active(Fixtures.call()).active
        onNodeWithTag("active").assertIsDisplayed()
        onNodeWithText("12:34").assertIsDisplayed()
        press("more")
        onNodeWithTag("more panel").assertIsDisplayed()
        press("hangup")
        holder.state.value = CallsUiState.Idle(ServerLink.UP)
        onNodeWithTag("settings screen").assertIsDisplayed()

        assertEquals(listOf("accept VIDEO", "hang up"), holder.asked)
    }

    @Test
    fun every_way_out_of_an_ended_call_is_asked_of_the_engine_or_puts_it_away() = calls {
        holder.state.value = CallsUiState.Outgoing(Fixtures.call(CallState.Dialing))
        onNodeWithTag("outgoing").assertIsDisplayed()
        holder.state.value = Fixtures.ended(EndReason.NO_ANSWER)
        press("CALL_AGAIN")
        press("MESSAGE")
        press("close")

        assertEquals(listOf("call again", "dismiss", "dismiss"), holder.asked)
        assertEquals(listOf("messages 1"), opened)
    }

    private fun ownConversation(transport: (Contact) -> MessageTransport? = { null }, test: ComposeUiTest.() -> Unit) =
        runDesktopComposeUiTest(360, 760) {
            setContent { CallsScreen(holder, fontFamily = testFont, transport = transport) }
            test()
        }

    @Test
    fun whoever_is_pressed_in_the_list_is_called_from_their_conversation_and_that_is_where_the_call_ends() = ownConversation {
        press("call with 1")
        onNodeWithTag("messages").assertIsDisplayed()
        onNodeWithTag("draft").assertDoesNotExist()
        press("call video")

        holder.state.value = CallsUiState.Outgoing(Fixtures.call(CallState.Dialing))
        onNodeWithTag("outgoing").assertIsDisplayed()
        holder.state.value = Fixtures.incoming(CallType.VIDEO)
        onNodeWithTag("incoming").assertIsDisplayed()
        holder.state.value = Fixtures.active(Fixtures.call()).active
        onNodeWithTag("active").assertIsDisplayed()
        holder.state.value = CallsUiState.Idle(ServerLink.UP)
        onNodeWithTag("messages").assertIsDisplayed()
        press("back")
        onNodeWithTag("idle").assertIsDisplayed()

        assertEquals(listOf("dial 1 VIDEO"), holder.asked)
    }

    @Test
    fun beside_a_call_one_writes_and_the_bar_leads_back() = ownConversation {
        holder.state.value = Fixtures.active(Fixtures.call()).active
        press("more")
        onNodeWithText("Попередні дзвінки").performScrollTo().performClick()
        onNodeWithTag("messages").assertIsDisplayed()
        press("back to call")
        onNodeWithTag("active").assertIsDisplayed()

        press("more")
        onNodeWithText("Попередні дзвінки").performScrollTo().performClick()
        holder.state.value = Fixtures.incoming(CallType.AUDIO, other = Fixtures.call())
        onNodeWithTag("incoming").assertIsDisplayed()
        holder.state.value = Fixtures.active(Fixtures.call(id = 2)).active
        onNodeWithTag("active").assertIsDisplayed()
    }

    @Test
    fun in_a_group_there_is_nobody_to_write_to() = ownConversation {
        holder.state.value = Fixtures.active(Fixtures.group(3)).active
        press("more")
        onNodeWithText("Написати").assertDoesNotExist()
        onNodeWithText("Попередні дзвінки").assertDoesNotExist()
    }

    @Test
    fun nobody_is_told_to_write_where_nothing_carries_it() = ownConversation {
        holder.state.value = Fixtures.ended(EndReason.NO_ANSWER)
        onNodeWithTag("CALL_AGAIN").assertIsDisplayed()
        onNodeWithTag("MESSAGE").assertDoesNotExist()
    }

    @Test
    fun what_could_not_be_done_is_said_where_it_covers_no_button_of_a_call() = ownConversation {
        holder.state.value = Fixtures.active(Fixtures.call()).active
        holder.tell(Problem.NotDone(null))

        val said = onNodeWithTag("problem").fetchSemanticsNode().boundsInRoot
        listOf("hangup", "mute", "more").forEach { tag ->
            assertEquals(tag, false, said.overlaps(onNodeWithTag(tag).fetchSemanticsNode().boundsInRoot))
        }
    }

    @Test
    fun an_app_with_a_transport_writes_here() = ownConversation({ with ->
        object : MessageTransport {
            override val messages = MutableStateFlow(emptyList<Message>())
            override fun send(text: String) { opened += "${with.name}: $text" }
        }
    }) {
        press("call with 1")
        onNodeWithTag("draft").performTextInput(" Привіт ")
        press("send")
        holder.state.value = Fixtures.active(Fixtures.call()).active
        press("more")
        onNodeWithText("Написати").performScrollTo().assertIsDisplayed()

        assertEquals(listOf("Олена Ковальчук: Привіт"), opened)
    }

    /** A library that notes what is asked of it; only what these tests need of it answers. */
    private class ScriptedCalls(call: CallSnapshot? = null) {
        val asked = mutableListOf<String>()
        val snapshots = MutableStateFlow(CallsSnapshot(ServerLink.UP, listOfNotNull(call)))
        val levels = MutableStateFlow(SoundLevels(0f, emptyMap()))
        var check: Continuation<CheckReport>? = null
        var stats: CallStats? = null
        private val one = fake(Call::class.java) { name, arguments ->
            // Without stats to tell, whoever asks waits.
            if (name == "stats") stats ?: COROUTINE_SUSPENDED else asked += listOf(name, *arguments).joinToString(" ")
        }
        val calls: Calls = fake(Calls::class.java) { name, arguments ->
            when (name) {
                "getSnapshots" -> snapshots
                "getLevels" -> levels
                "getUser" -> Fixtures.ME
                "call" -> one
                "check" -> {
                    asked += name
                    @Suppress("UNCHECKED_CAST")
                    check = arguments.last() as Continuation<CheckReport>
                    COROUTINE_SUSPENDED
                }
                else -> {
                    asked += (listOf(name) + arguments.filter { it !is Continuation<*> }).joinToString(" ")
                    if (name == "dial") one else Unit
                }
            }
        }

        private fun <T> fake(type: Class<T>, answer: (String, Array<out Any?>) -> Any?): T = type.cast(
            Proxy.newProxyInstance(type.classLoader, arrayOf(type)) { _, method, arguments -> answer(method.name, arguments ?: emptyArray()) },
        )
    }

    @Test
    fun a_check_that_runs_is_not_started_twice_and_its_answer_stays() = runTest {
        val library = ScriptedCalls()
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope)

        holder.check()
        holder.check()
        runCurrent()
        assertEquals(CheckState.Running, holder.check.value)
        library.check?.resume(Fixtures.report)
        runCurrent()

        assertEquals(CheckState.Done(Fixtures.report), holder.check.value)
        assertEquals(listOf("check"), library.asked)
    }

    @Test
    fun what_the_app_finds_stands_above_the_check_and_decides_with_it() = runTest {
        val library = ScriptedCalls()
        val own = CheckLine("Сповіщення", CheckOutcome.BAD, "не дозволено", "")
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope, ownLines = { listOf(OwnLine(own)) })

        holder.check()
        runCurrent()
        library.check?.resume(Fixtures.report)
        runCurrent()

        assertEquals(CheckState.Done(CheckReport(canCall = false, listOf(own) + Fixtures.report.lines)), holder.check.value)
    }

    @Test
    fun what_can_be_put_right_is_put_right_and_looked_at_again_when_the_person_is_back() = runTest {
        val library = ScriptedCalls()
        val app = mutableListOf<String>()
        val own = CheckLine("Сповіщення", CheckOutcome.BAD, "не дозволено", "")
        val lines = listOf(OwnLine(own) { app += "notifications" }, OwnLine(own.copy(what = "Батарея")))
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope, ownLines = { lines })
        holder.check()
        runCurrent()
        library.check?.resume(Fixtures.report)
        runCurrent()
        assertEquals(setOf(own), (holder.check.value as CheckState.Done).mendable)

        holder.cameBack()
        holder.mend(Fixtures.report.lines.first())
        holder.cameBack()
        runCurrent()
        assertEquals("nothing was put right", listOf("check"), library.asked)

        holder.mend(own)
        assertEquals(listOf("notifications"), app)
        holder.cameBack()
        holder.cameBack()
        runCurrent()
        assertEquals(listOf("check", "check"), library.asked)
    }

    @Test
    fun people_have_the_names_of_the_app_where_the_engine_has_only_a_number() = runTest {
        val known = Fixtures.participant(0)
        val library = ScriptedCalls(Fixtures.call(people = listOf(known.copy(user = 7, name = "User 7")), title = "User 7"))
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope)
        fun call() = (holder.state.value as CallsUiState.Active).call
        runCurrent()
        assertEquals("in nobody's language", "", call().title)

        holder.setPeople(People(listOf(Contact(7, "Леся", "https://a/7.jpg"))))
        runCurrent()
        assertEquals("Леся", call().title)
        assertEquals("Леся" to "https://a/7.jpg", call().participants.single().let { it.name to it.avatar })

        holder.setPeople(People(listOf(Contact(1, "Оленка"))))
        library.snapshots.value = CallsSnapshot(ServerLink.UP, listOf(Fixtures.call(people = listOf(known))))
        runCurrent()
        assertEquals("what the engine knows stays", known.name, call().title)
    }

    @Test
    fun a_check_that_fails_is_told_and_can_be_asked_again() = runTest {
        val library = ScriptedCalls()
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope)
        val closed = CallsException.Closed("closed")

        holder.check()
        runCurrent()
        library.check?.resumeWithException(closed)
        runCurrent()

        assertEquals(CheckState.NotAsked, holder.check.value)
        assertEquals(Problem.NotDone(closed), holder.problem.value)
        holder.problemSeen()
        assertEquals(null, holder.problem.value)
    }

    @Test
    fun what_could_not_be_done_is_said_whatever_stands_there() = calls {
        holder.tell(Problem.NotDone(CallsException.BadName("nobody")))
        onNodeWithText("Так нікому подзвонити не можна.").assertIsDisplayed()
    }

    @Test
    fun the_phones_way_back_closes_what_lies_on_top_and_then_lets_the_app_go() {
        var back: (() -> Unit)? = null
        val source: BackSource = { enabled, onBack -> if (enabled) SideEffect { back = onBack } }
        runDesktopComposeUiTest(360, 760) {
            setContent {
                CompositionLocalProvider(LocalBackSource provides source) {
                    CallsScreen(holder, fontFamily = testFont)
                }
            }
            assertEquals(null, back)
            press("settings")
            press("frames")
            runOnIdle { back?.invoke() }
            onNodeWithTag("settings screen").assertIsDisplayed()
            runOnIdle { back?.invoke() }
            onNodeWithTag("idle").assertIsDisplayed()

            holder.state.value = Fixtures.active(Fixtures.call()).active
            press("more")
            onNodeWithTag("more panel").assertIsDisplayed()
            runOnIdle { back?.invoke() }
            onNodeWithTag("more panel").assertDoesNotExist()
        }
    }

    @Test
    fun the_small_window_of_a_large_phone_has_nothing_to_press() = runDesktopComposeUiTest(340, 600) {
        holder.state.value = Fixtures.active(Fixtures.call()).active
        setContent {
            CompositionLocalProvider(LocalIsSmall provides true) { CallsScreen(holder, fontFamily = testFont) }
        }
        onNodeWithTag("tiny").assertIsDisplayed()
        onNodeWithTag("hangup").assertDoesNotExist()
    }

    @Test
    fun what_is_pressed_reaches_the_library_or_the_app() = runTest {
        val library = ScriptedCalls(Fixtures.call())
        val app = mutableListOf<String>()
        val holder = ViewModelHolder(
            CallsViewModel(library.calls, backgroundScope), backgroundScope, onRoute = { app += it.id },
        )
        runCurrent()

        listOf(holder::toggleMute, holder::toggleCamera, holder::toggleScreen, holder::toggleHold, holder::hangUp, holder::switchCamera)
            .forEach { it() }
        holder.dial(7, CallType.AUDIO)
        runCurrent()
        holder.chooseRoute(Fixtures.routes.available.last())
        holder.toggleHand()
        runCurrent()

        assertEquals(
            listOf("setMuted true", "show CAMERA", "shareScreen true", "setHeld true", "hangUp", "switchCamera", "dial 7 AUDIO", "raiseHand true"),
            library.asked,
        )
        assertEquals(listOf("bt-1"), app)
    }

    @Test
    fun the_figures_of_one_call_are_not_shown_for_the_other() = runTest {
        val first = Fixtures.call(id = 1)
        val library = ScriptedCalls(first).apply { stats = Fixtures.stats() }
        val model = CallsViewModel(library.calls, backgroundScope)
        model.setStatsShown(true)
        runCurrent()
        assertEquals(Fixtures.stats(), (model.state.value as CallsUiState.Active).stats)

        library.stats = null
        library.snapshots.value = CallsSnapshot(ServerLink.UP, listOf(first.copy(isHeld = true), Fixtures.call(id = 2)))
        runCurrent()

        val now = model.state.value as CallsUiState.Active
        assertEquals(2L, now.call.id)
        assertEquals(null, now.stats)
    }

    @Test
    fun voices_frames_and_the_other_camera_are_seen_in_the_call() = runTest {
        val library = ScriptedCalls(Fixtures.call())
        val holder = ViewModelHolder(CallsViewModel(library.calls, backgroundScope), backgroundScope)

        library.levels.value = SoundLevels(0.2f, mapOf(1L to 0.7f))
        holder.setPreferences(Preferences(frame = FrameStyle.CIRCLE))
        holder.switchCamera()
        runCurrent()
        assertEquals("only the app knows which camera came", true, holder.surroundings.value.isFrontCamera)
        holder.setSurroundings { it.copy(isFrontCamera = false) }
        runCurrent()

        val seen = holder.surroundings.value
        assertEquals(SoundLevels(0.2f, mapOf(1L to 0.7f)), seen.levels)
        assertEquals(FrameStyle.CIRCLE, seen.frame)
        assertEquals(false, seen.isFrontCamera)
    }
}
