package com.worldmates.calls.ui.parts

import androidx.compose.animation.AnimatedVisibility
import androidx.compose.animation.expandVertically
import androidx.compose.animation.shrinkVertically
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.defaultMinSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.geometry.CornerRadius
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.Quality
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.ColorPair
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** Three bars; how many are lit says how good the connection is. Nothing while nobody knows. */
@Composable
internal fun QualityBars(quality: Quality, modifier: Modifier = Modifier, size: Dp = 16.dp, rest: Color = callsPalette.onBackdropQuiet) {
    val lit = when (quality) {
        Quality.UNKNOWN -> return
        Quality.GOOD -> 3
        Quality.WEAK -> 2
        Quality.BAD -> 1
    }
    val color = when (quality) {
        Quality.UNKNOWN, Quality.GOOD -> callsPalette.good
        Quality.WEAK -> callsPalette.warning
        Quality.BAD -> callsPalette.bad
    }
    val words = strings.quality(quality)
    Canvas(modifier.size(size).semantics { contentDescription = words }) {
        val gap = this.size.width * 0.14f
        val wide = (this.size.width - gap * 2) / 3
        repeat(3) { bar ->
            val tall = this.size.height * (0.4f + 0.3f * bar)
            drawRoundRect(
                if (bar < lit) color else rest.copy(alpha = 0.35f),
                Offset(bar * (wide + gap), this.size.height - tall), Size(wide, tall), CornerRadius(wide * 0.35f),
            )
        }
    }
}

/** Something that one has to know now, in a strip that moves what is below and covers nothing. */
@Composable
internal fun Banner(
    isShown: Boolean, icon: ImageVector, title: String, colors: ColorPair, modifier: Modifier = Modifier, help: String? = null,
    isUrgent: Boolean = false,
) {
    AnimatedVisibility(isShown, modifier, enter = expandVertically(), exit = shrinkVertically()) {
        Row(
            Modifier.fillMaxWidth().padding(vertical = 4.dp).clip(MaterialTheme.shapes.medium).background(colors.container)
                .padding(horizontal = 16.dp, vertical = 10.dp)
                .semantics(mergeDescendants = true) {
                    liveRegion = if (isUrgent) LiveRegionMode.Assertive else LiveRegionMode.Polite
                },
            verticalAlignment = Alignment.CenterVertically,
            horizontalArrangement = Arrangement.spacedBy(12.dp),
        ) {
            Icon(icon, contentDescription = null, Modifier.size(20.dp), tint = colors.content)
            Column {
                Text(title, color = colors.content, style = MaterialTheme.typography.titleSmall)
                if (help != null) Text(help, color = colors.content, style = MaterialTheme.typography.bodySmall)
            }
        }
    }
}

/** A raised hand, with its [number] in the line; with none if that is 0. */
@Composable
internal fun HandMark(number: Int, modifier: Modifier = Modifier, size: Dp = 32.dp) {
    val colors = callsPalette.hand
    val words = if (number > 0) strings.handNumber(number) else strings.handUp
    Row(
        modifier.height(size).clip(CircleShape).background(colors.container).padding(horizontal = size * 0.22f)
            .clearAndSetSemantics { contentDescription = words },
        Arrangement.spacedBy(2.dp), Alignment.CenterVertically,
    ) {
        Icon(Icons.Hand, contentDescription = null, Modifier.size(size * 0.56f), tint = colors.content)
        if (number > 0) {
            Text("$number", color = colors.content, style = MaterialTheme.typography.labelMedium.grownAtMost(1f), maxLines = 1)
        }
    }
}

/** A number on the corner of a button: so many wait, so much is unread. */
@Composable
internal fun Counted(count: Int, modifier: Modifier = Modifier, content: @Composable () -> Unit) {
    Box(modifier) {
        content()
        if (count > 0) {
            val colors = callsPalette.hand
            Box(
                Modifier.align(Alignment.TopEnd).padding(top = 3.dp, end = 1.dp).defaultMinSize(minWidth = 18.dp).height(18.dp)
                    .clip(CircleShape).background(colors.container).padding(horizontal = 4.dp).clearAndSetSemantics {},
                Alignment.Center,
            ) {
                Text(
                    if (count > 99) "99+" else "$count", color = colors.content, maxLines = 1,
                    style = MaterialTheme.typography.labelSmall.grownAtMost(1f),
                )
            }
        }
    }
}

/** A small round mark on a picture. */
@Composable
internal fun RoundMark(icon: ImageVector, label: String, colors: ColorPair, modifier: Modifier = Modifier, size: Dp = 32.dp) {
    Box(
        modifier.size(size).clip(CircleShape).background(colors.container).semantics { contentDescription = label },
        contentAlignment = Alignment.Center,
    ) { Icon(icon, contentDescription = null, Modifier.size(size * 0.6f), tint = colors.content) }
}
