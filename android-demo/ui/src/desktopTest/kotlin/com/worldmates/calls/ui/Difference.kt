package com.worldmates.calls.ui

import java.awt.Color
import java.awt.image.BufferedImage
import kotlin.math.abs

/** What differs between two pictures, to the eye: single pixels of a letter's edge do not count. */
internal class Difference private constructor(private val was: BufferedImage, private val now: BufferedImage, private val marked: BooleanArray) {
    private val isOtherSize = was.width != now.width || was.height != now.height
    private val count = marked.count { it }

    /** One pixel in five hundred may differ by more than a shade. */
    val isSeen: Boolean get() = isOtherSize || count > marked.size / 500

    val summary: String
        get() = if (isOtherSize) "${was.width}x${was.height}, now ${now.width}x${now.height}" else "$count of ${marked.size} pixels"

    /** The old picture, the new one, and the new one in grey with what differs in red. */
    fun sideBySide(): BufferedImage {
        val wide = maxOf(was.width, now.width)
        val out = BufferedImage(wide * 3 + 32, maxOf(was.height, now.height), BufferedImage.TYPE_INT_RGB)
        val paint = out.createGraphics()
        paint.color = Color(0x80, 0x80, 0x80)
        paint.fillRect(0, 0, out.width, out.height)
        paint.drawImage(was, 0, 0, null)
        paint.drawImage(now, wide + 16, 0, null)
        paint.dispose()
        for (y in 0 until now.height) for (x in 0 until now.width) {
            val isMarked = isOtherSize || marked[y * now.width + x]
            val grey = Color(now.getRGB(x, y)).run { (red + green + blue) / 6 + 96 }
            out.setRGB(wide * 2 + 32 + x, y, if (isMarked && !isOtherSize) 0xFF2020 else Color(grey, grey, grey).rgb)
        }
        return out
    }

    companion object {
        /** A shade: what another rounding of a gradient or a letter's edge makes. */
        private const val SHADE = 24

        fun between(was: BufferedImage, now: BufferedImage): Difference {
            if (was.width != now.width || was.height != now.height) return Difference(was, now, BooleanArray(0))
            val marked = BooleanArray(now.width * now.height) { at ->
                val old = was.getRGB(at % now.width, at / now.width)
                val new = now.getRGB(at % now.width, at / now.width)
                listOf(16, 8, 0).any { shift -> abs((old shr shift and 0xFF) - (new shr shift and 0xFF)) > SHADE }
            }
            return Difference(was, now, marked)
        }
    }
}
