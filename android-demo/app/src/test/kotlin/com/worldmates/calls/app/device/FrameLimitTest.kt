package com.worldmates.calls.app.device

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class FrameLimitTest {
    @Test
    fun `the warmer the phone the smaller the picture, and there always is one`() {
        val limits = (0..6).map(::frameLimit)

        assertEquals(FrameLimit(720, 30), limits.first())
        for ((cooler, warmer) in limits.zipWithNext()) {
            assertTrue("$cooler then $warmer", warmer.height <= cooler.height && warmer.perSecond <= cooler.perSecond)
        }
        assertTrue(limits.all { it.height >= 180 && it.perSecond >= 5 })
    }

    @Test
    fun `a status that Android adds is taken for the hottest`() {
        assertEquals(frameLimit(6), frameLimit(99))
    }
}
