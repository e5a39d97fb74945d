@file:OptIn(ExperimentalTestApi::class)

package com.worldmates.calls.ui

import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.runDesktopComposeUiTest
import androidx.compose.ui.text.TextLayoutResult
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** What everybody needs of every screen, measured on all of those that pictures are taken of. */
internal class AccessibilityTest {
    private fun everyScreen(shots: List<Shot> = allShots, check: ComposeUiTest.(Shot) -> Unit) = shots.forEach { shot ->
        runDesktopComposeUiTest(shot.width, shot.height) {
            setContent { shot.Dressed() }
            check(shot)
        }
    }

    private fun ComposeUiTest.all(useUnmergedTree: Boolean = false): List<SemanticsNode> =
        onAllNodes(SemanticsMatcher("any") { true }, useUnmergedTree).fetchSemanticsNodes()

    @Test
    fun whatever_can_be_pressed_is_as_large_as_a_finger_and_has_a_name() = everyScreen { shot ->
        val pressable = all().filter { SemanticsActions.OnClick in it.config && SemanticsActions.SetText !in it.config }

        pressable.forEach { node ->
            val name = node.words() + node.config.getOrNull(SemanticsProperties.ContentDescription).orEmpty()
            assertTrue("${shot.name}: ${node.tag()} has no name", name.any { it.isNotBlank() })
            assertTrue("${shot.name}: $name is ${node.size}", node.size.width >= FINGER && node.size.height >= FINGER)
        }
    }

    @Test
    fun whatever_can_be_pressed_says_what_it_is() = everyScreen { shot ->
        all().filter { SemanticsActions.OnClick in it.config && SemanticsActions.SetText !in it.config }.forEach { node ->
            assertTrue("${shot.name}: ${node.tag()} ${node.words()}", SemanticsProperties.Role in node.config)
        }
    }

    @Test
    fun what_is_on_or_off_says_so() = everyScreen { shot ->
        all().filter { it.tag() in listOf("mute", "camera", "sound", "more") }.forEach { node ->
            assertTrue("${shot.name}: ${node.tag()}", SemanticsProperties.StateDescription in node.config)
        }
    }

    @Test
    fun each_screen_has_a_heading() = everyScreen { shot ->
        // A lone face has its name in the middle; it is the screen.
        if (shot.name.startsWith("audio") || shot.name.endsWith("tiny")) return@everyScreen
        assertTrue(shot.name, all(useUnmergedTree = true).any { SemanticsProperties.Heading in it.config })
    }

    @Test
    fun changes_of_the_call_are_said_aloud() = everyScreen(allShots.filter { shot -> SPOKEN.any { it in shot.name } }) { shot ->
        assertTrue(shot.name, all().any { SemanticsProperties.LiveRegion in it.config })
    }

    @Test
    fun no_word_is_cut_or_broken_not_even_at_twice_the_size_of_text() {
        val shots = allShots.filter { !it.isDark && it.fontScale == 1f }
            .map { Shot("${it.name} at 2.0", it.width, it.height, language = it.language, fontScale = 2f, fold = it.fold, content = it.content) }
        val faults = mutableListOf<String>()
        // The narrowest phones only as they are: few who need letters of twice the size have those.
        everyScreen(allShots + shots.filter { it.width >= 360 }) { shot ->
            all(useUnmergedTree = true).filter { it.tag() != "name" && SemanticsActions.SetText !in it.config }.forEach { node ->
                val layouts = mutableListOf<TextLayoutResult>()
                node.config.getOrNull(SemanticsActions.GetTextLayoutResult)?.action?.invoke(layouts)
                layouts.forEach { layout ->
                    val text = layout.layoutInput.text.text
                    // Names of people are as long as they are.
                    if (Fixtures.LONG_NAME.substringBefore(' ') in text) return@forEach
                    val brokenAt = (0 until layout.lineCount - 1).map { layout.getLineEnd(it) }
                        .firstOrNull { it < text.length && text[it - 1].isLetter() && text[it].isLetter() }
                    if (layout.isCut()) faults += "${shot.name}: cut: $text"
                    if (brokenAt != null) faults += "${shot.name}: broken: ${text.substring(0, brokenAt)}|${text.substring(brokenAt)}"
                }
            }
        }
        assertEquals(faults.joinToString("\n", "\n"), 0, faults.size)
    }

    private fun TextLayoutResult.isCut(): Boolean = didOverflowHeight ||
        (0 until lineCount).any { isLineEllipsized(it) || getLineRight(it) - getLineLeft(it) > size.width + 1 }

    private fun SemanticsNode.tag(): String = config.getOrNull(SemanticsProperties.TestTag).orEmpty()
    private fun SemanticsNode.words(): List<String> = config.getOrNull(SemanticsProperties.Text).orEmpty().map { it.text }

    private companion object {
        /** In dp, which are pixels here. */
        const val FINGER = 48
        val SPOKEN = listOf("reconnecting", "held", "incoming", "outgoing", "ended", "idle", "poor-network")
    }
}
