package com.worldmates.calls

import android.view.Surface

/**
 * Draws what is seen of somebody straight onto a surface, until the result is closed: no picture comes by Kotlin.
 *
 * Close it in `surfaceDestroyed`, or when a view goes. A surface that was shown on since keeps the picture, so views may come
 * and go in any order.
 */
public fun Calls.show(call: Long, user: Long, surface: Surface): AutoCloseable =
    (this as? OnSurfaces)?.attach(call, user, surface) ?: AutoCloseable {}
