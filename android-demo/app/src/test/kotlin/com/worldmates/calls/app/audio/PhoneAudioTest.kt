package com.worldmates.calls.app.audio

import android.content.Intent
import android.media.AudioDeviceInfo
import android.media.AudioManager
import android.os.Looper
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.AudioRouteKind.BLUETOOTH
import com.worldmates.calls.AudioRouteKind.EARPIECE
import com.worldmates.calls.AudioRouteKind.SPEAKER
import com.worldmates.calls.AudioRouteKind.WIRED
import com.worldmates.calls.app.TestApplication
import com.worldmates.calls.audio.RouteEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.AudioDeviceInfoBuilder
import org.robolectric.util.ReflectionHelpers

@RunWith(RobolectricTestRunner::class)
class PhoneAudioTest {
    private val context = RuntimeEnvironment.getApplication() as TestApplication
    private val audio: AudioManager = context.getSystemService(AudioManager::class.java)
    private val told = mutableListOf<RouteEvent>()

    @Test
    fun `the devices of a phone are routes, and music's Bluetooth is none`() {
        assertEquals(EARPIECE, kindOf(AudioDeviceInfo.TYPE_BUILTIN_EARPIECE))
        assertEquals(SPEAKER, kindOf(AudioDeviceInfo.TYPE_BUILTIN_SPEAKER))
        assertEquals(WIRED, kindOf(AudioDeviceInfo.TYPE_USB_HEADSET))
        assertEquals(BLUETOOTH, kindOf(AudioDeviceInfo.TYPE_BLE_HEADSET))
        assertEquals(BLUETOOTH, kindOf(AudioDeviceInfo.TYPE_HEARING_AID))
        assertNull(kindOf(AudioDeviceInfo.TYPE_BLUETOOTH_A2DP))
        assertNull(kindOf(9_999))
    }

    @Test
    fun `from Android 12 on what the system says is told, and what it refuses`() {
        val ear = device(AudioDeviceInfo.TYPE_BUILTIN_EARPIECE)
        val speaker = device(AudioDeviceInfo.TYPE_BUILTIN_SPEAKER)
        shadowOf(audio).setAvailableCommunicationDevices(listOf(ear, speaker))
        CommunicationDevices(context).use { phone ->
            phone.start { told += it }
            val routes = told.filterIsInstance<RouteEvent.Devices>().last().available
            assertEquals(listOf(EARPIECE, SPEAKER), routes.map { it.kind })

            phone.ask(routes[1])
            shadowOf(Looper.getMainLooper()).idle()
            assertEquals(speaker, audio.communicationDevice)
            assertEquals(SPEAKER, confirmed())

            shadowOf(audio).setAvailableCommunicationDevices(listOf(ear))
            phone.ask(routes[1])
            assertEquals(RouteEvent.Refused(routes[1]), told.last())

            phone.release()
            assertNull(audio.communicationDevice)
        }
    }

    @Test
    @Config(sdk = [29])
    fun `before, the loudspeaker is a switch`() = old(AudioDeviceInfo.TYPE_BUILTIN_EARPIECE, AudioDeviceInfo.TYPE_BUILTIN_SPEAKER) { phone ->
        assertEquals(EARPIECE, confirmed())

        phone.ask(route(SPEAKER))
        assertTrue(audio.isSpeakerphoneOn)
        assertEquals(SPEAKER, confirmed())

        phone.release()
        assertFalse(audio.isSpeakerphoneOn)
        assertEquals(EARPIECE, confirmed())
    }

    @Test
    @Config(sdk = [29])
    fun `before, Bluetooth is confirmed when its link is up, and not when it was asked for`() = withHeadset { phone ->
        phone.ask(route(BLUETOOTH))
        assertEquals(EARPIECE, confirmed())

        sco(AudioManager.SCO_AUDIO_STATE_CONNECTING)
        assertEquals(EARPIECE, confirmed())

        sco(AudioManager.SCO_AUDIO_STATE_CONNECTED)
        assertEquals(BLUETOOTH, confirmed())

        sco(AudioManager.SCO_AUDIO_STATE_DISCONNECTED)
        assertEquals(EARPIECE, confirmed())
    }

    @Test
    @Config(sdk = [29])
    fun `before, a link that does not come up is a no`() = withHeadset { phone ->
        val headset = route(BLUETOOTH)
        phone.ask(headset)

        sco(AudioManager.SCO_AUDIO_STATE_ERROR)

        assertEquals(RouteEvent.Refused(headset), told.last())
    }

    @Test
    @Config(sdk = [29])
    fun `before, a plug in its socket takes the ear away`() =
        old(AudioDeviceInfo.TYPE_BUILTIN_EARPIECE, AudioDeviceInfo.TYPE_BUILTIN_SPEAKER, AudioDeviceInfo.TYPE_WIRED_HEADSET) {
            assertEquals(listOf(SPEAKER, WIRED), told.filterIsInstance<RouteEvent.Devices>().last().available.map { it.kind })
            assertEquals(WIRED, confirmed())
        }

    private fun withHeadset(test: (ScoAudio) -> Unit) =
        old(AudioDeviceInfo.TYPE_BUILTIN_EARPIECE, AudioDeviceInfo.TYPE_BUILTIN_SPEAKER, AudioDeviceInfo.TYPE_BLUETOOTH_SCO, test = test)

    private fun old(vararg types: Int, test: (ScoAudio) -> Unit) {
        shadowOf(audio).setOutputDevices(types.map(::device))
        ScoAudio(context).use { phone ->
            phone.start { told += it }
            shadowOf(Looper.getMainLooper()).idle()
            test(phone)
        }
    }

    private fun sco(state: Int) {
        context.sendBroadcast(
            Intent(AudioManager.ACTION_SCO_AUDIO_STATE_UPDATED).putExtra(AudioManager.EXTRA_SCO_AUDIO_STATE, state),
        )
        shadowOf(Looper.getMainLooper()).idle()
    }

    private fun route(kind: AudioRouteKind) =
        told.filterIsInstance<RouteEvent.Devices>().last().available.first { it.kind == kind }

    private fun confirmed(): AudioRouteKind? = told.filterIsInstance<RouteEvent.Confirmed>().last().route?.kind

    private fun device(type: Int): AudioDeviceInfo {
        val device = AudioDeviceInfoBuilder.newBuilder().setType(type).build()
        // Robolectric leaves the name null, which no phone does.
        val port = ReflectionHelpers.getField<Any>(device, "mPort")
        ReflectionHelpers.setField(Class.forName("android.media.AudioPort"), port, "mName", "Phone")
        return device
    }
}
