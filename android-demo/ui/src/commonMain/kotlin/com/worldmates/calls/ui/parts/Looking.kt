package com.worldmates.calls.ui.parts

import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.Stable
import androidx.compose.runtime.remember
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.Modifier
import androidx.compose.ui.layout.boundsInWindow
import androidx.compose.ui.layout.onGloballyPositioned
import com.worldmates.calls.Look
import kotlin.math.abs

/**
 * Which pictures of others are on the screen, and how high they are there: each tile says it of itself, wherever it stands,
 * and [tell] hears the whole when it changed. A tile that was scrolled away, or that a page took with it, is not there.
 */
@Stable
internal class Looking(private val tell: (List<Look>) -> Unit) {
    /** By tile: while a face grows from a small place to a large one it has two. */
    private val seen = mutableMapOf<Any, Look>()
    private var told: List<Look>? = null

    /** A tile has this picture, [height] pixels high; 0: nothing of it is to be seen. */
    fun sees(tile: Any, picture: Long, height: Int) {
        if (height > 0) seen[tile] = Look(abs(picture), screen = picture < 0, height) else seen -= tile
        tellChanges()
    }

    /** A tile is gone. */
    fun isGone(tile: Any) {
        seen -= tile
        tellChanges()
    }

    /** Says what is there even if that is nothing: else the engine would go on choosing by itself. */
    fun tellChanges() {
        val now = seen.values.groupBy { it.user to it.screen }.values.map { same -> same.maxBy { it.height } }
            .sortedWith(compareByDescending<Look> { it.height }.thenBy { it.user }.thenBy { it.screen })
        if (now == told) return
        told = now
        tell(now)
    }
}

/** Who wants to know which pictures are on the screen; nobody in a call of two. */
internal val LocalLooking: ProvidableCompositionLocal<Looking?> = staticCompositionLocalOf { null }

/** The place of a picture, which says of itself how much of it is to be seen. */
@Composable
internal fun Modifier.lookedAt(face: Face): Modifier {
    val looking = LocalLooking.current
    val picture = face.picture
    if (looking == null || picture == null || !face.hasPicture) return this
    val tile = remember(looking, picture) { Any() }
    DisposableEffect(looking, tile) { onDispose { looking.isGone(tile) } }
    return onGloballyPositioned { place ->
        looking.sees(tile, picture, if (place.boundsInWindow().isEmpty) 0 else place.size.height)
    }
}
