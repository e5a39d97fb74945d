package com.worldmates.calls.app.push

import com.worldmates.calls.CallType
import com.worldmates.calls.app.ScriptedCalls
import com.worldmates.calls.app.notify.MissedNotice
import java.time.Instant
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test

class PushReceiverTest {
    private val calls = ScriptedCalls()
    private val missed = mutableListOf<MissedNotice>()
    private var woke = 0
    private var me: Long? = 456
    private val receiver = PushReceiver(calls, me = { me }, onMissed = { missed += it }, onRings = { woke += 1 })

    private val ring = mapOf(
        "type" to "call:incoming",
        "roomName" to "room_123_456_1638360000",
        "fromId" to "123",
        "fromName" to "Олена",
        "toId" to "456",
        "callType" to "video",
        "createdAt" to "1638360000000",
        "expiresAt" to "1638360045000",
    )

    @Test
    fun `a fresh push rings for what is left of its time, and keeps the phone awake`() {
        assertEquals(PushOutcome.RINGS, take(ring, at = 1_638_360_005_000))

        assertEquals(listOf("woken room_123_456_1638360000 123 Олена VIDEO 40000"), calls.asked)
        assertEquals(1, woke)
    }

    @Test
    fun `a push that comes too late does not ring, and the engine is told that it is over`() {
        assertEquals(PushOutcome.STALE, take(ring, at = 1_638_360_045_000))

        assertEquals(listOf("woken room_123_456_1638360000 123 Олена VIDEO null"), calls.asked)
        assertEquals(0, woke)
    }

    @Test
    fun `a phone whose clock is slow rings no longer than anybody waits`() {
        assertEquals(PushOutcome.RINGS, take(ring, at = 1_638_350_000_000))

        assertEquals(listOf("woken room_123_456_1638360000 123 Олена VIDEO 45000"), calls.asked)
    }

    @Test
    fun `a push that is delivered twice rings once`() {
        take(ring, at = 1_638_360_001_000)

        assertEquals(PushOutcome.DUPLICATE, take(ring, at = 1_638_360_002_000))
        assertEquals(1, calls.asked.size)
    }

    @Test
    fun `another call of the same person rings as well`() {
        take(ring, at = 1_638_360_001_000)

        assertEquals(PushOutcome.RINGS, take(ring + ("roomName" to "another"), at = 1_638_360_002_000))
    }

    @Test
    fun `a push for somebody who was signed in here before is left alone`() {
        assertEquals(PushOutcome.NOT_FOR_US, take(ring + ("toId" to "9"), at = 1_638_360_001_000))
        me = null
        assertEquals(PushOutcome.NOT_FOR_US, take(ring, at = 1_638_360_001_000))

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `a push of somebody without a name rings without one`() {
        take(ring - "fromName", at = 1_638_360_001_000)

        assertEquals(listOf("woken room_123_456_1638360000 123  VIDEO 44000"), calls.asked)
    }

    @Test
    fun `a missed call of the source documents is shown once`() {
        val push = mapOf("type" to "missed_call", "fromId" to "123", "roomName" to "r1", "fromName" to "Ігор")

        assertEquals(PushOutcome.MISSED, take(push, at = 1_638_360_100_000))
        assertEquals(PushOutcome.DUPLICATE, take(push, at = 1_638_360_101_000))

        assertEquals(listOf(MissedNotice("r1", from = 123, who = "Ігор", CallType.AUDIO)), missed)
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `a call that rang and then was missed is told of both times`() {
        take(ring, at = 1_638_360_001_000)

        val over = mapOf("type" to "missed_call", "fromId" to "123", "roomName" to "room_123_456_1638360000")
        assertEquals(PushOutcome.MISSED, take(over, at = 1_638_360_050_000))
    }

    @Test
    fun `what cannot be read is dropped, and says which field it was and nothing else`() {
        val broken = listOf(
            ring - "roomName", ring + ("roomName" to ""), ring + ("roomName" to "two words"),
            ring + ("roomName" to "r".repeat(101)), ring - "fromId", ring + ("fromId" to "Олена"), ring + ("fromId" to "-1"),
            ring - "expiresAt", ring + ("expiresAt" to "soon"), mapOf("type" to "missed_call"),
        )

        for (data in broken) {
            assertEquals("$data", PushOutcome.MALFORMED, take(data, at = 1_638_360_001_000))
            assertFalse(readPush(data).toString().contains("Олена"))
        }
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `no time of the calendar breaks it`() {
        for (moment in listOf(Long.MIN_VALUE, -1, 0, Long.MAX_VALUE)) {
            val outcome = take(ring + mapOf("roomName" to "r$moment", "expiresAt" to "$moment"), at = 1_638_360_001_000)
            assertEquals(if (moment == Long.MAX_VALUE) PushOutcome.RINGS else PushOutcome.STALE, outcome)
        }
        assertEquals("120000", calls.asked.last().substringAfterLast(' '))
    }

    @Test
    fun `what is not about calls, or is of a newer server, is left to others`() {
        for (data in listOf(emptyMap(), mapOf("type" to "message"), mapOf("type" to "call:something_new"))) {
            assertEquals(PushOutcome.OTHER, take(data, at = 0))
        }
    }

    @Test
    fun `an unknown kind of call is one by voice`() {
        take(ring + ("callType" to "hologram"), at = 1_638_360_001_000)

        assertEquals(listOf("woken room_123_456_1638360000 123 Олена AUDIO 44000"), calls.asked)
    }

    private fun take(data: Map<String, String>, at: Long) = receiver.take(data, Instant.ofEpochMilli(at))
}
