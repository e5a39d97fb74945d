// How large a picture a warm phone makes: less to compress, less heat, and the call goes on.
package com.worldmates.calls.app.device

import android.content.Context
import android.os.Build
import android.os.PowerManager
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map

/** The most that the camera gives. [height] is of the shorter side. */
public data class FrameLimit(val height: Int, val perSecond: Int)

/** The limit at a thermal status of Android; what is hotter than Android's list is taken for the hottest. */
public fun frameLimit(status: Int): FrameLimit = when {
    status <= PowerManager.THERMAL_STATUS_LIGHT -> FrameLimit(720, 30)
    status == PowerManager.THERMAL_STATUS_MODERATE -> FrameLimit(540, 24)
    status == PowerManager.THERMAL_STATUS_SEVERE -> FrameLimit(360, 15)
    else -> FrameLimit(180, 8)
}

/** The limit as it changes, the present one first. Before Android 10 a phone does not say how warm it is. */
public fun frameLimits(context: Context): Flow<FrameLimit> {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) {
        return flowOf(frameLimit(PowerManager.THERMAL_STATUS_NONE))
    }
    val power = context.getSystemService(PowerManager::class.java)
    return callbackFlow {
        // Conflated: a status that nobody looked at before the next one is of no use, so nothing is lost.
        val listener = PowerManager.OnThermalStatusChangedListener { trySend(it) }
        trySend(power.currentThermalStatus)
        power.addThermalStatusListener(listener)
        awaitClose { power.removeThermalStatusListener(listener) }
    }.conflate().map(::frameLimit).distinctUntilChanged()
}
