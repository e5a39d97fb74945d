package com.worldmates.calls.app.telecom

import android.os.Build
import android.telecom.CallAudioState
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.app.audio.PhoneAudio
import com.worldmates.calls.audio.RouteEvent

/**
 * The sound of a call that Telecom has: it moves the sound, and takes back what anybody else does to it.
 *
 * Its newer form since Android 14 (call endpoints) says the same; this one works on every version.
 */
@Suppress("DEPRECATION")
public class TelecomAudio(internal val connection: CallConnection) : PhoneAudio {
    private var tell: (RouteEvent) -> Unit = {}
    private var state: CallAudioState? = null

    override fun start(tell: (RouteEvent) -> Unit) {
        this.tell = tell
        state?.let(::sees)
    }

    /** Telecom said how it is. */
    public fun sees(now: CallAudioState) {
        state = now
        tell(RouteEvent.Devices(routesOf(now)))
        tell(RouteEvent.Confirmed(currentOf(now)))
    }

    override fun ask(route: AudioRoute) {
        val present = state
        if (present != null && currentOf(present)?.id == route.id) {
            tell(RouteEvent.Confirmed(route))
            return
        }
        val headset = if (Build.VERSION.SDK_INT >= 28) {
            present?.supportedBluetoothDevices?.firstOrNull { it.address == route.id.removePrefix(BLUETOOTH) }
        } else {
            null
        }
        if (headset != null && Build.VERSION.SDK_INT >= 28) connection.requestBluetoothAudio(headset) else connection.setAudioRoute(maskOf(route.kind))
    }

    /** Telecom does as it likes by itself when the call is over. */
    override fun release(): Unit = Unit

    override fun close() {
        tell = {}
    }

    private fun routesOf(state: CallAudioState): List<AudioRoute> = AudioRouteKind.entries
        .filter { state.supportedRouteMask and maskOf(it) != 0 }
        .flatMap { kind -> if (kind == AudioRouteKind.BLUETOOTH) headsets(state) else listOf(plain(kind)) }

    private fun headsets(state: CallAudioState): List<AudioRoute> {
        val all = if (Build.VERSION.SDK_INT >= 28) state.supportedBluetoothDevices.map { it.address } else emptyList()
        // Names need a permission that the person may not have given; the address tells headsets apart.
        return all.ifEmpty { listOf("") }.map { AudioRoute(AudioRouteKind.BLUETOOTH, BLUETOOTH + it, name = "") }
    }

    private fun currentOf(state: CallAudioState): AudioRoute? {
        val kind = AudioRouteKind.entries.firstOrNull { state.route and maskOf(it) != 0 } ?: return null
        if (kind != AudioRouteKind.BLUETOOTH) {
            return plain(kind)
        }
        val active = if (Build.VERSION.SDK_INT >= 28) state.activeBluetoothDevice?.address else null
        return headsets(state).firstOrNull { it.id == BLUETOOTH + active.orEmpty() } ?: headsets(state).first()
    }

    private fun plain(kind: AudioRouteKind) = AudioRoute(kind, kind.name, name = "")

    private fun maskOf(kind: AudioRouteKind): Int = when (kind) {
        AudioRouteKind.EARPIECE -> CallAudioState.ROUTE_EARPIECE
        AudioRouteKind.SPEAKER -> CallAudioState.ROUTE_SPEAKER
        AudioRouteKind.WIRED -> CallAudioState.ROUTE_WIRED_HEADSET
        AudioRouteKind.BLUETOOTH -> CallAudioState.ROUTE_BLUETOOTH
    }

    private companion object {
        const val BLUETOOTH = "BLUETOOTH:"
    }
}
