package com.worldmates.calls.ui.layout

import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.geometry.Size

/** A corner of the stage. Start and end follow the direction of the writing. */
public enum class Corner { TOP_START, TOP_END, BOTTOM_START, BOTTOM_END }

/** Where our own small picture rests: its place, or null if there is no room for it at all. */
public data class PipPlace(val corner: Corner, val bounds: Rect)

/** Smaller than this and one does not recognise oneself. */
private const val SMALLEST_PART = 0.5f
private const val STEP = 0.1f

/**
 * The corner for our own picture: the wished one if nothing that must stay visible is there, else the nearest free one;
 * if no corner is free at this size, a smaller picture. [keepClear] are controls, faces and notes.
 */
public fun placePip(
    area: Rect, size: Size, margin: Float, wished: Corner, keepClear: List<Rect>, isRtl: Boolean,
): PipPlace? {
    val wishedCentre = cornerBounds(area, size, margin, wished, isRtl).center
    var part = 1f
    while (part >= SMALLEST_PART - STEP / 2) {
        val free = Corner.entries
            .map { PipPlace(it, cornerBounds(area, size * part, margin, it, isRtl)) }
            .filter { place -> area.holds(place.bounds) && keepClear.none { it.overlaps(place.bounds) } }
        free.minByOrNull { (it.bounds.center - wishedCentre).getDistanceSquared() }?.let { return it }
        part -= STEP
    }
    return null
}

/** The corner nearest to where a dragged picture was let go. */
public fun nearestCorner(area: Rect, centre: Offset, isRtl: Boolean): Corner {
    val isLeft = centre.x < area.center.x
    val isStart = isLeft != isRtl
    return when {
        centre.y < area.center.y && isStart -> Corner.TOP_START
        centre.y < area.center.y -> Corner.TOP_END
        isStart -> Corner.BOTTOM_START
        else -> Corner.BOTTOM_END
    }
}

/** The next corner clockwise, for those who do not drag. */
public fun Corner.next(): Corner = when (this) {
    Corner.TOP_START -> Corner.TOP_END
    Corner.TOP_END -> Corner.BOTTOM_END
    Corner.BOTTOM_END -> Corner.BOTTOM_START
    Corner.BOTTOM_START -> Corner.TOP_START
}

private fun cornerBounds(area: Rect, size: Size, margin: Float, corner: Corner, isRtl: Boolean): Rect {
    val isStart = corner == Corner.TOP_START || corner == Corner.BOTTOM_START
    val left = if (isStart != isRtl) area.left + margin else area.right - margin - size.width
    val top = when (corner) {
        Corner.TOP_START, Corner.TOP_END -> area.top + margin
        Corner.BOTTOM_START, Corner.BOTTOM_END -> area.bottom - margin - size.height
    }
    return Rect(Offset(left, top), size)
}

private fun Rect.holds(other: Rect): Boolean =
    other.left >= left && other.top >= top && other.right <= right && other.bottom <= bottom
