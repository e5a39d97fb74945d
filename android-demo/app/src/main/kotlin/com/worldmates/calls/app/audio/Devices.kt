// Android's devices as routes.
package com.worldmates.calls.app.audio

import android.media.AudioDeviceInfo
import android.os.Build
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind

/** The route of this device; null if no call goes there. */
internal fun AudioDeviceInfo.route(): AudioRoute? {
    val kind = kindOf(type) ?: return null
    return AudioRoute(kind, idOf(kind, this), productName?.toString().orEmpty())
}

/** Android numbers a headset anew each time it connects; its address stays. */
private fun idOf(kind: AudioRouteKind, device: AudioDeviceInfo): String = when (kind) {
    AudioRouteKind.EARPIECE, AudioRouteKind.SPEAKER -> kind.name
    AudioRouteKind.WIRED, AudioRouteKind.BLUETOOTH -> {
        val address = if (Build.VERSION.SDK_INT >= 28) device.address else ""
        "${kind.name}:${device.type}:$address"
    }
}

/** What kind of route a type of Android's devices is. */
public fun kindOf(type: Int): AudioRouteKind? = when (type) {
    AudioDeviceInfo.TYPE_BUILTIN_EARPIECE -> AudioRouteKind.EARPIECE
    AudioDeviceInfo.TYPE_BUILTIN_SPEAKER -> AudioRouteKind.SPEAKER
    AudioDeviceInfo.TYPE_WIRED_HEADSET,
    AudioDeviceInfo.TYPE_WIRED_HEADPHONES,
    AudioDeviceInfo.TYPE_USB_HEADSET,
    AudioDeviceInfo.TYPE_USB_DEVICE,
    -> AudioRouteKind.WIRED
    AudioDeviceInfo.TYPE_BLUETOOTH_SCO,
    AudioDeviceInfo.TYPE_BLE_HEADSET,
    AudioDeviceInfo.TYPE_HEARING_AID,
    -> AudioRouteKind.BLUETOOTH
    // Music goes to A2DP, a call does not; and whatever Android adds, it can still choose by itself.
    else -> null
}
