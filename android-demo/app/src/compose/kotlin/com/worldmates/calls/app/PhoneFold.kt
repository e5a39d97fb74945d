package com.worldmates.calls.app

import android.app.Activity
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.platform.LocalDensity
import androidx.window.layout.FoldingFeature
import androidx.window.layout.WindowInfoTracker
import com.worldmates.calls.ui.layout.Fold

/** Where the hinge of a phone that is half open divides the window of [activity]; null where it is flat. */
@Composable
internal fun foldOf(activity: Activity): Fold? {
    val layouts = remember(activity) { WindowInfoTracker.getOrCreate(activity).windowLayoutInfo(activity) }
    val layout by layouts.collectAsState(initial = null)
    val hinge = layout?.displayFeatures.orEmpty().filterIsInstance<FoldingFeature>().firstOrNull { it.isSeparating } ?: return null
    val isLying = hinge.orientation == FoldingFeature.Orientation.HORIZONTAL
    return with(LocalDensity.current) {
        val (start, end) = if (isLying) hinge.bounds.top to hinge.bounds.bottom else hinge.bounds.left to hinge.bounds.right
        Fold(isLying, start.toDp(), (end - start).toDp())
    }
}
