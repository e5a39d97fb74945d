package com.worldmates.calls.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.ImageComposeScene
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.platform.Font
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.LayoutDirection
import com.worldmates.calls.Language
import com.worldmates.calls.ui.layout.Fold
import com.worldmates.calls.ui.layout.LocalFold
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.theme.CallsTheme
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import javax.imageio.ImageIO
import org.jetbrains.skia.EncodedImageFormat

/** One picture to take: what, on how large a screen, for whom. */
internal class Shot(
    val name: String,
    val width: Int = 360,
    val height: Int = 760,
    val isDark: Boolean = false,
    val language: Language = Language.UK,
    val isRtl: Boolean = false,
    val fontScale: Float = 1f,
    val fold: Fold? = null,
    val content: @Composable () -> Unit,
) {
    override fun toString(): String = name

    fun render(density: Float = 1f): BufferedImage {
        val scene = ImageComposeScene((width * density).toInt(), (height * density).toInt(), Density(density)) { Dressed() }
        try {
            // Places that depend on other places settle within two frames, springs within the third.
            listOf(0L, 16_000_000L, 32_000_000L).forEach { scene.render(it) }
            val png = scene.render(SETTLED_NANOS).encodeToData(EncodedImageFormat.PNG) ?: error("$name: no PNG")
            return ImageIO.read(ByteArrayInputStream(png.bytes))
        } finally {
            scene.close()
        }
    }

    @Composable
    fun Dressed() {
        val density = LocalDensity.current
        CompositionLocalProvider(
            LocalDensity provides Density(density.density, fontScale),
            LocalLayoutDirection provides if (isRtl) LayoutDirection.Rtl else LayoutDirection.Ltr,
            LocalFold provides fold,
            LocalVideoSource provides FakeVideo,
        ) { CallsTheme(language, isDark, testFont, content) }
    }
}

private const val SETTLED_NANOS = 4_000_000_000L

/** A font of our own, so that every machine draws the same letters. */
internal val testFont: FontFamily = FontFamily(
    font("Regular", FontWeight.Normal), font("Medium", FontWeight.Medium), font("SemiBold", FontWeight.SemiBold),
)

private fun font(name: String, weight: FontWeight) =
    Font("Rubik-$name", Shot::class.java.getResourceAsStream("/fonts/Rubik-$name.ttf")?.readBytes() ?: error("no font $name"), weight)
