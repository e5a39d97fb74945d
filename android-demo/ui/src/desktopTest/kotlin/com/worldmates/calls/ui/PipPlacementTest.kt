package com.worldmates.calls.ui

import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.geometry.Size
import com.worldmates.calls.ui.layout.Corner
import com.worldmates.calls.ui.layout.nearestCorner
import com.worldmates.calls.ui.layout.next
import com.worldmates.calls.ui.layout.placePip
import kotlin.random.Random
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

internal class PipPlacementTest {
    private val stage = Rect(0f, 0f, 360f, 600f)
    private val size = Size(100f, 134f)

    private fun place(wished: Corner, vararg keepClear: Rect, isRtl: Boolean = false) =
        placePip(stage, size, 12f, wished, keepClear.toList(), isRtl)

    @Test
    fun it_goes_where_it_was_put_when_nothing_is_there() {
        Corner.entries.forEach { assertEquals(it, place(it)?.corner) }
        assertEquals(Rect(Offset(248f, 454f), size), place(Corner.BOTTOM_END)?.bounds)
    }

    @Test
    fun start_and_end_follow_the_writing() {
        assertEquals(Rect(Offset(12f, 454f), size), place(Corner.BOTTOM_END, isRtl = true)?.bounds)
    }

    @Test
    fun it_leaves_a_corner_that_something_else_needs() {
        val statistics = Rect(220f, 440f, 360f, 600f)

        assertEquals(Corner.BOTTOM_START, place(Corner.BOTTOM_END, statistics)?.corner)
    }

    @Test
    fun it_becomes_smaller_rather_than_cover_a_face() {
        val face = Rect(90f, 0f, 270f, 600f)

        val placed = placePip(stage, size, 12f, Corner.BOTTOM_END, listOf(face), isRtl = false)

        assertTrue("$placed", placed != null && placed.bounds.width < size.width && !placed.bounds.overlaps(face))
    }

    @Test
    fun where_there_is_no_room_it_is_not_shown() {
        assertNull(place(Corner.BOTTOM_END, stage))
    }

    @Test
    fun whatever_is_on_the_stage_it_covers_none_of_it_and_stays_inside() {
        val seed = System.nanoTime()
        println("picture in picture seed: $seed")
        val random = Random(seed)
        var placed = 0
        repeat(5_000) {
            val area = Rect(0f, 0f, random.nextInt(200, 1200).toFloat(), random.nextInt(200, 900).toFloat())
            val keepClear = List(random.nextInt(0, 5)) {
                val left = random.nextFloat() * area.width
                val top = random.nextFloat() * area.height
                Rect(left, top, left + random.nextFloat() * 400, top + random.nextFloat() * 400)
            }
            val wished = Corner.entries.random(random)

            val place = placePip(area, size, 12f, wished, keepClear, random.nextBoolean()) ?: return@repeat

            placed++
            assertTrue("$place in $area", place.bounds.left >= 0 && place.bounds.top >= 0 && place.bounds.right <= area.right && place.bounds.bottom <= area.bottom)
            assertTrue("$place over one of $keepClear", keepClear.none { it.overlaps(place.bounds) })
        }
        assertTrue("$placed", placed > 2_500)
    }

    @Test
    fun let_go_it_takes_the_nearest_corner() {
        assertEquals(Corner.TOP_START, nearestCorner(stage, Offset(20f, 100f), isRtl = false))
        assertEquals(Corner.TOP_END, nearestCorner(stage, Offset(20f, 100f), isRtl = true))
        assertEquals(Corner.BOTTOM_END, nearestCorner(stage, Offset(300f, 400f), isRtl = false))
    }

    @Test
    fun who_does_not_drag_comes_round_all_corners() {
        assertEquals(Corner.entries.toSet(), generateSequence(Corner.TOP_START) { it.next() }.take(4).toSet())
    }
}
