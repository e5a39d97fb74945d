package com.worldmates.calls.app.pictures

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import javax.imageio.ImageIO
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.shadows.ShadowBitmapFactory

@RunWith(RobolectricTestRunner::class)
class PhotographTest {
    @Test
    fun `a photograph is made small, and never smaller than a face on the screen`() {
        assertEquals(listOf(1, 1, 2, 4, 8), listOf(100, 799, 800, 1_600, 3_200).map { photographStep(it, it) })
        for (width in listOf(1, 399, 400, 1_000, 4_000, 20_000)) {
            for (height in listOf(1, 399, 400, 1_000, 4_000, 20_000)) {
                val step = requireNotNull(photographStep(width, height))
                assertTrue("$width x $height by $step", width / step * (height / step) <= 1_600 * 1_600)
            }
        }
    }

    @Test
    fun `what says that it is larger than any photograph is none`() {
        assertNull(photographStep(20_001, 10))
        assertNull(photographStep(10, Int.MAX_VALUE))
        assertNull(photographStep(-1, -1))
        assertNull(photographStep(0, 5))
    }

    @Test
    fun `a picture is read, and anything else is not`() {
        val png = ByteArrayOutputStream().also { ImageIO.write(BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB), "png", it) }.toByteArray()

        // Else Robolectric makes a picture of anything.
        ShadowBitmapFactory.setAllowInvalidImageData(false)
        assertNotNull(photographOf(png))
        assertNull(photographOf("<html>no such photograph</html>".toByteArray()))
        assertNull(photographOf(ByteArray(0)))
    }
}
