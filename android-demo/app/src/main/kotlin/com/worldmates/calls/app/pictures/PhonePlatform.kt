// What the engine asks of the phone: its cameras, its screen, and who rings.
package com.worldmates.calls.app.pictures

import android.content.Context
import android.content.Intent
import android.os.Handler
import android.os.HandlerThread
import com.worldmates.calls.CallsException
import com.worldmates.calls.CameraPicture
import com.worldmates.calls.Calls
import com.worldmates.calls.Lens
import com.worldmates.calls.Picture
import com.worldmates.calls.Platform
import com.worldmates.calls.Ringing
import com.worldmates.calls.app.device.FrameLimit
import com.worldmates.calls.app.device.frameLimit

/**
 * The phone, as the engine sees it. It is handed to `Calls.connect`, and told of the rest by [attach].
 *
 * The engine asks on threads of its own and does not wait: cameras open and close on a thread of this one.
 */
public class PhonePlatform(private val context: Context) : Platform, AutoCloseable {
    private val thread = HandlerThread("calls-pictures").apply { start() }
    private val handler = Handler(thread.looper)
    private val open = mutableMapOf<Long, () -> Unit>()

    @Volatile private var attached: Attached? = null

    private class Attached(val calls: Calls, val limit: () -> FrameLimit, val consent: () -> Intent?)

    /**
     * What is known only once the engine is there.
     *
     * @param limit the most that the camera gives now
     * @param consent what Android gave when the person agreed to show the screen
     */
    public fun attach(calls: Calls, limit: () -> FrameLimit = { frameLimit(0) }, consent: () -> Intent? = { null }) {
        attached = Attached(calls, limit, consent)
    }

    /** The channel of incoming calls rings, with the owner's tone and at the ringer's volume. */
    override fun plays(sound: Ringing): Boolean = sound == Ringing.RING

    override fun openCamera(lens: Lens, source: Long): Boolean {
        val attached = attached ?: return false
        val camera = PhoneCamera(context, handler, attached.limit(), { hand(source, it) }) { lost(Picture.CAMERA) }
        return camera.open(lens).also { if (it) remember(source, camera::close) }
    }

    override fun openScreen(source: Long): Boolean {
        val consent = attached?.consent?.invoke() ?: return false
        val screen = PhoneScreen(context, handler, { width, height, pixels, row ->
            unlessClosed { it.pushRgba(source, width, height, pixels, row) }
        }) { lost(Picture.SCREEN) }
        screen.open(consent)
        remember(source, screen::close)
        return true
    }

    override fun closePicture(source: Long) {
        synchronized(open) { open.remove(source) }?.invoke()
    }

    private fun remember(source: Long, close: () -> Unit) {
        synchronized(open) { open[source] = close }
    }

    private fun hand(source: Long, picture: CameraPicture) = unlessClosed { it.push(source, picture) }

    /** The picture is gone for good: the call goes on without, and shows it. */
    private fun lost(picture: Picture) = unlessClosed { calls ->
        if (picture == Picture.CAMERA) calls.noCamera()
        calls.snapshots.value.calls.filter { it.picture == picture }.forEach { calls.call(it.id).show(Picture.NONE) }
    }

    private fun unlessClosed(what: (Calls) -> Unit) {
        try {
            attached?.calls?.let(what)
        } catch (closed: CallsException.Closed) {
            // The last picture of a call that ended.
        }
    }

    /** Gives everything back. */
    override fun close() {
        attached = null
        synchronized(open) { open.values.toList().also { open.clear() } }.forEach { it() }
        thread.quitSafely()
    }
}
