// What of a camera is taken: pure, so that it is tested without one.
package com.worldmates.calls.app.pictures

import android.util.Size
import com.worldmates.calls.app.device.FrameLimit

/**
 * The size to take of those that a camera offers: the largest that is not over the limit, of the shape of a screen if there is
 * one; the smallest if all are over. Null if it offers nothing.
 */
public fun chooseSize(offered: List<Size>, limit: FrameLimit): Size? {
    val within = offered.filter { minOf(it.width, it.height) <= limit.height }
    val wide = within.filter { maxOf(it.width, it.height) * 9 == minOf(it.width, it.height) * 16 }
    return (wide.ifEmpty { within }).maxByOrNull { it.width * it.height } ?: offered.minByOrNull { it.width * it.height }
}

/**
 * By how many degrees a camera's picture has to be turned clockwise to stand upright.
 *
 * @param sensor how the sensor is built in, as Android says it
 * @param display how the screen is turned: 0, 90, 180, 270
 */
public fun turned(sensor: Int, display: Int, isFront: Boolean): Int =
    Math.floorMod(if (isFront) sensor + display else sensor - display, 360)
