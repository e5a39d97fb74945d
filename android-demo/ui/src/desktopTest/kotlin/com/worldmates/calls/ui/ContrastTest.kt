package com.worldmates.calls.ui

import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.luminance
import com.worldmates.calls.ui.theme.DarkPalette
import com.worldmates.calls.ui.theme.LightPalette
import com.worldmates.calls.ui.theme.contrastChecks
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

internal class ContrastTest {
    @Test
    fun every_pair_in_use_has_the_contrast_of_AA_by_day_and_by_night() {
        val tooWeak = listOf("light" to LightPalette, "dark" to DarkPalette).flatMap { (name, palette) ->
            palette.contrastChecks().filter { contrast(it.foreground, it.background) < it.atLeast }
                .map { "$name, ${it.name}: %.2f, needs ${it.atLeast}".format(contrast(it.foreground, it.background)) }
        }

        assertTrue(tooWeak.joinToString("\n", "\n"), tooWeak.isEmpty())
    }

    @Test
    fun the_measure_is_that_of_WCAG() {
        assertEquals(21.0, contrast(Color.White, Color.Black), 0.01)
        assertEquals(4.54, contrast(Color(0xFF767676), Color.White), 0.01)
    }

    private fun contrast(one: Color, other: Color): Double {
        val (dark, light) = listOf(one.luminance().toDouble(), other.luminance().toDouble()).sorted()
        return (light + 0.05) / (dark + 0.05)
    }
}
