package com.worldmates.calls.app

import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.ui.draw.clipToBounds
import androidx.compose.ui.viewinterop.AndroidView
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.app.pictures.PictureView
import com.worldmates.calls.isScreen
import com.worldmates.calls.ui.parts.VideoSource
import kotlinx.coroutines.flow.StateFlow

/** Draws people on a phone. */
internal fun phoneVideo(calls: Calls, state: StateFlow<CallsUiState>): VideoSource = { user, mirrored, modifier ->
    val shown by state.collectAsState()
    val active = (shown as? CallsUiState.Active)?.call
    val call = active?.id ?: 0
    key(call, user) {
        AndroidView(
            factory = { context -> PictureView(context, calls, call, user ?: PictureFeed.OURSELVES) },
            // What fills its place is larger than that.
            modifier = modifier.clipToBounds(),
            update = { view ->
                view.scaleX = if (mirrored) -1f else 1f
                view.isWhole = user != null && active?.isScreen(user) == true
            },
        )
    }
}
