@file:OptIn(ExperimentalTestApi::class)

package com.worldmates.calls.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.assertIsSelected
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextInput
import androidx.compose.ui.test.performTextReplacement
import androidx.compose.ui.test.runDesktopComposeUiTest
import com.worldmates.calls.EndReason
import com.worldmates.calls.Language
import com.worldmates.calls.ui.screens.CallFrameSettingsScreen
import com.worldmates.calls.ui.screens.EndedScreen
import com.worldmates.calls.ui.screens.IdleScreen
import com.worldmates.calls.ui.screens.MessagesScreen
import com.worldmates.calls.ui.screens.NextStep
import com.worldmates.calls.ui.screens.SettingsScreen
import com.worldmates.calls.ui.screens.nextSteps
import com.worldmates.calls.ui.theme.CallsTheme
import kotlinx.coroutines.flow.MutableStateFlow
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** A phone on which a screen stands. */
internal fun onPhone(content: @Composable () -> Unit, test: ComposeUiTest.() -> Unit) = runDesktopComposeUiTest(360, 760) {
    setContent { CallsTheme(Language.UK, isDark = false, testFont, content) }
    test()
}

internal fun ComposeUiTest.press(tag: String) = onNodeWithTag(tag).performClick()

internal class QuietScreensTest {
    private val actions = RecordingActions()
    private val opened = mutableListOf<String>()

    private fun idle(state: IdleState = Fixtures.idle(), test: ComposeUiTest.() -> Unit) = onPhone({
        IdleScreen(state, actions, onMessages = { opened += "messages ${it.user}" }, onSettings = { opened += "settings" })
    }, test)

    @Test
    fun a_number_is_called_by_voice_or_with_a_picture() = idle {
        onNodeWithTag("number").performTextInput("42")
        press("dial audio")
        press("dial video")

        assertEquals(listOf("dial 42 AUDIO", "dial 42 VIDEO"), actions.asked)
    }

    @Test
    fun what_is_no_number_calls_nobody_and_says_so() = idle {
        onNodeWithTag("number").performTextInput("Олена")
        press("dial audio")

        onNodeWithText("Номер складається лише з цифр.").assertIsDisplayed()
        assertEquals(emptyList<String>(), actions.asked)
    }

    @Test
    fun a_past_call_is_called_again_the_same_way_and_its_person_is_written_to() = idle {
        press("again 1")
        press("again 2")
        press("call with 1")

        assertEquals(listOf("dial 1 VIDEO", "dial 3 AUDIO"), actions.asked)
        assertEquals(listOf("messages 1"), opened)
    }

    @Test
    fun people_are_behind_the_second_half_of_the_switch() = idle {
        press("PEOPLE")
        onNodeWithTag("PEOPLE").assertIsSelected()
        press("audio 2")
        press("video 2")

        assertEquals(listOf("dial 2 AUDIO", "dial 2 VIDEO"), actions.asked)
    }

    @Test
    fun the_question_whether_one_can_be_reached_is_asked_by_its_card() = idle {
        press("check")
        press("settings")

        assertEquals(listOf("check"), actions.asked)
        assertEquals(listOf("settings"), opened)
    }

    @Test
    fun the_answer_says_what_was_found_and_what_to_do() = idle(Fixtures.idle(CheckState.Done(Fixtures.report))) {
        onNodeWithText("Вам можна подзвонити", substring = true).assertIsDisplayed()
        onNodeWithText("Дозвольте камеру в налаштуваннях телефона.").assertIsDisplayed()
        press("check")

        assertEquals(listOf("check"), actions.asked)
    }

    @Test
    fun every_unusual_end_offers_something_to_do_and_each_button_does_it() = EndReason.entries.forEach { reason ->
        val done = mutableListOf<NextStep?>()
        onPhone({
            EndedScreen(
                Fixtures.ended(reason), { done += NextStep.CALL_AGAIN }, { done += NextStep.MESSAGE }, { done += NextStep.SETTINGS }, { done += null },
            )
        }) {
            onNodeWithText(Fixtures.ended(reason).sentence.trimEnd('.'), substring = true).assertIsDisplayed()
            nextSteps(reason).forEach { press(it.name) }
            press("close")
        }
        assertTrue("$reason", nextSteps(reason).isNotEmpty())
        assertEquals("$reason", nextSteps(reason) + null, done)
    }

    @Test
    fun after_a_call_of_a_group_one_can_call_again_but_writes_to_nobody() {
        val ended = Fixtures.ended(EndReason.ROOM_FULL)

        assertEquals(listOf(NextStep.CALL_AGAIN), nextSteps(ended.copy(call = Fixtures.group(3)), canWrite = true))
        assertEquals(listOf(NextStep.CALL_AGAIN, NextStep.MESSAGE), nextSteps(ended, canWrite = true))
        assertEquals("where nothing carries messages", listOf(NextStep.CALL_AGAIN), nextSteps(ended, canWrite = false))
    }

