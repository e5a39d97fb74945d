package com.worldmates.calls.app.pictures

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.graphics.PixelFormat
import android.hardware.display.DisplayManager
import android.hardware.display.VirtualDisplay
import android.media.ImageReader
import android.media.projection.MediaProjection
import android.media.projection.MediaProjectionManager
import android.os.Handler
import android.util.Log
import java.nio.ByteBuffer

/** The screen while it is shown, from [open] to [close]. Everything happens on the thread of [handler]. */
internal class PhoneScreen(
    private val context: Context,
    private val handler: Handler,
    private val see: (width: Int, height: Int, pixels: ByteBuffer, row: Int) -> Unit,
    private val failed: () -> Unit,
) {
    private var projection: MediaProjection? = null
    private var display: VirtualDisplay? = null
    private var reader: ImageReader? = null
    private var isClosed = false

    /** Begins with what Android gave when the person agreed. */
    fun open(consent: Intent) {
        handler.post {
            try {
                begin(consent)
            } catch (refused: SecurityException) {
                // The service does not run as a projection, or the consent was used before.
                Log.w("calls", "the screen may not be shown", refused)
                if (!isClosed) failed()
            }
        }
    }

    private fun begin(consent: Intent) {
        if (isClosed) return
        val manager = context.getSystemService(MediaProjectionManager::class.java)
        val projection = manager.getMediaProjection(Activity.RESULT_OK, consent) ?: return failed()
        this.projection = projection
        // Android 14 wants it before the first picture.
        projection.registerCallback(Stopped(), handler)
        val screen = context.resources.displayMetrics
        // Half of it: letters stay legible, and a phone's screen is larger than what a call carries.
        val (width, height) = screen.widthPixels / 4 * 2 to screen.heightPixels / 4 * 2
        val reader = ImageReader.newInstance(width, height, PixelFormat.RGBA_8888, 2)
        this.reader = reader
        reader.setOnImageAvailableListener({ take(it) }, handler)
        val flags = DisplayManager.VIRTUAL_DISPLAY_FLAG_AUTO_MIRROR
        display = projection.createVirtualDisplay("call", width, height, screen.densityDpi / 2, flags, reader.surface, null, handler)
    }

    private fun take(reader: ImageReader) {
        reader.acquireLatestImage()?.use { image ->
            val plane = image.planes.single()
            if (!isClosed) see(image.width, image.height, plane.buffer, plane.rowStride)
        }
    }

    /** Ends it. Waits for nothing. */
    fun close() {
        handler.post {
            isClosed = true
            display?.release()
            projection?.stop()
            reader?.close()
        }
    }

    /** The person ended it from Android's own bar. */
    private inner class Stopped : MediaProjection.Callback() {
        override fun onStop() {
            if (!isClosed) failed()
        }
    }
}
