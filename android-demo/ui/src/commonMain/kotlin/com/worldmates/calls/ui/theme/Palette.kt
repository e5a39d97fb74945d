package com.worldmates.calls.ui.theme

import androidx.compose.material3.ColorScheme
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Immutable
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.compositeOver

/** A surface and what is written on it. Kept together so that a test can measure every pair that is in use. */
@Immutable
public data class ColorPair(val container: Color, val content: Color)

/** Colours that calls need beside the scheme of Material. */
@Immutable
public data class CallsPalette(
    val isDark: Boolean,
    val scheme: ColorScheme,
    /** The quiet gradient behind a call without pictures, from top to bottom. */
    val backdropTop: Color,
    val backdropBottom: Color,
    val onBackdrop: Color,
    val onBackdropQuiet: Color,
    /** Rings around a face while it rings, drawn over the backdrop. */
    val ripple: Color,
    val accept: ColorPair,
    val hangUp: ColorPair,
    /** A round button in its usual position, and one that is switched over. */
    val control: ColorPair,
    val controlOver: ColorPair,
    /** A tile whose picture is off. */
    val tile: ColorPair,
    /** Words laid over a picture. */
    val chip: ColorPair,
    /** Numbers over a picture: darker than a chip, there is more to read. */
    val numbers: ColorPair,
    val notice: ColorPair,
    val alarm: ColorPair,
    val good: Color,
    val warning: Color,
    val bad: Color,
    val speaking: Color,
    val hand: ColorPair,
    val bubbleMine: ColorPair,
    val bubbleTheirs: ColorPair,
    /** Faces without a photograph: chosen by the person's number. */
    val avatars: List<ColorPair>,
) {
    /** The colours of somebody's face without a photograph; the same person always has the same. */
    public fun avatarOf(user: Long): ColorPair = avatars[user.mod(avatars.size)]
}

private val avatarsLight = listOf(
    ColorPair(Color(0xFFBDE8DF), Color(0xFF00413A)),
    ColorPair(Color(0xFFFFDDB5), Color(0xFF5A3200)),
    ColorPair(Color(0xFFDDDFFF), Color(0xFF2B2F7A)),
    ColorPair(Color(0xFFFFD9D2), Color(0xFF6E1D12)),
    ColorPair(Color(0xFFD3E8B4), Color(0xFF2B4300)),
    ColorPair(Color(0xFFF6D8F0), Color(0xFF5E1A57)),
    ColorPair(Color(0xFFC9E6FA), Color(0xFF003E5E)),
    ColorPair(Color(0xFFEFE2A8), Color(0xFF453A00)),
)

private val avatarsDark = listOf(
    ColorPair(Color(0xFF0F5A50), Color(0xFFC6F5EC)),
    ColorPair(Color(0xFF6B4310), Color(0xFFFFE3C2)),
    ColorPair(Color(0xFF3D428F), Color(0xFFE4E5FF)),
    ColorPair(Color(0xFF833427), Color(0xFFFFE2DC)),
    ColorPair(Color(0xFF3E5B10), Color(0xFFE0F3C4)),
    ColorPair(Color(0xFF713068), Color(0xFFFCE2F7)),
    ColorPair(Color(0xFF0E5479), Color(0xFFD5ECFC)),
    ColorPair(Color(0xFF5C4F0A), Color(0xFFF6EBBB)),
)

