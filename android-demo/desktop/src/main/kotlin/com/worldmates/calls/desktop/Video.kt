package com.worldmates.calls.desktop

import androidx.compose.foundation.Canvas
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.graphics.FilterQuality
import androidx.compose.ui.graphics.ImageBitmap
import androidx.compose.ui.graphics.drawscope.scale
import androidx.compose.ui.graphics.toComposeImageBitmap
import androidx.compose.ui.unit.IntOffset
import androidx.compose.ui.unit.IntSize
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.RgbaPicture
import com.worldmates.calls.isScreen
import com.worldmates.calls.ui.parts.VideoSource
import kotlin.math.max
import kotlin.math.min
import kotlin.math.roundToInt
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.delay
import org.jetbrains.skia.ColorAlphaType
import org.jetbrains.skia.ColorType
import org.jetbrains.skia.Image
import org.jetbrains.skia.ImageInfo

/** As often as a camera of a call sees something new. */
private val A_PICTURE = 33.milliseconds

/** Draws people by fetching their newest picture from the engine. */
internal fun videoOf(calls: Calls, model: CallsViewModel): VideoSource = { user, mirrored, modifier ->
    val state by model.state.collectAsState()
    val active = (state as? CallsUiState.Active)?.call
    val call = active?.id ?: 0
    val feed = remember(call, user) { calls.pictures(call, user ?: PictureFeed.OURSELVES) }
    var image by remember(feed) { mutableStateOf<ImageBitmap?>(null) }
    LaunchedEffect(feed) {
        while (true) {
            feed.next()?.let { image = it.toImage() }
            delay(A_PICTURE)
        }
    }
    Canvas(modifier) {
        val shown = image ?: return@Canvas
        val (wide, tall) = size.width / shown.width to size.height / shown.height
        if (user != null && active?.isScreen(user) == true) {
            // A screen is shown whole, or one could not read its edges.
            val fitting = min(wide, tall)
            val place = IntSize((shown.width * fitting).roundToInt(), (shown.height * fitting).roundToInt())
            val at = IntOffset((size.width.roundToInt() - place.width) / 2, (size.height.roundToInt() - place.height) / 2)
            drawImage(shown, dstOffset = at, dstSize = place, filterQuality = FilterQuality.Medium)
            return@Canvas
        }
        // It fills the place, and what does not fit is cut off.
        val factor = max(wide, tall)
        val cut = IntSize((size.width / factor).roundToInt(), (size.height / factor).roundToInt())
        val from = IntOffset((shown.width - cut.width) / 2, (shown.height - cut.height) / 2)
        val place = IntSize(size.width.roundToInt(), size.height.roundToInt())
        scale(if (mirrored) -1f else 1f, 1f) {
            drawImage(shown, from, cut, dstSize = place, filterQuality = FilterQuality.Low)
        }
    }
}

private fun RgbaPicture.toImage(): ImageBitmap {
    val bytes = ByteArray(pixels.limit())
    pixels.duplicate().get(bytes)
    val info = ImageInfo(width, height, ColorType.RGBA_8888, ColorAlphaType.OPAQUE)
    return Image.makeRaster(info, bytes, width * 4).toComposeImageBitmap()
}
