package com.worldmates.calls.app.pictures

import com.worldmates.calls.PictureSize
import org.junit.Assert.assertEquals
import org.junit.Test

/** A picture keeps its shape, whatever the shape of its place. */
class PictureViewTest {
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
