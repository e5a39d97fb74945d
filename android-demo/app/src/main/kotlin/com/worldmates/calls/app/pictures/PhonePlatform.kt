// What the engine asks of the phone: its cameras, its screen, and who rings.
package com.worldmates.calls.app.pictures

import android.content.Context
import android.content.Intent
import com.worldmates.calls.CameraPicture
import com.worldmates.calls.Calls
import com.worldmates.calls.Lens
import com.worldmates.calls.Picture
import com.worldmates.calls.Platform
import com.worldmates.calls.Ringing
import com.worldmates.calls.app.device.FrameLimit
import com.worldmates.calls.app.device.frameLimit
import com.worldmates.calls.app.unlessClosed
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * The phone, as the engine sees it. It is handed to `Calls.connect`, and told of the rest by [attach].
 *
 * The engine asks on threads of its own and does not wait: cameras open and close on a thread of this one.
 */
public class PhonePlatform(private val context: Context) : Platform, AutoCloseable {
    private val thread = PictureThread()
    private val open = mutableMapOf<Long, () -> Unit>()
    private var isClosed = false
    private val front = MutableStateFlow(true)

    @Volatile private var attached: Attached? = null

    /** Whether the camera that was opened last looks at the person: its picture is shown as in a mirror. */
    public val isFrontCamera: StateFlow<Boolean> = front.asStateFlow()

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
        val camera = PhoneCamera(context, thread, attached.limit, { hand(source, it) }) { lost(Picture.CAMERA) }
        if (!camera.open(lens)) return false
        front.value = lens == Lens.FRONT
        return remember(source, camera::close)
    }

    override fun openScreen(source: Long): Boolean {
        val consent = attached?.consent?.invoke() ?: return false
        val screen = PhoneScreen(context, thread.handler, { width, height, pixels, row ->
            toCalls { it.pushRgba(source, width, height, pixels, row) }
        }) { lost(Picture.SCREEN) }
        screen.open(consent)
        return remember(source, screen::close)
    }

    override fun closePicture(source: Long) {
        synchronized(open) { open.remove(source) }?.invoke()
    }

    /** False if everything was given back meanwhile: then this is as well. */
    private fun remember(source: Long, close: () -> Unit): Boolean {
        val isKept = synchronized(open) {
            if (!isClosed) open[source] = close
            !isClosed
        }
        if (!isKept) close()
        return isKept
    }

    private fun hand(source: Long, picture: CameraPicture) = toCalls { it.push(source, picture) }

    /** The picture is gone for good: the call goes on without, and shows it. */
    private fun lost(picture: Picture) = toCalls { calls ->
        if (picture == Picture.CAMERA) calls.noCamera()
        val all = calls.snapshots.value.calls
        all.filter { it.picture == picture }.forEach { calls.call(it.id).show(Picture.NONE) }
        if (picture == Picture.SCREEN) all.filter { it.isSharing }.forEach { calls.call(it.id).shareScreen(false) }
    }

    private fun toCalls(what: (Calls) -> Unit) = unlessClosed { attached?.calls?.let(what) }

    /** Gives everything back. */
    override fun close() {
        attached = null
        val all = synchronized(open) {
            isClosed = true
            open.values.toList().also { open.clear() }
        }
        all.forEach { it() }
        thread.close()
    }
}
