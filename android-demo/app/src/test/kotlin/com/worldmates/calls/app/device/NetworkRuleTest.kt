package com.worldmates.calls.app.device

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import org.junit.Assert.assertEquals
import org.junit.Test

class NetworkRuleTest {
    private val wifi = NetworkFace(1, setOf("192.0.2.7"))
    private val lte = NetworkFace(2, setOf("198.51.100.9"))
    private var state = NetworkState()
    private var now = Duration.ZERO
    private val told = mutableListOf<Duration>()

    @Test
    fun `the network that is there at the start is not a change`() {
        sees(wifi)
        passes(5_000)

        assertEquals(emptyList<Duration>(), told)
    }

    @Test
    fun `the five callbacks of one change are told as one`() {
        sees(wifi)
        for (addresses in 1..5) {
            sees(lte.copy(addresses = (1..addresses).map { "2001:db8::$it" }.toSet()))
            passes(40)
        }
        passes(5_000)

        assertEquals(listOf(410.milliseconds), told)
    }

    @Test
    fun `the same said again is no change`() {
        sees(wifi)
        repeat(9) { sees(wifi) }
        passes(5_000)

        assertEquals(emptyList<Duration>(), told)
    }

    @Test
    fun `a network that finds no rest is told after a second all the same`() {
        sees(wifi)
        for (step in 1..20) {
            sees(NetworkFace(step + 2L, setOf("192.0.2.$step")))
            passes(100)
        }
        passes(5_000)

        assertEquals(listOf(1_000.milliseconds, 2_000.milliseconds), told.take(2))
        assertEquals(NetworkFace(22, setOf("192.0.2.20")), state.told)
    }

    @Test
    fun `without a network nothing is told, and the next one is`() {
        sees(wifi)
        sees(null)
        passes(5_000)
        assertEquals(emptyList<Duration>(), told)

        sees(lte)
        passes(5_000)
        assertEquals(1, told.size)
    }

    @Test
    fun `a network that blinks and is the same again is not told`() {
        sees(wifi)
        sees(lte)
        sees(wifi)
        passes(5_000)

        assertEquals(emptyList<Duration>(), told)
    }

    @Test
    fun `another address on the same network is a change`() {
        sees(wifi)
        sees(wifi.copy(addresses = setOf("192.0.2.8")))
        passes(5_000)

        assertEquals(1, told.size)
    }

    private fun sees(face: NetworkFace?) {
        state = state.sees(now, face)
    }

    private fun passes(millis: Int) {
        repeat(millis / 10) {
            now += 10.milliseconds
            val (next, isTold) = state.tick(now)
            state = next
            if (isTold) told += now
        }
    }
}
