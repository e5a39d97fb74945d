package com.worldmates.calls.app.pictures

import android.content.Context
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.view.Surface
import android.view.TextureView
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsException
import com.worldmates.calls.PictureSize
import com.worldmates.calls.show
import kotlin.math.max
import kotlin.math.min

/**
 * The picture of [user] in [call]: the engine draws onto the surface of a `TextureView`, which unlike that of a `SurfaceView`
 * can be cut into the frames of calls, mirrored and moved. Android stretches what is drawn to the place; this takes it back.
 */
public class PictureView(context: Context, private val calls: Calls, private val call: Long, private val user: Long) :
    TextureView(context), TextureView.SurfaceTextureListener {
    private val feed = calls.pictures(call, user)
    private var surface: Surface? = null
    private var drawing: AutoCloseable? = null
    private var fitted: Fitted? = null

    /** Whether all of the picture is seen, as of a shared screen; else it fills the place, and what does not fit is cut off. */
    public var isWhole: Boolean = false
        set(value) {
            field = value
            fit()
        }

    private data class Fitted(val picture: PictureSize, val place: PictureSize, val isWhole: Boolean)

    init {
        surfaceTextureListener = this
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        val surface = Surface(texture)
        this.surface = surface
        drawing = calls.show(call, user, surface)
        fit()
    }

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        drawing?.close()
        surface?.release()
        return true
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int): Unit = fit()

    /** Each new picture may have another size: a phone was turned, a smaller layer comes. */
    override fun onSurfaceTextureUpdated(texture: SurfaceTexture): Unit = fit()

    private fun fit() {
        val now = Fitted(size() ?: return, PictureSize(width, height), isWhole)
        if (now == fitted || width == 0 || height == 0) return
        fitted = now
        val (across, down) = stretchFor(now.picture, now.place, isWhole)
        setTransform(Matrix().apply { setScale(across, down, width / 2f, height / 2f) })
    }

    private fun size(): PictureSize? = try {
        feed.size
    } catch (_: CallsException.Closed) {
        null
    }
}

/** How much wider and taller than its place a picture is shown. */
internal data class Stretch(val across: Float, val down: Float)

/**
 * What makes of a [picture] that was stretched to its [place] one that has its own shape again: as small as fits in all of it
 * if it is to be seen whole, else as large as fills the place.
 */
internal fun stretchFor(picture: PictureSize, place: PictureSize, isWhole: Boolean): Stretch {
    val across = place.width.toFloat() / picture.width
    val down = place.height.toFloat() / picture.height
    val factor = if (isWhole) min(across, down) else max(across, down)
    return Stretch(factor / across, factor / down)
}
