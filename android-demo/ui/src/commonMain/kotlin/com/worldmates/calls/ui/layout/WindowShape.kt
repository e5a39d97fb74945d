package com.worldmates.calls.ui.layout

import androidx.compose.runtime.Immutable
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp

/**
 * A half-folded screen: where its hinge lies, measured from the top (a hinge that lies, as on a laptop) or from the left
 * (one that stands, as in a book). Nothing that matters is drawn across it.
 */
@Immutable
public data class Fold(val isLying: Boolean, val at: Dp, val thickness: Dp = 0.dp) {
    /**
     * The same seen from inside, where [left] and [top] are kept free and [width] remains; with [isRtl] what comes first
     * stands at the right.
     */
    internal fun within(left: Dp, top: Dp, width: Dp, isRtl: Boolean): Fold = when {
        isLying -> copy(at = at - top)
        isRtl -> copy(at = width - (at - left) - thickness)
        else -> copy(at = at - left)
    }
}

/** The fold of the window, told by the app; null where the screen is flat. */
public val LocalFold: ProvidableCompositionLocal<Fold?> = staticCompositionLocalOf { null }

/** How a call is laid out. */
internal enum class CallLayout {
    /** The system's own picture-in-picture: a face and nothing to press. */
    TINY,

    /** Bars above and below: a phone held upright, a tablet. */
    STACKED,

    /** Controls at the side: a phone held lying, where height is dear. */
    BESIDE,

    /** Pictures on the standing half, controls on the lying one. */
    TABLETOP,

    /** Pictures on one page, controls on the other. */
    BOOK,
}

internal fun callLayout(width: Dp, height: Dp, fold: Fold?): CallLayout = when {
    width < TINY_SIDE && height < TINY_SIDE -> CallLayout.TINY
    fold != null && fold.isLying -> CallLayout.TABLETOP
    fold != null -> CallLayout.BOOK
    height < COMPACT_HEIGHT && width > height -> CallLayout.BESIDE
    else -> CallLayout.STACKED
}

/** No phone is so small; a window of the system's picture-in-picture is. */
private val TINY_SIDE: Dp = 300.dp

/** From here on two columns are better than one. */
internal val TWO_COLUMNS: Dp = 700.dp

/** From here on controls need not hide behind a button. */
internal val MEDIUM_WIDTH: Dp = 600.dp

/** Below this a bar above and one below leave nothing between them. */
internal val COMPACT_HEIGHT: Dp = 480.dp
