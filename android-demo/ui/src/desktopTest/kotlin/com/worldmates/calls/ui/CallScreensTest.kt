@file:OptIn(ExperimentalTestApi::class)

package com.worldmates.calls.ui

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.width
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsNodeInteraction
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsOff
import androidx.compose.ui.test.assertIsOn
import androidx.compose.ui.test.hasTestTag
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.test.runDesktopComposeUiTest
import androidx.compose.ui.test.swipe
import androidx.compose.ui.test.swipeLeft
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.Language
import com.worldmates.calls.Picture
import com.worldmates.calls.SoundLevels
import com.worldmates.calls.ui.parts.ControlBar
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.screens.ActiveScreen
import com.worldmates.calls.ui.screens.IncomingScreen
import com.worldmates.calls.ui.screens.OutgoingScreen
import com.worldmates.calls.ui.theme.CallsTheme
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

internal class CallScreensTest {
    private val actions = RecordingActions()
    private var state by mutableStateOf(Fixtures.active(Fixtures.call()))
    private var view by mutableStateOf(CallView())
    private val video = Fixtures.call(type = CallType.VIDEO, picture = Picture.CAMERA)

    private fun active(first: ActiveState = state, test: ComposeUiTest.() -> Unit) {
        state = first
        onPhone({ CompositionLocalProvider(LocalVideoSource provides FakeVideo) { ActiveScreen(state, actions, view = view, onView = { view = it }) } }, test)
    }

    private fun ComposeUiTest.exists(tag: String) = onAllNodesTagged(tag) > 0
    private fun ComposeUiTest.onAllNodesTagged(tag: String) =
        onAllNodes(hasTestTag(tag)).fetchSemanticsNodes().size

    @Test
    fun a_video_call_has_three_answers() = onPhone({ IncomingScreen(Fixtures.incoming(CallType.VIDEO), actions) }) {
        onNodeWithText("Вхідний відеодзвінок").assertIsDisplayed()
        press("accept video")
        press("accept audio")
        press("decline")

        assertEquals(listOf("accept VIDEO", "accept AUDIO", "reject"), actions.asked)
    }

    @Test
    fun a_call_by_voice_offers_no_camera() = onPhone({ IncomingScreen(Fixtures.incoming(CallType.AUDIO), actions) }) {
        assertTrue(!exists("accept video"))
        press("accept audio")

        assertEquals(listOf("accept AUDIO"), actions.asked)
    }

    @Test
    fun a_second_call_says_what_becomes_of_the_first() = onPhone({
        IncomingScreen(Fixtures.incoming(CallType.AUDIO, other = Fixtures.call(people = listOf(Fixtures.participant(2)), id = 2)), actions)
    }) {
        onNodeWithText("Ви розмовляєте: Марта Шевченко", substring = true).assertIsDisplayed()
        onNodeWithText("Якщо приймете, та розмова стане на паузу.", substring = true).assertIsDisplayed()
    }

    @Test
    fun calling_somebody_says_how_far_it_has_come() {
        var call by mutableStateOf<CallState>(CallState.Dialing)
        onPhone({ OutgoingScreen(Fixtures.outgoing(call), Fixtures.surroundings, actions) }) {
            onNodeWithText("Дзвонимо…").assertIsDisplayed()
            call = CallState.RingingThere(0)
            onNodeWithText("Будимо телефон…").assertIsDisplayed()
            call = CallState.RingingThere(1)
            onNodeWithText("Дзвонить…").assertIsDisplayed()
            call = CallState.RingingThere(3)
            onNodeWithText("Дзвонить на 3 пристроях…").assertIsDisplayed()
            press("mute")
            press("camera")
            press("hangup")
        }

        assertEquals(listOf("mute", "camera", "hang up"), actions.asked)
    }

    @Test
    fun the_buttons_at_hand_do_what_they_say() = active {
        onNodeWithTag("mute").assertIsOff()
        press("mute")
        press("camera")
        press("hangup")

        assertEquals(listOf("mute", "camera", "hang up"), actions.asked)
    }

