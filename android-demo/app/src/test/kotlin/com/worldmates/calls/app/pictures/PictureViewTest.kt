package com.worldmates.calls.app.pictures

import android.app.Application
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.PictureSize
import com.worldmates.calls.RgbaPicture
import com.worldmates.calls.app.ScriptedCalls
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** A picture keeps its shape, whatever the shape of its place. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = Application::class)
class PictureViewTest {
    /** Somebody whose camera is turned. */
    private class Turning(override var size: PictureSize?) : PictureFeed {
        override fun next(): RgbaPicture? = null
    }

    @Test
    fun `the view follows the size of each new picture, and of its place`() {
        val feed = Turning(size = null)
        val view = PictureView(RuntimeEnvironment.getApplication(), ScriptedCalls().also { it.feed = feed }, call = 1, user = 2)
        val texture = SurfaceTexture(0)
        val scales = {
            val values = FloatArray(9)
            view.getTransform(null).getValues(values)
            values[Matrix.MSCALE_X] to values[Matrix.MSCALE_Y]
        }
        view.layout(0, 0, 400, 400)

        view.onSurfaceTextureUpdated(texture)
        assertEquals(1f to 1f, scales())
        feed.size = PictureSize(800, 400)
        view.onSurfaceTextureUpdated(texture)
        assertEquals(2f to 1f, scales())
        feed.size = PictureSize(400, 800)
        view.onSurfaceTextureUpdated(texture)
        assertEquals(1f to 2f, scales())
        view.isWhole = true
        assertEquals(0.5f to 1f, scales())
        view.layout(0, 0, 200, 400)
        view.onSurfaceTextureSizeChanged(texture, 200, 400)
        assertEquals(1f to 1f, scales())
    }

    private fun shown(picture: PictureSize, place: PictureSize, isWhole: Boolean): PictureSize {
        val (across, down) = stretchFor(picture, place, isWhole)
        return PictureSize(Math.round(place.width * across), Math.round(place.height * down))
    }

    @Test
    fun `a face fills its place, and a screen is seen whole`() {
        val lying = PictureSize(1280, 720)
        val standing = PictureSize(720, 1280)
        val place = PictureSize(400, 400)

        assertEquals(PictureSize(711, 400), shown(lying, place, isWhole = false))
        assertEquals(PictureSize(400, 225), shown(lying, place, isWhole = true))
        assertEquals(PictureSize(400, 711), shown(standing, place, isWhole = false))
        assertEquals(PictureSize(225, 400), shown(standing, place, isWhole = true))
    }

    @Test
    fun `no picture is stretched, and none leaves a gap unless it is to be whole`() {
        val sides = listOf(90, 320, 333, 1080, 2400)
        val sizes = sides.flatMap { width -> sides.map { PictureSize(width, it) } }
        for (picture in sizes) {
            for (place in sizes) {
                val (across, down) = stretchFor(picture, place, isWhole = false)
                val (less, lower) = stretchFor(picture, place, isWhole = true)
                val shape = picture.width.toFloat() / picture.height

                assertEquals(shape, place.width * across / (place.height * down), shape / 1_000)
                assertEquals(shape, place.width * less / (place.height * lower), shape / 1_000)
                assertEquals(1f, minOf(across, down), 0.001f)
                assertEquals(1f, maxOf(less, lower), 0.001f)
            }
        }
    }
}