    @Test
    fun what_can_be_put_right_has_a_button_that_leads_there_and_nothing_else_has() = idle(Fixtures.idle(Fixtures.checked)) {
        onNodeWithTag("mend Сервер").assertDoesNotExist()
        onNodeWithTag("mend Камера").performScrollTo()
        press("mend Камера")

        assertEquals(listOf("mend Камера"), actions.asked)
    }

    @Test
    fun a_past_call_of_a_group_calls_the_group_and_writes_to_nobody() {
        val ofGroup = Fixtures.history[1].copy(with = Contact(9, "Сімейна рада"), group = 9)
        val unnamed = ofGroup.copy(id = 77, with = Contact(8, ""), group = 8)
        idle(Fixtures.idle().copy(history = listOf(ofGroup, unnamed))) {
            onNodeWithText("Сімейна рада").performClick()
            onNodeWithText("Груповий дзвінок").assertIsDisplayed()
            press("again ${ofGroup.id}")
        }

        assertEquals(listOf("dial group 9 AUDIO"), actions.asked)
        assertEquals(emptyList<String>(), opened)
    }

    /** Carries messages to itself. */
    private class Echo : MessageTransport {
        override val messages = MutableStateFlow(emptyList<Message>())
        override fun send(text: String) {
            val id = messages.value.size + 1L
            messages.value += Message(id, isMine = true, Fixtures.now, MessageContent.Words(text))
        }
    }

    private fun conversation(holder: FakeHolder, transport: MessageTransport? = null, test: ComposeUiTest.() -> Unit) = onPhone({
        MessagesScreen(Fixtures.contacts[0], holder, transport, { opened += "call" }, { opened += "back" })
    }, test)

    @Test
    fun in_a_conversation_the_two_buttons_call_at_once() {
        val holder = FakeHolder()
        conversation(holder) {
            press("call audio")
            press("call video")
            press("back")
        }

        assertEquals(listOf("dial 1 AUDIO", "dial 1 VIDEO"), holder.asked)
        assertEquals(listOf("back"), opened)
    }

    @Test
    fun a_message_is_sent_once_and_spaces_are_no_message() {
        val transport = Echo()
        conversation(FakeHolder(), transport) {
            onNodeWithTag("draft").performTextInput("   ")
            onNodeWithTag("send").assertIsNotEnabled()
            onNodeWithTag("draft").performTextReplacement("Привіт ")
            press("send")
            onNodeWithText("Привіт").assertIsDisplayed()
            onNodeWithTag("send").assertIsNotEnabled()
        }

        assertEquals(listOf<MessageContent>(MessageContent.Words("Привіт")), transport.messages.value.map { it.content })
    }

    @Test
    fun without_a_way_to_send_there_is_nothing_to_write_with_and_the_calls_are_there() {
        val holder = FakeHolder()
        conversation(holder) {
            onNodeWithTag("draft").assertDoesNotExist()
            onNodeWithText("Пропущений", substring = true).performClick()
        }

        assertEquals(listOf("dial 1 VIDEO"), holder.asked)
    }

    @Test
    fun a_conversation_leads_back_to_the_call_that_goes_on_and_calls_nobody_twice() {
        val holder = FakeHolder().apply { state.value = Fixtures.active(Fixtures.call()).active }
        conversation(holder) {
            press("back to call")
            press("call audio")
        }

        assertEquals(listOf("call", "call"), opened)
        assertEquals(emptyList<String>(), holder.asked)
    }

    @Test
    fun a_call_among_the_messages_is_called_again() = onPhone({
        MessagesScreen(Fixtures.conversation(), { actions.dial(1, it) }, {}, {}, {}, {})
    }) {
        onNodeWithText("Відеодзвінок", substring = true).performClick()

        assertEquals(listOf("dial 1 VIDEO"), actions.asked)
    }

    @Test
    fun settings_change_at_once() {
        var preferences by mutableStateOf(Preferences())
        onPhone({ SettingsScreen(preferences, CheckState.NotAsked, { preferences = it }, { opened += "frames" }, actions::check, { opened += "back" }) }) {
            press("statistics")
            press("choose RU")
            onNodeWithTag("choose RU").assertIsSelected()
            onNodeWithTag("choose DARK").performScrollTo()
            press("choose DARK")
            onNodeWithTag("check").performScrollTo()
            press("check")
            onNodeWithTag("frames").performScrollTo()
            press("frames")
            press("back")
        }

        assertEquals(Preferences(language = Language.RU, appearance = Appearance.DARK, isStatsShown = true), preferences)
        assertEquals(listOf("frames", "back"), opened)
        assertEquals(listOf("check"), actions.asked)
    }

    @Test
    fun each_frame_can_be_chosen() {
        var frame by mutableStateOf(FrameStyle.PLAIN)
        onPhone({ CallFrameSettingsScreen(frame, { frame = it }, {}) }) {
            FrameStyle.entries.forEach { style ->
                onNodeWithTag(style.name).performScrollTo()
                press(style.name)
                onNodeWithTag(style.name).assertIsSelected()
                assertEquals(style, frame)
            }
        }
    }
}
