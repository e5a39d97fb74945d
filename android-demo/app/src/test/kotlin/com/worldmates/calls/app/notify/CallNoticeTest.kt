package com.worldmates.calls.app.notify

import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.SINCE
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import org.junit.Assert.assertEquals
import org.junit.Test

class CallNoticeTest {
    private val rings = call(id = 2, state = CallState.RingingHere)

    @Test
    fun `each state of a call has its notice`() {
        assertEquals(listOf(CallNotice.Incoming(2, "Олена", CallType.AUDIO, isQuiet = false)), noticesOf(calls(rings)))
        assertEquals(listOf(ongoing(Stage.Calling)), noticesOf(calls(call(state = CallState.Dialing))))
        assertEquals(listOf(ongoing(Stage.Calling)), noticesOf(calls(call(state = CallState.RingingThere(2)))))
        assertEquals(listOf(ongoing(Stage.Connecting)), noticesOf(calls(call(state = CallState.Answering))))
        assertEquals(listOf(ongoing(Stage.Talking(SINCE))), noticesOf(calls(call())))
        assertEquals(listOf(ongoing(Stage.Held)), noticesOf(calls(call(isHeld = true))))
        assertEquals(emptyList<CallNotice>(), noticesOf(calls(call(state = CallState.Ended(EndReason.WE_HUNG_UP)))))
    }

    @Test
    fun `a call that rings during another one comes second and is quiet`() {
        val notices = noticesOf(calls(rings, call()))

        assertEquals(listOf(ongoing(Stage.Talking(SINCE)), CallNotice.Incoming(2, "Олена", CallType.AUDIO, isQuiet = true)), notices)
    }

    @Test
    fun `a call that was silenced is quiet`() {
        assertEquals(
            listOf(CallNotice.Incoming(2, "Олена", CallType.AUDIO, isQuiet = true)), noticesOf(calls(rings), silenced = setOf(2)),
        )
    }

    @Test
    fun `of two calls the one that is talked in is shown`() {
        assertEquals(listOf(ongoing(Stage.Talking(SINCE))), noticesOf(calls(call(id = 5, isHeld = true), call())))
    }

    @Test
    fun `a call is missed once, and only if it came in`() {
        val missed = call(state = CallState.Ended(EndReason.MISSED))

        assertEquals(
            listOf(MissedNotice("room-1", from = 456, who = "Олена", CallType.AUDIO)), missedOf(calls(), calls(missed)),
        )
        assertEquals(emptyList<MissedNotice>(), missedOf(calls(missed), calls(missed)))
        assertEquals(emptyList<MissedNotice>(), missedOf(calls(), calls(call(state = CallState.Ended(EndReason.WE_DECLINED)))))
    }

    private fun ongoing(stage: Stage) = CallNotice.Ongoing(1, "Олена", stage, isMuted = false)
}