/** Morning: warm paper and a deep sea green. */
public val LightPalette: CallsPalette = CallsPalette(
    isDark = false,
    scheme = lightColorScheme(
        primary = Color(0xFF00625A),
        onPrimary = Color(0xFFFFFFFF),
        primaryContainer = Color(0xFFBDEBE3),
        onPrimaryContainer = Color(0xFF00302B),
        secondary = Color(0xFF3E625D),
        onSecondary = Color(0xFFFFFFFF),
        secondaryContainer = Color(0xFFD9ECE7),
        onSecondaryContainer = Color(0xFF08403A),
        tertiary = Color(0xFF4A509C),
        onTertiary = Color(0xFFFFFFFF),
        tertiaryContainer = Color(0xFFE2E3FF),
        onTertiaryContainer = Color(0xFF22276B),
        error = Color(0xFFB3261E),
        onError = Color(0xFFFFFFFF),
        errorContainer = Color(0xFFFBDFDB),
        onErrorContainer = Color(0xFF5C130C),
        background = Color(0xFFF8F6F1),
        onBackground = Color(0xFF171D1B),
        surface = Color(0xFFF8F6F1),
        onSurface = Color(0xFF171D1B),
        surfaceVariant = Color(0xFFE6EAE5),
        onSurfaceVariant = Color(0xFF4A5451),
        surfaceContainerLowest = Color(0xFFFFFFFF),
        surfaceContainerLow = Color(0xFFFDFCF9),
        surfaceContainer = Color(0xFFF0EFE9),
        surfaceContainerHigh = Color(0xFFE9EAE4),
        surfaceContainerHighest = Color(0xFFE1E4DE),
        outline = Color(0xFF6C7774),
        outlineVariant = Color(0xFFCDD4D0),
        inverseSurface = Color(0xFF2B3230),
        inverseOnSurface = Color(0xFFEEF2EF),
        inversePrimary = Color(0xFF84D5CA),
    ),
    backdropTop = Color(0xFFDDEFEA),
    backdropBottom = Color(0xFFF9F3E6),
    onBackdrop = Color(0xFF14211F),
    onBackdropQuiet = Color(0xFF43514E),
    ripple = Color(0xFF00796E),
    accept = ColorPair(Color(0xFF14793F), Color(0xFFFFFFFF)),
    hangUp = ColorPair(Color(0xFFC62F28), Color(0xFFFFFFFF)),
    control = ColorPair(Color(0xFFFFFFFF), Color(0xFF1C2725)),
    controlOver = ColorPair(Color(0xFF20403B), Color(0xFFF2FBF8)),
    tile = ColorPair(Color(0xFFE3ECE8), Color(0xFF1C2725)),
    chip = ColorPair(Color(0xB8000000), Color(0xFFFFFFFF)),
    numbers = ColorPair(Color(0xF0101615), Color(0xFFFFFFFF)),
    notice = ColorPair(Color(0xFFFFE3B8), Color(0xFF422C00)),
    alarm = ColorPair(Color(0xFFFBDFDB), Color(0xFF5C130C)),
    good = Color(0xFF14793F),
    warning = Color(0xFF8A5A00),
    bad = Color(0xFFB3261E),
    speaking = Color(0xFF00857A),
    hand = ColorPair(Color(0xFFFFC65C), Color(0xFF3A2700)),
    bubbleMine = ColorPair(Color(0xFF00625A), Color(0xFFFFFFFF)),
    bubbleTheirs = ColorPair(Color(0xFFFFFFFF), Color(0xFF171D1B)),
    avatars = avatarsLight,
)

/** Evening: deep water and lamplight. Calls with pictures wear it by day as well. */
public val DarkPalette: CallsPalette = CallsPalette(
    isDark = true,
    scheme = darkColorScheme(
        primary = Color(0xFF84D5CA),
        onPrimary = Color(0xFF003731),
        primaryContainer = Color(0xFF0B4F48),
        onPrimaryContainer = Color(0xFFBDF2E9),
        secondary = Color(0xFFB3CCC6),
        onSecondary = Color(0xFF1E3531),
        secondaryContainer = Color(0xFF23423D),
        onSecondaryContainer = Color(0xFFCFEAE4),
        tertiary = Color(0xFFBFC2FF),
        onTertiary = Color(0xFF252A70),
        tertiaryContainer = Color(0xFF3C4188),
        onTertiaryContainer = Color(0xFFE2E3FF),
        error = Color(0xFFFFB4AA),
        onError = Color(0xFF63130C),
        errorContainer = Color(0xFF7C2A22),
        onErrorContainer = Color(0xFFFFE0DB),
        background = Color(0xFF0E1514),
        onBackground = Color(0xFFDFE6E3),
        surface = Color(0xFF0E1514),
        onSurface = Color(0xFFDFE6E3),
        surfaceVariant = Color(0xFF34403D),
        onSurfaceVariant = Color(0xFFBAC7C3),
        surfaceContainerLowest = Color(0xFF090F0E),
        surfaceContainerLow = Color(0xFF141D1B),
        surfaceContainer = Color(0xFF182220),
        surfaceContainerHigh = Color(0xFF222D2B),
        surfaceContainerHighest = Color(0xFF2D3836),
        outline = Color(0xFF8A9793),
        outlineVariant = Color(0xFF3C4845),
        inverseSurface = Color(0xFFDFE6E3),
        inverseOnSurface = Color(0xFF26302E),
        inversePrimary = Color(0xFF00625A),
    ),
    backdropTop = Color(0xFF14312E),
    backdropBottom = Color(0xFF0B1211),
    onBackdrop = Color(0xFFEFF6F3),
    onBackdropQuiet = Color(0xFFB4C6C1),
    ripple = Color(0xFF7FDCCF),
    accept = ColorPair(Color(0xFF1B8148), Color(0xFFFFFFFF)),
    hangUp = ColorPair(Color(0xFFCF3A32), Color(0xFFFFFFFF)),
    control = ColorPair(Color(0xFF2C3B38), Color(0xFFF0F6F4)),
    controlOver = ColorPair(Color(0xFFE7F3EF), Color(0xFF16302B)),
    tile = ColorPair(Color(0xFF1C2826), Color(0xFFE4ECE9)),
    chip = ColorPair(Color(0xB8000000), Color(0xFFFFFFFF)),
    numbers = ColorPair(Color(0xF0101615), Color(0xFFFFFFFF)),
    notice = ColorPair(Color(0xFF4F3B10), Color(0xFFFFE7C2)),
    alarm = ColorPair(Color(0xFF6E2720), Color(0xFFFFE4E0)),
    good = Color(0xFF77D79B),
    warning = Color(0xFFF3C678),
    bad = Color(0xFFFFB4AA),
    speaking = Color(0xFF5FE0CC),
    hand = ColorPair(Color(0xFFFFC65C), Color(0xFF3A2700)),
    bubbleMine = ColorPair(Color(0xFF0B4F48), Color(0xFFE2FAF5)),
    bubbleTheirs = ColorPair(Color(0xFF222D2B), Color(0xFFDFE6E3)),
    avatars = avatarsDark,
)

