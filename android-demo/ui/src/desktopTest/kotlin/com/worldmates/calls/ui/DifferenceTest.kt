package com.worldmates.calls.ui

import java.awt.Color
import java.awt.image.BufferedImage
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** The comparison of pictures can fail, and does when it should. */
internal class DifferenceTest {
    private fun picture(width: Int = 100, height: Int = 100, paint: (BufferedImage) -> Unit = {}) =
        BufferedImage(width, height, BufferedImage.TYPE_INT_RGB).also(paint)

    private fun BufferedImage.fill(color: Color, left: Int, top: Int, width: Int, height: Int) = createGraphics().run {
        this.color = color
        fillRect(left, top, width, height)
        dispose()
    }

    @Test
    fun the_same_picture_is_the_same() {
        assertFalse(Difference.between(picture(), picture()).isSeen)
    }

    @Test
    fun a_shade_and_a_few_pixels_are_not_seen() {
        val shade = picture { it.fill(Color(20, 20, 20), 0, 0, 100, 100) }
        val dots = picture { it.fill(Color.WHITE, 3, 3, 4, 4) }

        assertFalse(Difference.between(picture(), shade).isSeen)
        assertFalse(Difference.between(picture(), dots).isSeen)
    }

    @Test
    fun a_word_that_is_gone_is_seen_and_marked_red() {
        val word = picture { it.fill(Color.WHITE, 10, 10, 20, 4) }

        val difference = Difference.between(picture(), word)

        assertTrue(difference.isSeen)
        val shown = difference.sideBySide()
        assertEquals(332, shown.width)
        assertEquals(0xFF2020, shown.getRGB(100 + 16 + 100 + 16 + 15, 12) and 0xFFFFFF)
    }

    @Test
    fun another_size_is_seen() {
        assertTrue(Difference.between(picture(), picture(101)).isSeen)
    }
}
