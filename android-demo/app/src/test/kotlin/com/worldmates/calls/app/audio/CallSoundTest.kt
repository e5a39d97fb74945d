package com.worldmates.calls.app.audio

import android.media.AudioManager
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallState
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.call
import com.worldmates.calls.audio.RouteEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import org.robolectric.Shadows.shadowOf

class CallSoundTest : AppTest() {
    private val ear = AudioRoute(AudioRouteKind.EARPIECE, "ear", "")
    private val speaker = AudioRoute(AudioRouteKind.SPEAKER, "speaker", "")

    private val audio: AudioManager
        get() = service()

    @Test
    fun `a call that only rings here touches no sound`() {
        devices()
        calls.show(call(state = CallState.RingingHere))

        assertEquals(AudioManager.MODE_NORMAL, audio.mode)
        assertNull(shadowOf(audio).lastAudioFocusRequest)
        assertEquals(emptyList<String>(), phone.asked)
    }

    @Test
    fun `a call takes mode and focus, and gives both back`() {
        devices()
        calls.show(call(state = CallState.Answering))
        assertEquals(AudioManager.MODE_IN_COMMUNICATION, audio.mode)
        assertNotNull(shadowOf(audio).lastAudioFocusRequest)
        assertEquals(listOf("ear"), phone.asked)

        calls.show(call(state = CallState.Ended(EndReason.WE_HUNG_UP)))
        assertEquals(AudioManager.MODE_NORMAL, audio.mode)
        assertNotNull(shadowOf(audio).lastAbandonedAudioFocusRequest)
        assertEquals(listOf("ear", "release"), phone.asked)
    }

    @Test
    fun `pictures move the sound to the loudspeaker, and their end back`() {
        devices()
        calls.show(call())
        phone.tell(RouteEvent.Confirmed(ear))
        calls.show(call(showsVideo = true))
        phone.tell(RouteEvent.Confirmed(speaker))
        calls.show(call())

        assertEquals(listOf("ear", "speaker", "ear"), phone.asked)
        assertEquals(speaker, app.sound.routes.value.current)
        assertEquals(ear, app.sound.routes.value.pending)
    }

    @Test
    fun `a call of the mobile network holds ours, and its end takes it up`() {
        devices()
        calls.show(call())

        app.sound.modeChanged(AudioManager.MODE_IN_CALL)
        assertEquals(listOf("1: held true"), calls.asked)
        calls.show(call(isHeld = true))

        app.sound.modeChanged(AudioManager.MODE_NORMAL)
        assertEquals(listOf("1: held true", "1: held false"), calls.asked)
        assertEquals(listOf("ear", "release", "ear"), phone.asked)
    }

    @Test
    fun `a call of the mobile network that only rings, or a voice that tells the way, holds nothing`() {
        devices()
        calls.show(call())

        app.sound.modeChanged(AudioManager.MODE_RINGTONE)
        app.sound.focusChanged(AudioManager.AUDIOFOCUS_LOSS_TRANSIENT)
        app.sound.focusChanged(AudioManager.AUDIOFOCUS_LOSS_TRANSIENT_CAN_DUCK)
        app.sound.focusChanged(AudioManager.AUDIOFOCUS_GAIN)

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `before Android 12 the lost focus tells of the mobile network's call`() {
        devices()
        calls.show(call())
        audio.mode = AudioManager.MODE_IN_CALL
        app.sound.focusChanged(AudioManager.AUDIOFOCUS_LOSS_TRANSIENT)
        calls.show(call(isHeld = true))

        app.sound.focusChanged(AudioManager.AUDIOFOCUS_GAIN)

        assertEquals(listOf("1: held true", "1: held false"), calls.asked)
        assertEquals(AudioManager.MODE_IN_COMMUNICATION, audio.mode)
    }

    @Test
    fun `a call that begins during one of the mobile network waits with its sound`() {
        devices()
        audio.mode = AudioManager.MODE_IN_CALL

        calls.show(call())

        assertEquals(listOf("1: held true"), calls.asked)
        assertEquals(listOf("ear", "release"), phone.asked)
    }

    @Test
    fun `what Telecom holds for another app is not taken up by a change of the mode`() {
        devices()
        calls.show(call())
        app.sound.heldByTelecom(1)
        calls.show(call(isHeld = true))

        app.sound.modeChanged(AudioManager.MODE_IN_COMMUNICATION)
        assertEquals(listOf("1: held true"), calls.asked)

        app.sound.focusChanged(AudioManager.AUDIOFOCUS_GAIN)
        assertEquals(listOf("1: held true", "1: held false"), calls.asked)
    }

    private fun devices() {
        phone.tell(RouteEvent.Devices(listOf(ear, speaker)))
    }
}