    @Test
    fun a_closed_microphone_is_shown_from_the_state_and_not_from_the_press() = active {
        press("mute")
        onNodeWithTag("mute").assertIsOff()

        state = Fixtures.active(Fixtures.call(isMuted = true))

        onNodeWithTag("mute").assertIsOn()
    }

    @Test
    fun sound_shows_the_confirmed_route_and_the_wished_one_as_pending() = active(
        Fixtures.active(Fixtures.call(), Fixtures.surroundings.copy(routes = Fixtures.pendingRoutes)),
    ) {
        press("sound")
        onNodeWithText("Перемикаємо…", substring = true).assertIsDisplayed()
        val speaker = onNodeWithText("Динамік").fetchSemanticsNode()
        assertEquals(true, speaker.config[SemanticsProperties.Selected])
        onNodeWithText("Телефон").performClick()

        assertEquals(listOf("route earpiece"), actions.asked)
    }

    @Test
    fun everything_seldom_is_behind_more() = active(
        Fixtures.active(video, other = Fixtures.call(people = listOf(Fixtures.participant(2)), id = 2)),
    ) {
        listOf("Перейти до розмови: Марта Шевченко", "Пауза", "Показати екран", "Показати статистику").forEach { words ->
            press("more")
            onNodeWithText(words).performClick()
            assertEquals(Panel.NONE, view.panel)
        }

        assertEquals(listOf("swap", "hold", "screen", "statistics true"), actions.asked)
    }

    @Test
    fun the_buttons_of_a_room_stand_in_one_row_however_wide_it_is() {
        var width by mutableIntStateOf(304)
        var density by mutableFloatStateOf(1f)
        runDesktopComposeUiTest(1100, 400) {
            setContent {
                CompositionLocalProvider(LocalDensity provides Density(density)) {
                    CallsTheme(Language.UK, isDark = true, testFont) {
                        Box(Modifier.width(width.dp)) {
                            ControlBar(Fixtures.active(Fixtures.room(3)), actions, CallView(), {}, isUpright = false, isRoomy = false)
                        }
                    }
                }
            }
            listOf(1f, 2.625f).forEach { each ->
                (304..408).forEach { wide ->
                    density = each
                    width = wide
                    waitForIdle()
                    val tops = listOf("mute", "hangup").map { onNodeWithTag(it).fetchSemanticsNode().boundsInRoot.center.y }
                    assertEquals("$wide dp at $each", tops.first(), tops.last(), 1f)
                }
            }
        }
    }

    @Test
    fun hands_are_not_known_in_a_call_of_two() = active(
        Fixtures.active(Fixtures.call(people = listOf(Fixtures.participant(0).copy(handRaisedAt = 1)))),
    ) {
        assertTrue(!exists("hand"))
        press("more")
        assertEquals(0, onAllNodesWithText("Підняти руку").fetchSemanticsNodes().size)
    }

    @Test
    fun what_one_has_to_know_stands_above_the_stage() = active {
        state = Fixtures.active(Fixtures.call(), isReconnecting = true)
        onNodeWithText("Відновлюємо зв’язок…").assertIsDisplayed()
        state = Fixtures.active(Fixtures.call(isHeld = true))
        onNodeWithText("Вас ніхто не чує і не бачить.").assertIsDisplayed()
        state = Fixtures.active(video.copy(picture = Picture.NONE), Fixtures.surroundings.copy(isPictureOffByNetwork = true))
        onNodeWithText("Слабка мережа: без відео, щоб чути одне одного").assertIsDisplayed()
    }

    @Test
    fun our_own_picture_goes_to_the_corner_where_it_is_let_go() = active(Fixtures.active(video)) {
        val before = onNodeWithTag("pip").fetchSemanticsNode().boundsInRoot
        onNodeWithTag("pip").performTouchInput { swipe(center, center + Offset(-200f, -420f)) }
        waitForIdle()
        val after = onNodeWithTag("pip").fetchSemanticsNode().boundsInRoot

        assertTrue("$before, then $after", before.left > 180 && before.top > 380 && after.right < 180 && after.bottom < 380)
    }

