package com.worldmates.calls.ui.parts

import androidx.compose.animation.core.Spring
import androidx.compose.animation.core.animateOffsetAsState
import androidx.compose.animation.core.snap
import androidx.compose.animation.core.spring
import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.clickable
import androidx.compose.foundation.gestures.detectDragGestures
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.absoluteOffset
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberUpdatedState
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.AbsoluteAlignment
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.draw.shadow
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.input.pointer.pointerInput
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.CustomAccessibilityAction
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.customActions
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.DpSize
import androidx.compose.ui.unit.IntOffset
import androidx.compose.ui.unit.LayoutDirection
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.ui.layout.Corner
import com.worldmates.calls.ui.layout.nearestCorner
import com.worldmates.calls.ui.layout.next
import com.worldmates.calls.ui.layout.placePip
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.roundToInt

/**
 * Our own picture, small, in a corner of the stage that this fills. It can be dragged and goes to the nearest corner where
 * it covers none of [keepClear] (in the coordinates of the stage); where there is no such corner it is not shown.
 */
@Composable
public fun LocalVideoPiP(
    isMirrored: Boolean, isMuted: Boolean, keepClear: List<Rect>, onSwitchCamera: (() -> Unit)?, modifier: Modifier = Modifier,
) {
    BoxWithConstraints(modifier.fillMaxSize(), contentAlignment = AbsoluteAlignment.TopLeft) {
        val density = LocalDensity.current
        val isRtl = LocalLayoutDirection.current == LayoutDirection.Rtl
        val area = with(density) { Rect(0f, 0f, maxWidth.toPx(), maxHeight.toPx()) }
        val wished = pipSize(maxWidth, maxHeight)
        val wishedPixels = with(density) { Size(wished.width.toPx(), wished.height.toPx()) }
        val margin = with(density) { MARGIN.toPx() }

        var corner by rememberSaveable { mutableStateOf(Corner.BOTTOM_END) }
        var dragged by remember { mutableStateOf<Offset?>(null) }
        val place = placePip(area, wishedPixels, margin, corner, keepClear, isRtl) ?: return@BoxWithConstraints
        val resting by rememberUpdatedState(place.bounds)
        val stage by rememberUpdatedState(area)
        val direction by rememberUpdatedState(isRtl)
        // Under the finger at once, home with a little spring.
        val at by animateOffsetAsState(
            dragged ?: place.bounds.topLeft,
            if (dragged != null) snap() else spring(Spring.DampingRatioLowBouncy, Spring.StiffnessMediumLow),
        )

        val words = strings
        Box(
            Modifier.absoluteOffset { IntOffset(at.x.roundToInt(), at.y.roundToInt()) }
                .size(with(density) { DpSize(place.bounds.width.toDp(), place.bounds.height.toDp()) })
                .testTag("pip")
                .pointerInput(Unit) {
                    detectDragGestures(
                        onDragStart = { dragged = resting.topLeft },
                        onDragEnd = {
                            dragged?.let { corner = nearestCorner(stage, Rect(it, resting.size).center, direction) }
                            dragged = null
                        },
                        onDragCancel = { dragged = null },
                    ) { change, amount ->
                        change.consume()
                        dragged = (dragged ?: resting.topLeft) + amount
                    }
                }
                .semantics {
                    contentDescription = words.yourPicture
                    customActions = listOf(
                        CustomAccessibilityAction(words.movePicture) {
                            corner = corner.next()
                            true
                        },
                    )
                }
                .shadow(10.dp, MaterialTheme.shapes.medium)
                .clip(MaterialTheme.shapes.medium)
                .background(callsPalette.tile.container),
        ) {
            LocalVideoSource.current(null, isMirrored, Modifier.fillMaxSize())
            Box(Modifier.fillMaxSize().border(1.5.dp, Color.White.copy(alpha = 0.35f), MaterialTheme.shapes.medium))
            if (isMuted) {
                RoundMark(
                    Icons.MicOff, words.muted, callsPalette.chip, Modifier.align(Alignment.TopStart).padding(6.dp), size = 26.dp,
                )
            }
            if (onSwitchCamera != null) SwitchCamera(onSwitchCamera, Modifier.align(Alignment.BottomEnd))
        }
    }
}

/** A finger's size to press, less to see. */
@Composable
private fun SwitchCamera(onClick: () -> Unit, modifier: Modifier) {
    val label = strings.switchCamera
    Box(
        modifier.size(48.dp).clip(CircleShape).clickable(role = Role.Button, onClick = onClick)
            .semantics { contentDescription = label },
        contentAlignment = Alignment.Center,
    ) {
        Box(Modifier.size(34.dp).background(callsPalette.chip.container, CircleShape), contentAlignment = Alignment.Center) {
            Icon(Icons.FlipCamera, contentDescription = null, Modifier.size(20.dp), tint = callsPalette.chip.content)
        }
    }
}

private val MARGIN = 12.dp

/** As tall as the stage is: upright on a phone held upright. */
private fun pipSize(width: Dp, height: Dp): DpSize {
    val shorter = (min(width, height) * 0.3f).coerceIn(84.dp, 168.dp)
    return if (width > height) DpSize(shorter * 4 / 3, shorter) else DpSize(shorter, shorter * 4 / 3)
}
