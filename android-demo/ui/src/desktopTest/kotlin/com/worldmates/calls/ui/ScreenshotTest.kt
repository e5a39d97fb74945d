package com.worldmates.calls.ui

import java.awt.image.BufferedImage
import java.io.File
import javax.imageio.ImageIO
import org.junit.Assert.fail
import org.junit.Test
import org.junit.runner.RunWith
import org.junit.runners.Parameterized

/**
 * Every screen looks as it did. `-Dscreenshots=update` rewrites the pictures, `-Dscreenshots=look` writes them twice as
 * large into `target/look` for people to look at.
 */
@RunWith(Parameterized::class)
internal class ScreenshotTest(private val shot: Shot) {
    @Test
    fun a_screen_looks_as_it_did() {
        when (val mode = System.getProperty("screenshots") ?: "compare") {
            "update" -> writeSmallPng(shot.render(), File(kept, "${shot.name}.png"), step = 4)
            "look" -> writePng(shot.render(density = 2f), File("target/look/${shot.name}.png"))
            "compare" -> compare()
            else -> fail("-Dscreenshots=$mode: update, look or compare")
        }
    }

    private fun compare() {
        val file = File(kept, "${shot.name}.png")
        if (!file.exists()) return fail("no picture of ${shot.name} is kept: run with -Dscreenshots=update and look at it")
        val was = ImageIO.read(file)
        val now = shot.render()
        val difference = Difference.between(was, now)
        if (difference.isSeen) {
            val shown = File("target/screenshot-differences/${shot.name}.png")
            writePng(difference.sideBySide(), shown)
            fail("${shot.name} looks different (${difference.summary}): was, is, and where: ${shown.absolutePath}")
        }
    }

    companion object {
        private val kept = File("src/desktopTest/screenshots")

        @JvmStatic
        @Parameterized.Parameters(name = "{0}")
        fun shots(): List<Shot> = allShots
    }
}

/** Fewer bits a colour: the eye hardly sees it, the comparison overlooks it, and the file is half as large. */
internal fun writeSmallPng(image: BufferedImage, file: File, step: Int) {
    val small = BufferedImage(image.width, image.height, BufferedImage.TYPE_INT_RGB)
    for (y in 0 until image.height) for (x in 0 until image.width) {
        val rgb = image.getRGB(x, y)
        fun rounded(shift: Int): Int = ((rgb shr shift and 0xFF) + step / 2).coerceAtMost(0xFF) / step * step shl shift
        small.setRGB(x, y, rounded(16) or rounded(8) or rounded(0))
    }
    writePng(small, file)
}

internal fun writePng(image: BufferedImage, file: File) {
    file.absoluteFile.parentFile.mkdirs()
    ImageIO.write(image, "png", file)
}
