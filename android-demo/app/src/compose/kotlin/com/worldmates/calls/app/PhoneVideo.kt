package com.worldmates.calls.app

import android.graphics.SurfaceTexture
import android.view.Surface
import android.view.TextureView
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.ui.viewinterop.AndroidView
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.show
import com.worldmates.calls.ui.parts.VideoSource
import kotlinx.coroutines.flow.StateFlow

/**
 * Draws people on a phone: the engine draws onto the surface of a `TextureView`, which unlike that of a `SurfaceView` can be
 * cut into the frames of calls, mirrored and moved.
 */
internal fun phoneVideo(calls: Calls, state: StateFlow<CallsUiState>): VideoSource = { user, mirrored, modifier ->
    val shown by state.collectAsState()
    val call = (shown as? CallsUiState.Active)?.call?.id ?: 0
    key(call, user) {
        AndroidView(
            factory = { context ->
                TextureView(context).apply { surfaceTextureListener = Drawn(calls, call, user ?: PictureFeed.OURSELVES) }
            },
            modifier = modifier,
            update = { it.scaleX = if (mirrored) -1f else 1f },
        )
    }
}

/** The surface of one view, from when Android makes it to when Android takes it. */
private class Drawn(private val calls: Calls, private val call: Long, private val user: Long) : TextureView.SurfaceTextureListener {
    private var surface: Surface? = null
    private var drawing: AutoCloseable? = null

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        val surface = Surface(texture)
        this.surface = surface
        drawing = calls.show(call, user, surface)
    }

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        drawing?.close()
        surface?.release()
        return true
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int): Unit = Unit

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture): Unit = Unit
}
