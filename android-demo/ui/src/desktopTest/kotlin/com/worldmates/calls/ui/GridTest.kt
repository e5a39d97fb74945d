package com.worldmates.calls.ui

import com.worldmates.calls.ui.layout.TILE_RATIOS
import com.worldmates.calls.ui.layout.Tile
import com.worldmates.calls.ui.layout.gridCapacity
import com.worldmates.calls.ui.layout.gridPages
import com.worldmates.calls.ui.layout.gridTiles
import kotlin.math.min
import kotlin.random.Random
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** Properties of the grid over many areas; the seed is printed, so that a failure can be repeated. */
internal class GridTest {
    private data class Area(val width: Float, val height: Float, val gap: Float)

    /** From a small phone's half to a large tablet, upright and lying. */
    private fun areas(): List<Area> {
        val seed = System.nanoTime()
        println("grid seed: $seed")
        val random = Random(seed)
        return List(60) { Area(random.nextInt(280, 1400).toFloat(), random.nextInt(280, 1100).toFloat(), random.nextInt(0, 13).toFloat()) }
    }

    private fun forEachGrid(check: (Int, Area, List<Tile>) -> Unit) = areas().forEach { area ->
        (1..50).forEach { count -> check(count, area, gridTiles(count, area.width, area.height, area.gap)) }
    }

    @Test
    fun everyone_has_a_tile_inside_the_area() = forEachGrid { count, area, tiles ->
        assertEquals("$count in $area", count, tiles.size)
        tiles.forEach {
            val isInside = it.left >= -ROUNDING && it.top >= -ROUNDING && it.right <= area.width + ROUNDING && it.bottom <= area.height + ROUNDING
            assertTrue("$count in $area: $it", isInside && it.width > 0 && it.height > 0)
        }
    }

    @Test
    fun no_tile_lies_on_another_and_the_gap_is_kept() = forEachGrid { count, area, tiles ->
        tiles.forEachIndexed { index, one ->
            tiles.drop(index + 1).forEach { other ->
                val isApart = one.right + area.gap <= other.left + ROUNDING || other.right + area.gap <= one.left + ROUNDING ||
                    one.bottom + area.gap <= other.top + ROUNDING || other.bottom + area.gap <= one.top + ROUNDING
                assertTrue("$count in $area: $one on $other", isApart)
            }
        }
    }

    @Test
    fun every_tile_has_the_shape_of_a_face() = forEachGrid { count, area, tiles ->
        tiles.forEach {
            val ratio = it.width / it.height
            assertTrue("$count in $area: $it", ratio in TILE_RATIOS.start - 0.01f..TILE_RATIOS.endInclusive + 0.01f)
        }
    }

    @Test
    fun the_grid_fills_the_area_from_edge_to_edge_in_one_direction() = forEachGrid { count, area, tiles ->
        val wide = tiles.maxOf { it.right } - tiles.minOf { it.left }
        val tall = tiles.maxOf { it.bottom } - tiles.minOf { it.top }
        assertTrue("$count in $area: $wide x $tall", wide > area.width - 1 || tall > area.height - 1)
    }

    @Test
    fun on_screens_of_common_shape_at_least_three_fifths_are_faces() {
        listOf(Area(344f, 600f, 8f), Area(700f, 280f, 8f), Area(1008f, 590f, 8f), Area(584f, 374f, 8f)).forEach { area ->
            (1..50).forEach { count ->
                val faces = gridTiles(count, area.width, area.height, 0f).sumOf { (it.width * it.height).toDouble() }
                assertTrue("$count in $area: $faces", faces > 0.6 * area.width * area.height || count == 1)
            }
        }
    }

    @Test
    fun what_is_said_to_fit_does_fit() = areas().forEach { area ->
        (1..50).forEach { count ->
            val capacity = gridCapacity(count, area.width, area.height, area.gap, SMALLEST)
            val tiles = gridTiles(capacity, area.width, area.height, area.gap)

            assertTrue("$count in $area", capacity in 1..count)
            assertTrue("$count in $area", capacity == 1 || tiles.all { min(it.width, it.height) >= SMALLEST })
        }
    }

    @Test
    fun pages_hold_everyone_once_and_only_the_last_may_be_emptier() = areas().take(10).forEach { area ->
        (1..50).forEach { count ->
            (1..count).forEach { capacity ->
                val pages = gridPages(count, capacity, area.width, area.height, area.gap)

                assertEquals(count, pages.sum())
                assertTrue("$count by $capacity: $pages", pages.all { it in 1..capacity } && pages.dropLast(1).toSet().size <= 1)
                assertTrue("$count by $capacity: $pages", pages.last() <= pages.first())
            }
        }
    }

    @Test
    fun nobody_needs_no_tiles() {
        assertEquals(emptyList<Tile>(), gridTiles(0, 300f, 300f, 8f))
        assertEquals(emptyList<Int>(), gridPages(0, 9, 300f, 300f, 8f))
    }

    private companion object {
        const val ROUNDING = 0.05f
        const val SMALLEST = 104f
    }
}
