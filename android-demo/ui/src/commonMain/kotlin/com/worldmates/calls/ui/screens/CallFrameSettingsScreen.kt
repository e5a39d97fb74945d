package com.worldmates.calls.ui.screens

import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.parts.CallFrame
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.StageTheme
import com.worldmates.calls.ui.theme.callsPalette

/** The six frames, each as it really looks; the chosen one large above. */
@Composable
public fun CallFrameSettingsScreen(
    chosen: FrameStyle, onChoose: (FrameStyle) -> Unit, onBack: () -> Unit, modifier: Modifier = Modifier,
) {
    SettingsPage(strings.callFrame, onBack, modifier.testTag("frame settings")) {
        Text(
            strings.callFrameHelp, Modifier.padding(horizontal = 4.dp), style = MaterialTheme.typography.bodyMedium,
            color = MaterialTheme.colorScheme.onSurfaceVariant,
        )
        Preview(chosen, Modifier.fillMaxWidth().height(300.dp))
        BoxWithConstraints(Modifier.fillMaxWidth()) {
            // At twice the size of text a name needs the room of two.
            val columns = when {
                LocalDensity.current.fontScale > 1.5f -> 1
                maxWidth < 300.dp -> 2
                else -> 3
            }
            Column(Modifier.selectableGroup(), Arrangement.spacedBy(12.dp)) {
                FrameStyle.entries.chunked(columns).forEach { row ->
                    Row(horizontalArrangement = Arrangement.spacedBy(12.dp)) {
                        row.forEach { style ->
                            Choice(style, style == chosen, { onChoose(style) }, columns == 1, Modifier.weight(1f))
                        }
                    }
                }
            }
        }
    }
}

/** A stage in small. */
@Composable
private fun Preview(style: FrameStyle, modifier: Modifier) {
    StageTheme {
        Box(
            modifier.clip(MaterialTheme.shapes.large).background(callsPalette.backdropBottom).clearAndSetSemantics {},
            contentAlignment = Alignment.Center,
        ) {
            val space = if (style == FrameStyle.PLAIN) 0.dp else 18.dp
            CallFrame(style, Modifier.fillMaxSize().padding(space)) { Sketch() }
        }
    }
}

@Composable
private fun Choice(style: FrameStyle, isChosen: Boolean, onChoose: () -> Unit, isWide: Boolean, modifier: Modifier) {
    val words = strings
    val edge = if (isChosen) MaterialTheme.colorScheme.primary else MaterialTheme.colorScheme.outlineVariant
    val picture: @Composable (Modifier) -> Unit = { place ->
        StageTheme {
            Box(place.aspectRatio(1f).clip(MaterialTheme.shapes.small).background(callsPalette.backdropBottom), Alignment.Center) {
                CallFrame(style, Modifier.fillMaxSize().padding(if (style == FrameStyle.PLAIN) 0.dp else 8.dp)) { Sketch() }
            }
        }
    }
    val name: @Composable () -> Unit = {
        Row(Modifier.fillMaxWidth(), Arrangement.spacedBy(4.dp, Alignment.CenterHorizontally), Alignment.CenterVertically) {
            if (isChosen) Icon(Icons.Check, contentDescription = null, Modifier.height(16.dp), tint = MaterialTheme.colorScheme.primary)
            Text(
                words.frame(style), style = MaterialTheme.typography.labelSmall, textAlign = TextAlign.Center,
                color = if (isChosen) MaterialTheme.colorScheme.primary else MaterialTheme.colorScheme.onSurface,
            )
        }
    }
    val place = modifier.clip(MaterialTheme.shapes.medium).border(if (isChosen) 2.dp else 1.dp, edge, MaterialTheme.shapes.medium)
        .selectable(isChosen, role = Role.RadioButton, onClick = onChoose)
        .testTag(style.name).semantics { contentDescription = "${words.frame(style)}. ${words.frameHelp(style)}" }.padding(8.dp)
    if (isWide) {
        Row(place, Arrangement.spacedBy(12.dp), Alignment.CenterVertically) {
            picture(Modifier.height(96.dp))
            Box(Modifier.weight(1f).clearAndSetSemantics {}) { name() }
        }
    } else {
        Column(place, Arrangement.spacedBy(8.dp), Alignment.CenterHorizontally) {
            picture(Modifier.fillMaxWidth())
            Box(Modifier.clearAndSetSemantics {}) { name() }
        }
    }
}

/** Stands for a face: evening sky, a head and shoulders. */
@Composable
private fun Sketch() {
    Box(Modifier.fillMaxSize().background(Brush.verticalGradient(SKY)), Alignment.Center) {
        Canvas(Modifier.fillMaxSize()) {
            val unit = size.minDimension
            val middle = size.width / 2
            drawCircle(Color(0xFFFFD9A0).copy(alpha = 0.85f), unit * 0.10f, Offset(middle + unit * 0.3f, size.height * 0.26f))
            drawOval(
                Color(0xFF163B3A),
                Offset(middle - unit * 0.40f, size.height * 0.5f + unit * 0.19f),
                Size(unit * 0.8f, size.height),
            )
            drawCircle(Color(0xFF1F5350), unit * 0.205f, Offset(middle, size.height * 0.5f))
        }
    }
}

private val SKY = listOf(Color(0xFF3E6D8E), Color(0xFF7FA8A9), Color(0xFFE2B58C))
