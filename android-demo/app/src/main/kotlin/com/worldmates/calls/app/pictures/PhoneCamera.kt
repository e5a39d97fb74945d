package com.worldmates.calls.app.pictures

import android.Manifest
import android.annotation.SuppressLint
import android.content.Context
import android.content.pm.PackageManager
import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.display.DisplayManager
import android.media.Image
import android.media.ImageReader
import android.util.Log
import android.view.Display
import com.worldmates.calls.CameraPicture
import com.worldmates.calls.Lens
import com.worldmates.calls.app.device.FrameLimit

/** One camera that is open, from [open] to [close]. Everything happens on its [thread]. */
internal class PhoneCamera(
    private val context: Context,
    private val thread: PictureThread,
    private val limit: () -> FrameLimit,
    private val see: (CameraPicture) -> Unit,
    private val failed: () -> Unit,
) {
    private val handler = thread.handler
    private val manager = context.getSystemService(CameraManager::class.java)
    private var device: CameraDevice? = null
    private var reader: ImageReader? = null
    private var isClosed = false
    private var next = 0L

    /** Opens the camera that looks this way. False at once if there is none or it may not be used. */
    fun open(lens: Lens): Boolean {
        if (context.checkSelfPermission(Manifest.permission.CAMERA) != PackageManager.PERMISSION_GRANTED) return false
        val id = find(lens) ?: return false
        return handler.post { begin(id, isFront = lens == Lens.FRONT) }
    }

    private fun find(lens: Lens): String? = try {
        val wanted = if (lens == Lens.FRONT) CameraCharacteristics.LENS_FACING_FRONT else CameraCharacteristics.LENS_FACING_BACK
        manager.cameraIdList.firstOrNull { manager.getCameraCharacteristics(it)[CameraCharacteristics.LENS_FACING] == wanted }
    } catch (gone: CameraAccessException) {
        Log.w(TAG, "cameras cannot be listed", gone)
        null
    } catch (gone: IllegalArgumentException) {
        Log.w(TAG, "a camera was pulled out", gone)
        null
    }

    @SuppressLint("MissingPermission") // Looked at in `open`; taken away since, it is the exception below.
    private fun begin(id: String, isFront: Boolean) {
        if (isClosed) return
        var opened: Opened? = null
        try {
            val known = manager.getCameraCharacteristics(id)
            val map = known[CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP]
            val sizes = map?.getOutputSizes(ImageFormat.YUV_420_888).orEmpty().toList()
            val size = chooseSize(sizes, limit()) ?: return failed()
            val sensor = known[CameraCharacteristics.SENSOR_ORIENTATION] ?: 0
            val reader = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, IMAGES)
            this.reader = reader
            reader.setOnImageAvailableListener({
                take(it, sensor, isFront)
                // A warmer phone makes smaller pictures, and a camera has one size for as long as it is open.
                if (this.reader === it && chooseSize(sizes, limit()) != size) again(id, isFront)
            }, handler)
            opened = Opened(reader)
            manager.openCamera(id, opened, handler)
        } catch (refused: CameraAccessException) {
            opened?.arrived()
            gone("the camera does not open", refused)
        } catch (refused: SecurityException) {
            opened?.arrived()
            gone("the camera may not be used any more", refused)
        } catch (refused: IllegalArgumentException) {
            opened?.arrived()
            gone("the camera was pulled out", refused)
        }
    }

    private fun again(id: String, isFront: Boolean) {
        giveBack()
        begin(id, isFront)
    }

    private fun take(reader: ImageReader, sensor: Int, isFront: Boolean) {
        // The newest: what waited meanwhile is old.
        val image = reader.acquireLatestImage() ?: return
        image.use {
            if (isClosed || image.timestamp < next) return
            next = image.timestamp + NANOS_A_SECOND / limit().perSecond - SLACK_NANOS
            see(image.picture(turned(sensor, displayTurned(), isFront)))
        }
    }

    private fun displayTurned(): Int =
        90 * (context.getSystemService(DisplayManager::class.java).getDisplay(Display.DEFAULT_DISPLAY)?.rotation ?: 0)

    private fun gone(what: String, why: Exception? = null) {
        Log.w(TAG, what, why)
        if (!isClosed) failed()
    }

    /** Gives the camera back. Waits for nothing. */
    fun close() {
        handler.post {
            isClosed = true
            giveBack()
        }
    }

    private fun giveBack() {
        device?.close()
        device = null
        reader?.close()
        reader = null
    }

    private inner class Opened(private val reader: ImageReader) : CameraDevice.StateCallback() {
        private var isComing = true

        init {
            thread.opening()
        }

        /** The camera is there, or will never be. */
        fun arrived() {
            if (isComing) {
                isComing = false
                thread.opened()
            }
        }

        override fun onOpened(camera: CameraDevice) {
            if (isClosed || this@PhoneCamera.reader !== reader) {
                camera.close()
                return arrived()
            }
            arrived()
            device = camera
            try {
                val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_RECORD)
                request.addTarget(reader.surface)
                @Suppress("DEPRECATION") // The newer form is there from Android 9 on.
                camera.createCaptureSession(listOf(reader.surface), Session { it.setRepeatingRequest(request.build(), null, handler) }, handler)
            } catch (refused: CameraAccessException) {
                gone("the camera gives no pictures", refused)
            } catch (closed: IllegalStateException) {
                gone("the camera was closed meanwhile", closed)
            }
        }

        override fun onDisconnected(camera: CameraDevice) {
            camera.close()
            arrived()
            gone("another app took the camera")
        }

        override fun onError(camera: CameraDevice, error: Int) {
            camera.close()
            arrived()
            gone("the camera failed: $error")
        }
    }

    private inner class Session(private val begin: (CameraCaptureSession) -> Unit) : CameraCaptureSession.StateCallback() {
        override fun onConfigured(session: CameraCaptureSession) {
            if (isClosed) return
            try {
                begin(session)
            } catch (refused: CameraAccessException) {
                gone("the camera gives no pictures", refused)
            } catch (closed: IllegalStateException) {
                // Closed by us, for another size; or by Android, which then says so to Opened.
                Log.w(TAG, "the camera was closed meanwhile", closed)
            }
        }

        override fun onConfigureFailed(session: CameraCaptureSession) = gone("the camera cannot give pictures of this size")
    }

    private companion object {
        const val TAG = "calls"
        const val IMAGES = 3
        const val NANOS_A_SECOND = 1_000_000_000L

        /** Cameras are not exact: a picture that is a little early is not left out. */
        const val SLACK_NANOS = 4_000_000L
    }
}

private fun Image.picture(turned: Int): CameraPicture {
    val (y, u, v) = planes
    return CameraPicture(width, height, turned, y.buffer, y.rowStride, u.buffer, v.buffer, u.rowStride, u.pixelStride)
}
