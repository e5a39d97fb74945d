package com.worldmates.calls.ui.theme

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Shapes
import androidx.compose.material3.Typography
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.ReadOnlyComposable
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.style.TextDirection
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import com.worldmates.calls.Language
import com.worldmates.calls.ui.text.LocalStrings
import com.worldmates.calls.ui.text.stringsOf

/** What every screen of calls stands in: colours, letters, shapes, and the language of its words. */
@Composable
public fun CallsTheme(
    language: Language,
    isDark: Boolean = isSystemInDarkTheme(),
    fontFamily: FontFamily = FontFamily.Default,
    content: @Composable () -> Unit,
) {
    CompositionLocalProvider(LocalStrings provides stringsOf(language), LocalFontFamily provides fontFamily) {
        Painted(if (isDark) DarkPalette else LightPalette, content)
    }
}

/** A call with pictures is dark by day as well: nothing beside a face may outshine it. */
@Composable
internal fun StageTheme(content: @Composable () -> Unit): Unit = Painted(DarkPalette, content)

/** The colours of calls in the theme around. */
internal val callsPalette: CallsPalette
    @Composable @ReadOnlyComposable get() = LocalCallsPalette.current

internal val LocalCallsPalette = staticCompositionLocalOf { LightPalette }
private val LocalFontFamily = staticCompositionLocalOf<FontFamily> { FontFamily.Default }

@Composable
private fun Painted(palette: CallsPalette, content: @Composable () -> Unit) {
    CompositionLocalProvider(LocalCallsPalette provides palette) {
        val typography = callsTypography(LocalFontFamily.current, LocalDensity.current.fontScale)
        MaterialTheme(palette.scheme, shapes = callsShapes, typography = typography, content = content)
    }
}

private val callsShapes = Shapes(
    extraSmall = RoundedCornerShape(8.dp),
    small = RoundedCornerShape(12.dp),
    medium = RoundedCornerShape(18.dp),
    large = RoundedCornerShape(24.dp),
    extraLarge = RoundedCornerShape(32.dp),
)

/** Digits of one width, so that a running clock does not tremble. */
internal const val EVEN_DIGITS: String = "tnum"

/**
 * What is large already need not become twice as large for somebody who asks for large text: words of a heading would break
 * in the middle. Small text grows in full, headings by half of it.
 */
private fun growth(size: Int, fontScale: Float): Float {
    if (fontScale <= 1f) return 1f
    val part = when {
        size >= 24 -> 0.5f
        size >= 20 -> 0.6f
        size >= 15 -> 0.8f
        else -> 1f
    }
    return (1 + (fontScale - 1) * part) / fontScale
}

private fun callsTypography(family: FontFamily, fontScale: Float): Typography {
    fun style(size: Int, line: Int, weight: FontWeight): TextStyle {
        val growth = growth(size, fontScale)
        return TextStyle(
            fontFamily = family, fontSize = size.sp * growth, lineHeight = line.sp * growth, fontWeight = weight,
            // A sentence runs as its letters do, whatever way the screen is laid out: else its full stop goes to the wrong end.
            textDirection = TextDirection.Content,
        )
    }
    return Typography(
        displayLarge = style(52, 60, FontWeight.SemiBold),
        displayMedium = style(44, 52, FontWeight.SemiBold),
        displaySmall = style(36, 44, FontWeight.SemiBold),
        headlineLarge = style(32, 40, FontWeight.SemiBold),
        headlineMedium = style(28, 34, FontWeight.SemiBold),
        headlineSmall = style(24, 30, FontWeight.SemiBold),
        titleLarge = style(20, 26, FontWeight.SemiBold),
        titleMedium = style(16, 22, FontWeight.Medium),
        titleSmall = style(14, 20, FontWeight.Medium),
        bodyLarge = style(16, 24, FontWeight.Normal),
        bodyMedium = style(14, 20, FontWeight.Normal),
        bodySmall = style(12, 16, FontWeight.Normal),
        labelLarge = style(15, 20, FontWeight.Medium),
        labelMedium = style(13, 18, FontWeight.Medium),
        labelSmall = style(12, 16, FontWeight.Medium),
    )
}