/** A closed microphone beside a name on a picture. */
internal val MUTED_ON_CHIP: Color = Color(0xFFFFB4AA)

/** A foreground on a background, and how much they must differ. */
public data class ContrastCheck(val name: String, val foreground: Color, val background: Color, val atLeast: Double)

/** WCAG AA: 4.5 for words, 3 for pictures and edges that carry meaning. */
private const val WORDS = 4.5
private const val SHAPES = 3.0

/** Every pair that a screen draws with. A colour that is used and not listed here is a mistake. */
public fun CallsPalette.contrastChecks(): List<ContrastCheck> = buildList {
    fun words(name: String, pair: ColorPair) = add(ContrastCheck(name, pair.content, pair.container, WORDS))
    fun words(name: String, foreground: Color, backgrounds: List<Color>) =
        backgrounds.forEach { add(ContrastCheck(name, foreground, it, WORDS)) }
    fun shapes(name: String, foreground: Color, backgrounds: List<Color>) =
        backgrounds.forEach { add(ContrastCheck(name, foreground, it, SHAPES)) }

    words("accept", accept)
    words("hang up", hangUp)
    words("control", control)
    words("control switched over", controlOver)
    words("tile", tile)
    // Pictures are anything from black to white; the chip's own darkness has to carry the words.
    words("chip over white", chip.content, listOf(chip.container.compositeOver(Color.White)))
    words("chip over black", chip.content, listOf(chip.container.compositeOver(Color.Black)))
    shapes("muted in a chip over white", MUTED_ON_CHIP, listOf(chip.container.compositeOver(Color.White)))
    words("numbers over white", numbers.content, listOf(numbers.container.compositeOver(Color.White)))
    words("notice", notice)
    words("alarm", alarm)
    words("hand", hand)
    words("bubble of mine", bubbleMine)
    words("bubble of theirs", bubbleTheirs)
    avatars.forEachIndexed { index, pair -> words("avatar $index", pair) }
    words("backdrop", onBackdrop, listOf(backdropTop, backdropBottom))
    words("quiet on the backdrop", onBackdropQuiet, listOf(backdropTop, backdropBottom))
    shapes("accept on the backdrop", accept.container, listOf(backdropBottom))
    shapes("hang up on the backdrop", hangUp.container, listOf(backdropBottom))
    with(scheme) {
        val sheets = listOf(surface, surfaceContainerLow, surfaceContainer, surfaceContainerHigh, surfaceContainerLowest)
        words("on surface", onSurface, sheets)
        words("quiet on surface", onSurfaceVariant, sheets)
        words("primary as words", primary, sheets)
        words("missed call", error, listOf(surface, surfaceContainerLow))
        words("primary", onPrimary, listOf(primary))
        words("primary container", onPrimaryContainer, listOf(primaryContainer))
        words("secondary container", onSecondaryContainer, listOf(secondaryContainer))
        words("tertiary container", onTertiaryContainer, listOf(tertiaryContainer))
        words("error container", onErrorContainer, listOf(errorContainer))
        words("inverse", inverseOnSurface, listOf(inverseSurface))
        shapes("outline", outline, listOf(surface, surfaceContainerLow))
        shapes("good", good, listOf(surface, surfaceContainerLow, surfaceContainer))
        shapes("warning", warning, listOf(surface, surfaceContainerLow, surfaceContainer))
        shapes("bad", bad, listOf(surface, surfaceContainerLow, surfaceContainer))
    }
    words("good as words", good, listOf(backdropTop, scheme.surface))
    words("warning as words", warning, listOf(backdropTop, scheme.surface))
    words("bad as words", bad, listOf(backdropTop, scheme.surface))
    shapes("speaking ring", speaking, listOf(backdropTop, backdropBottom, tile.container))
}
