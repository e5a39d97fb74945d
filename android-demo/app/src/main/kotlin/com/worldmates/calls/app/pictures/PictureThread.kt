package com.worldmates.calls.app.pictures

import android.os.Handler
import android.os.HandlerThread

/**
 * The thread of the pictures. It ends once it is closed and no camera is on its way any more: Android hands a camera that it
 * opens to this thread, and one that comes to a thread that is gone stays taken, for every app, until the process dies.
 */
internal class PictureThread : AutoCloseable {
    private val thread = HandlerThread("calls-pictures").apply { start() }
    private var coming = 0
    private var isClosed = false

    /** What runs on it. */
    val handler: Handler = Handler(thread.looper)

    /** Whether it is still there. */
    val isThere: Boolean
        get() = thread.isAlive

    /** A camera was asked for; said on the thread itself. */
    fun opening() {
        coming += 1
    }

    /** It came, or never will; said on the thread itself, once for each [opening]. */
    fun opened() {
        coming -= 1
        endIfDone()
    }

    /** Ends it as soon as nothing is on its way. What was posted before is done before. */
    override fun close() {
        handler.post {
            isClosed = true
            endIfDone()
        }
    }

    private fun endIfDone() {
        if (isClosed && coming == 0) thread.quitSafely()
    }
}
