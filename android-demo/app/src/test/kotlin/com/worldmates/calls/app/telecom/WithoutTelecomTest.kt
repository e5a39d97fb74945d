package com.worldmates.calls.app.telecom

import android.telecom.TelecomManager
import com.worldmates.calls.CallState
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.call
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Test
import org.robolectric.Shadows.shadowOf

class WithoutTelecomTest : AppTest() {
    @Test
    fun `a tablet without Telecom rings and talks like any other phone`() {
        calls.show(call(state = CallState.RingingHere))
        calls.show(call())

        assertFalse(app.telecom.isThere)
        assertEquals(0, shadowOf(service<TelecomManager>()).allIncomingCalls.size)
        assertNotNull(app.service.wish.value)
    }
}
