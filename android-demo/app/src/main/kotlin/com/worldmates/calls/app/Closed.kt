package com.worldmates.calls.app

import com.worldmates.calls.CallsException

/**
 * Runs [what] unless the calls are closed. For everything that Android asks of the engine: a button in a notification, a car
 * or a thread of the camera may come after the person signed out, and it is too late for any of them.
 */
internal inline fun unlessClosed(what: () -> Unit) {
    try {
        what()
    } catch (closed: CallsException.Closed) {
        // There is no call any more that it could be about.
    }
}
