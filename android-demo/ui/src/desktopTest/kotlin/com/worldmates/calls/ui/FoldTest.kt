package com.worldmates.calls.ui

import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.layout.Fold
import org.junit.Assert.assertEquals
import org.junit.Test

internal class FoldTest {
    private val lying = Fold(isLying = true, at = 400.dp, thickness = 10.dp)
    private val standing = Fold(isLying = false, at = 300.dp, thickness = 10.dp)

    @Test
    fun below_the_bar_of_the_phone_the_hinge_is_nearer() {
        assertEquals(lying.copy(at = 370.dp), lying.within(left = 20.dp, top = 30.dp, width = 600.dp, isRtl = false))
        assertEquals(standing.copy(at = 280.dp), standing.within(left = 20.dp, top = 30.dp, width = 600.dp, isRtl = false))
    }

    @Test
    fun from_right_to_left_the_first_page_is_the_right_one() {
        // Of 600, 280 stand left of the hinge and 10 are the hinge.
        assertEquals(standing.copy(at = 310.dp), standing.within(left = 20.dp, top = 0.dp, width = 600.dp, isRtl = true))
        assertEquals(lying, lying.within(left = 20.dp, top = 0.dp, width = 600.dp, isRtl = true))
    }
}
