package com.worldmates.calls

import android.view.Surface

/**
 * Draws what is seen of somebody straight onto a surface: no picture comes by Kotlin.
 *
 * Take it away by [hide] in `surfaceDestroyed`, which waits until the picture that is being drawn is done.
 */
public fun Calls.show(call: Long, user: Long, surface: Surface) {
    (this as? OnSurfaces)?.attach(call, user, surface)
}

/** Draws nobody onto the surface of this person any more. */
public fun Calls.hide(call: Long, user: Long) {
    (this as? OnSurfaces)?.attach(call, user, null)
}
