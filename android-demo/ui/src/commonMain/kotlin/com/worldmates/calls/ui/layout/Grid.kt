package com.worldmates.calls.ui.layout

import kotlin.math.min

/** A tile's place, in whatever unit the area was given in. */
public data class Tile(val left: Float, val top: Float, val width: Float, val height: Float) {
    public val right: Float get() = left + width
    public val bottom: Float get() = top + height
}

/** Faces are no taller than this and no wider than that: else heads are cut off. */
public val TILE_RATIOS: ClosedFloatingPointRange<Float> = 9f / 16f..16f / 9f

/**
 * Where [count] faces go in an area: rows as equal as can be, each row as wide as the ratio lets its tiles be, the whole
 * in the middle. Of all numbers of rows the one whose smallest face is largest.
 */
public fun gridTiles(count: Int, width: Float, height: Float, gap: Float): List<Tile> {
    if (count <= 0 || width <= 0f || height <= 0f) return emptyList()
    return (1..count).map { rows -> rowsOfTiles(count, rows, width, height, gap) }
        .maxBy { tiles -> tiles.minOfOrNull { it.width * it.height } ?: 0f }
}

/**
 * How many faces fit at once if none may be narrower or lower than [smallest]; at least one. If not all do, as many as make
 * a grid without gaps: pages that one leafs through should look alike.
 */
public fun gridCapacity(count: Int, width: Float, height: Float, gap: Float, smallest: Float): Int {
    fun tilesThatFit(faces: Int) =
        gridTiles(faces, width, height, gap).takeIf { tiles -> tiles.all { min(it.width, it.height) >= smallest } }
    if (tilesThatFit(count) != null) return count
    return (count downTo 1).firstOrNull { faces ->
        tilesThatFit(faces)?.isEven() == true
    } ?: 1
}

/**
 * How many faces each page shows when [capacity] fit on one: as many pages as are needed, filled evenly, but each with a
 * grid without gaps; the last one shows the rest.
 */
public fun gridPages(count: Int, capacity: Int, width: Float, height: Float, gap: Float): List<Int> {
    if (count <= 0) return emptyList()
    val most = capacity.coerceAtLeast(1)
    val pages = (count + most - 1) / most
    val even = (count + pages - 1) / pages
    val onPage = (even..most).firstOrNull { gridTiles(it, width, height, gap).isEven() } ?: most
    return (0 until count step onPage).map { min(onPage, count - it) }
}

private fun List<Tile>.isEven(): Boolean = all { it.width == first().width }

private fun rowsOfTiles(count: Int, rows: Int, width: Float, height: Float, gap: Float): List<Tile> {
    val rowHeight = (height - gap * (rows - 1)) / rows
    if (rowHeight <= 0f) return emptyList()
    // The emptier rows come first: two above three reads better than a lone straggler below.
    val inRow = List(rows) { row -> count / rows + if (row >= rows - count % rows) 1 else 0 }
    if (inRow.any { it == 0 || width - gap * (it - 1) <= 0f }) return emptyList()

    // All faces are equally tall: as tall as the narrowest of them may be.
    val narrowest = inRow.minOf { (width - gap * (it - 1)) / it }
    val tall = min(rowHeight, narrowest / TILE_RATIOS.start)
    val top = (height - tall * rows - gap * (rows - 1)) / 2
    return inRow.flatMapIndexed { row, faces ->
        val wide = min((width - gap * (faces - 1)) / faces, tall * TILE_RATIOS.endInclusive)
        val left = (width - wide * faces - gap * (faces - 1)) / 2
        List(faces) { face -> Tile(left + face * (wide + gap), top + row * (tall + gap), wide, tall) }
    }
}