    @Test
    fun our_own_picture_moves_without_dragging_as_well_and_switches_the_camera() = active(Fixtures.active(video)) {
        val before = onNodeWithTag("pip").fetchSemanticsNode().boundsInRoot
        val move = onNodeWithTag("pip").fetchSemanticsNode().config[SemanticsActions.CustomActions].single()
        runOnIdle { move.action() }
        waitForIdle()

        assertTrue(onNodeWithTag("pip").fetchSemanticsNode().boundsInRoot.left < before.left)
        onNodeWithContentDescription("Інша камера").performClick()
        assertEquals(listOf("switch camera"), actions.asked)
    }

    @Test
    fun our_own_picture_covers_neither_numbers_nor_controls() = FrameStyle.entries.forEach { frame ->
        active(Fixtures.active(video, Fixtures.surroundings.copy(frame = frame), stats = Fixtures.stats())) {
            repeat(4) {
                val pip = onNodeWithTag("pip").fetchSemanticsNode()
                listOf("stats", "mute", "camera", "sound", "more", "hangup").forEach { tag ->
                    assertTrue("$frame, $tag", !onNodeWithTag(tag).fetchSemanticsNode().boundsInRoot.overlaps(pip.boundsInRoot))
                }
                runOnIdle { pip.config[SemanticsActions.CustomActions].single().action() }
                waitForIdle()
            }
        }
    }

    @Test
    fun without_a_picture_of_ours_there_is_none_in_the_corner() = active(Fixtures.active(video.copy(picture = Picture.NONE))) {
        assertTrue(!exists("pip"))
    }

    @Test
    fun a_pressed_tile_becomes_large_and_pressed_again_small() = active(Fixtures.active(Fixtures.group(3))) {
        press("tile 2")
        assertEquals(StageChoice.One(2), view.stage)
        assertTrue(onNodeWithTag("spotlight").description().any { "Ігор" in it })

        press("thumb 3")
        assertEquals(StageChoice.One(3), view.stage)

        press("spotlight")
        assertEquals(StageChoice.Everyone, view.stage)
        assertTrue(exists("grid"))
    }

    @Test
    fun who_speaks_is_large_and_stays_so_in_a_pause() = active(Fixtures.active(Fixtures.group(3))) {
        fun heard(vararg levels: Pair<Long, Float>) {
            state = Fixtures.active(Fixtures.group(3), Fixtures.surroundings.copy(levels = SoundLevels(0f, mapOf(*levels))))
        }
        press("stage")
        heard(2L to 0.2f, 3L to 0.7f)
        assertTrue(onNodeWithTag("spotlight").description().any { "Марта" in it })

        heard()
        assertTrue(onNodeWithTag("spotlight").description().any { "Марта" in it })

        press("stage")
        assertTrue(exists("grid"))
    }

    @Test
    fun fifty_people_are_on_pages_that_one_leafs_through() = active(Fixtures.active(Fixtures.group(49))) {
        val first = (listOf("me") + (1..49).map { "$it" }).filter { exists("tile $it") }
        assertTrue("$first", first.size in 4..20 && "me" in first)
        onNodeWithContentDescription("Сторінка 1 з", substring = true).assertIsDisplayed()

        onNodeWithTag("grid").performTouchInput { swipeLeft() }
        waitForIdle()

        onNodeWithContentDescription("Сторінка 2 з", substring = true).assertIsDisplayed()
    }

    @Test
    fun in_the_systems_small_window_there_is_a_face_and_nothing_to_press() = runDesktopComposeUiTest(180, 240) {
        setContent { CallsTheme(Language.UK, isDark = false, testFont) { ActiveScreen(Fixtures.active(video), actions) } }

        onNodeWithTag("tiny").assertIsDisplayed()
        listOf("mute", "hangup", "pip").forEach { assertTrue(it, !exists(it)) }
    }

    @Test
    fun alone_in_a_group_one_sees_oneself() = active(Fixtures.active(Fixtures.group(0))) {
        assertTrue(exists("tile me"))
        assertTrue(!exists("stage"))
    }

    private fun SemanticsNodeInteraction.description(): List<String> =
        fetchSemanticsNode().config.getOrElse(SemanticsProperties.ContentDescription) { emptyList() }
}
