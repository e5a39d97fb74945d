package com.worldmates.calls.app.guards

import android.net.wifi.WifiManager
import android.os.PowerManager
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallState
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.call
import com.worldmates.calls.audio.RouteEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowPowerManager
import java.util.concurrent.TimeUnit

class PhoneLocksTest : AppTest() {
    private val ear = AudioRoute(AudioRouteKind.EARPIECE, "ear", "")
    private val speaker = AudioRoute(AudioRouteKind.SPEAKER, "speaker", "")

    override fun before() {
        shadowOf(service<PowerManager>()).setIsWakeLockLevelSupported(PowerManager.PROXIMITY_SCREEN_OFF_WAKE_LOCK, true)
    }

    @Test
    fun `a call keeps phone and Wi-Fi awake, and nothing does when it is over`() {
        calls.show(call(state = CallState.Dialing))
        val awake = latest()
        assertTrue(awake.isHeld)
        assertEquals(1, wifiLocks())

        calls.show(call(state = CallState.Ended(EndReason.NO_ANSWER)))
        assertFalse(awake.isHeld)
        assertEquals(0, wifiLocks())
    }

    @Test
    fun `the screen goes dark at the ear once the system says that sound is there`() {
        phone.tell(RouteEvent.Devices(listOf(ear, speaker)))
        calls.show(call())
        val awake = latest()
        assertEquals("calls:call", shadowOf(awake).tag)

        phone.tell(RouteEvent.Confirmed(ear))
        val dark = latest()
        assertEquals("calls:ear", shadowOf(dark).tag)
        assertTrue(dark.isHeld)

        phone.tell(RouteEvent.Confirmed(speaker))
        assertFalse(dark.isHeld)
        assertTrue(awake.isHeld)
    }

    @Test
    fun `nothing stays locked when the app closes in the middle of a call`() {
        calls.show(call())
        val awake = latest()
        phone.tell(RouteEvent.Confirmed(ear))
        val dark = latest()

        app.close()

        assertFalse(awake.isHeld)
        assertFalse(dark.isHeld)
        assertEquals(0, wifiLocks())
    }

    @Test
    fun `a phone without the sensor does without`() {
        shadowOf(service<PowerManager>()).setIsWakeLockLevelSupported(PowerManager.PROXIMITY_SCREEN_OFF_WAKE_LOCK, false)
        calls.show(call())
        val awake = latest()

        phone.tell(RouteEvent.Confirmed(ear))

        assertSame(awake, latest())
    }

    @Test
    fun `a push keeps the phone awake for a moment that ends by itself`() {
        PhoneLocks(context).wakeBriefly()
        val push = latest()
        assertTrue(push.isHeld)

        ShadowLooper.idleMainLooper(11, TimeUnit.SECONDS)
        assertFalse(push.isHeld)
    }

    private fun latest(): PowerManager.WakeLock = ShadowPowerManager.getLatestWakeLock()

    private fun wifiLocks(): Int = shadowOf(service<WifiManager>()).activeLockCount
}
