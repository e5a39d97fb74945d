// The ways to move the sound of a call on a phone: AudioManager from Android 12 on, and before it.
package com.worldmates.calls.app.audio

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.media.AudioDeviceCallback
import android.media.AudioDeviceInfo
import android.media.AudioManager
import android.os.Build
import android.os.Handler
import android.os.Looper
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.audio.AudioSystem
import com.worldmates.calls.audio.RouteEvent

/** A system of sound that tells by itself what it has and where sound goes. */
public interface PhoneAudio : AudioSystem, AutoCloseable {
    /** Says how it is now, and from now on what changes, on the main thread. */
    public fun start(tell: (RouteEvent) -> Unit)
}

/** The one for this version of Android. */
public fun phoneAudio(context: Context): PhoneAudio =
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) CommunicationDevices(context) else ScoAudio(context)

/** From Android 12 on: communication devices, which the system confirms. */
internal class CommunicationDevices(private val context: Context) : PhoneAudio {
    private val system = context.getSystemService(AudioManager::class.java)
    private var tell: (RouteEvent) -> Unit = {}

    private val devices = object : AudioDeviceCallback() {
        override fun onAudioDevicesAdded(added: Array<out AudioDeviceInfo>) = tellDevices()
        override fun onAudioDevicesRemoved(removed: Array<out AudioDeviceInfo>) = tellDevices()
    }

    private val moved = AudioManager.OnCommunicationDeviceChangedListener { tell(RouteEvent.Confirmed(it?.route())) }

    override fun start(tell: (RouteEvent) -> Unit) {
        this.tell = tell
        system.registerAudioDeviceCallback(devices, Handler(Looper.getMainLooper()))
        system.addOnCommunicationDeviceChangedListener(context.mainExecutor, moved)
        tellDevices()
        tell(RouteEvent.Confirmed(current()))
    }

    override fun ask(route: AudioRoute) {
        val device = system.availableCommunicationDevices.firstOrNull { it.route()?.id == route.id }
        when {
            device == null || !system.setCommunicationDevice(device) -> tell(RouteEvent.Refused(route))
            // Nothing moves, so nobody would tell.
            current()?.id == route.id -> tell(RouteEvent.Confirmed(current()))
        }
    }

    override fun release() {
        system.clearCommunicationDevice()
    }

    override fun close() {
        system.unregisterAudioDeviceCallback(devices)
        system.removeOnCommunicationDeviceChangedListener(moved)
        tell = {}
    }

    private fun current(): AudioRoute? = system.communicationDevice?.route()

    private fun tellDevices() = tell(RouteEvent.Devices(system.availableCommunicationDevices.mapNotNull { it.route() }))
}

/** Before Android 12: a switch for the loudspeaker and a link to Bluetooth that comes up seconds later, or never. */
@Suppress("DEPRECATION") // There is nothing else before Android 12.
internal class ScoAudio(private val context: Context) : PhoneAudio {
    private val system = context.getSystemService(AudioManager::class.java)
    private var tell: (RouteEvent) -> Unit = {}
    private var isLinked = false
    private var asked: AudioRoute? = null

    private val devices = object : AudioDeviceCallback() {
        override fun onAudioDevicesAdded(added: Array<out AudioDeviceInfo>) = tellAll()
        override fun onAudioDevicesRemoved(removed: Array<out AudioDeviceInfo>) = tellAll()
    }

    private val link = object : BroadcastReceiver() {
        override fun onReceive(context: Context, intent: Intent) {
            // The first one tells of the past.
            if (!isInitialStickyBroadcast) {
                linked(intent.getIntExtra(AudioManager.EXTRA_SCO_AUDIO_STATE, AudioManager.SCO_AUDIO_STATE_ERROR))
            }
        }
    }

    override fun start(tell: (RouteEvent) -> Unit) {
        this.tell = tell
        system.registerAudioDeviceCallback(devices, Handler(Looper.getMainLooper()))
        context.registerReceiver(link, IntentFilter(AudioManager.ACTION_SCO_AUDIO_STATE_UPDATED))
        tellAll()
    }

    override fun ask(route: AudioRoute) {
        asked = route
        if (route.kind == AudioRouteKind.BLUETOOTH) {
            system.isSpeakerphoneOn = false
            system.startBluetoothSco()
            return
        }
        unlink()
        system.isSpeakerphoneOn = route.kind == AudioRouteKind.SPEAKER
        tell(RouteEvent.Confirmed(current()))
    }

    override fun release() {
        asked = null
        unlink()
        system.isSpeakerphoneOn = false
        tell(RouteEvent.Confirmed(current()))
    }

    override fun close() {
        system.unregisterAudioDeviceCallback(devices)
        context.unregisterReceiver(link)
        tell = {}
    }

    private fun linked(state: Int) {
        when (state) {
            AudioManager.SCO_AUDIO_STATE_CONNECTED -> {
                isLinked = true
                system.isBluetoothScoOn = true
                tell(RouteEvent.Confirmed(current()))
            }
            AudioManager.SCO_AUDIO_STATE_DISCONNECTED, AudioManager.SCO_AUDIO_STATE_ERROR -> {
                val wasLinked = isLinked
                unlink()
                val failed = asked?.takeIf { it.kind == AudioRouteKind.BLUETOOTH && !wasLinked }
                tell(if (failed != null) RouteEvent.Refused(failed) else RouteEvent.Confirmed(current()))
            }
            // It is being connected: the answer is yet to come.
            else -> {}
        }
    }

    private fun unlink() {
        isLinked = false
        system.isBluetoothScoOn = false
        system.stopBluetoothSco()
    }

    private fun tellAll() {
        val there = routes()
        isLinked = isLinked && there.any { it.kind == AudioRouteKind.BLUETOOTH }
        tell(RouteEvent.Devices(there))
        tell(RouteEvent.Confirmed(current()))
    }

    /** Where sound goes by what is switched on; Android told nobody before 12. */
    private fun current(): AudioRoute? {
        val kinds = when {
            isLinked -> listOf(AudioRouteKind.BLUETOOTH)
            system.isSpeakerphoneOn -> listOf(AudioRouteKind.SPEAKER)
            else -> listOf(AudioRouteKind.WIRED, AudioRouteKind.EARPIECE, AudioRouteKind.SPEAKER)
        }
        val there = routes()
        return kinds.firstNotNullOfOrNull { kind -> there.firstOrNull { it.kind == kind } }
    }

    private fun routes(): List<AudioRoute> {
        val all = system.getDevices(AudioManager.GET_DEVICES_OUTPUTS).mapNotNull { it.route() }.distinctBy { it.id }
        // With a plug in its socket a phone of that time has no way to the ear.
        val isPlugged = all.any { it.kind == AudioRouteKind.WIRED }
        return if (isPlugged) all.filter { it.kind != AudioRouteKind.EARPIECE } else all
    }
}
