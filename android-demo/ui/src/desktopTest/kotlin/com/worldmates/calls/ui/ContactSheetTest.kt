package com.worldmates.calls.ui

import java.awt.Color
import java.awt.Image
import java.awt.RenderingHints
import java.awt.geom.RoundRectangle2D
import java.awt.image.BufferedImage
import java.io.File
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test

/** The picture of the screens that the documentation shows. It is made with the others, by `-Dscreenshots=update`. */
internal class ContactSheetTest {
    private val sheet = File("../../docs/images/screens.png")

    @Test
    fun the_sheet_of_the_documentation_is_made_with_the_pictures() {
        assumeTrue(System.getProperty("screenshots") == "update")

        val shots = SHOWN.map { name -> allShots.first { it.name == name } }
        writeSmallPng(draw(shots.map { it.render(density = 1.5f) }), sheet, step = 2)

        assertTrue("${sheet.length()} bytes", sheet.length() < 400_000)
    }

    private fun draw(pictures: List<BufferedImage>): BufferedImage {
        val rows = pictures.chunked(COLUMNS)
        val out = BufferedImage(COLUMNS * (WIDE + GAP) + GAP, rows.size * (TALL + GAP) + GAP, BufferedImage.TYPE_INT_RGB)
        val paint = out.createGraphics()
        paint.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON)
        paint.color = Color(0xE9, 0xEC, 0xEA)
        paint.fillRect(0, 0, out.width, out.height)
        rows.forEachIndexed { row, inRow ->
            inRow.forEachIndexed { column, picture ->
                val left = GAP + column * (WIDE + GAP)
                val top = GAP + row * (TALL + GAP)
                paint.clip = RoundRectangle2D.Float(left.toFloat(), top.toFloat(), WIDE.toFloat(), TALL.toFloat(), 22f, 22f)
                paint.drawImage(picture.getScaledInstance(WIDE, TALL, Image.SCALE_AREA_AVERAGING), left, top, null)
            }
        }
        paint.dispose()
        return out
    }

    private companion object {
        const val COLUMNS = 5
        const val WIDE = 208
        const val TALL = 439
        const val GAP = 16
        val SHOWN = listOf(
            "idle", "incoming-video", "outgoing-ringing-dark", "audio", "audio-routes", "video-gradient", "video-neon", "group-09",
            "spotlight", "messages",
        )
    }
}
