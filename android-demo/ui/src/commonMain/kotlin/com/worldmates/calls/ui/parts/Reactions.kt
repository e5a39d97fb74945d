package com.worldmates.calls.ui.parts

import androidx.compose.animation.core.Animatable
import androidx.compose.animation.core.LinearEasing
import androidx.compose.animation.core.tween
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.key
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.graphics.graphicsLayer
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.Reaction
import com.worldmates.calls.ShownReaction
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.PI
import kotlin.math.sin

/** What one can send up, each as large as a finger. */
@Composable
internal fun ReactionRow(onReact: (Reaction) -> Unit, modifier: Modifier = Modifier) {
    FlowRow(
        modifier.fillMaxWidth(), Arrangement.spacedBy(6.dp, Alignment.CenterHorizontally), Arrangement.spacedBy(4.dp),
        maxItemsInEachRow = Reaction.entries.size / 2,
    ) {
        Reaction.entries.forEach { reaction ->
            val label = strings.reaction(reaction)
            Box(
                Modifier.size(56.dp).clip(CircleShape).clickable(role = Role.Button) { onReact(reaction) }
                    .semantics { contentDescription = label }.testTag("react $reaction"),
                Alignment.Center,
            ) { ReactionSign(reaction, 34.dp) }
        }
    }
}

/** The reactions of the last seconds: they rise at the side, stay for a moment and fade. The engine takes them away. */
@Composable
internal fun FloatingReactions(state: ActiveState, modifier: Modifier = Modifier) {
    val words = strings
    val nameOf = state.namer(words)
    val firstNameOf = state.firstNamer(words)
    BoxWithConstraints(modifier.fillMaxSize().clearAndSetSemantics {}) {
        state.call.reactions.takeLast(MOST_AFLOAT).forEach { shown ->
            key(shown.id) {
                Afloat(shown, if (shown.user == state.surroundings.me) words.you else firstNameOf(shown.user), maxHeight)
            }
        }
    }
    // Said once each, apart from what moves.
    state.call.reactions.lastOrNull()?.let { last ->
        val name = if (last.user == state.surroundings.me) words.you else nameOf(last.user)
        val said = words.reacted(name, words.reaction(last.reaction))
        Box(Modifier.size(1.dp).semantics { liveRegion = LiveRegionMode.Polite; contentDescription = said })
    }
}

@Composable
private fun Afloat(shown: ShownReaction, name: String, height: Dp) {
    val life = remember { Animatable(0f) }
    LaunchedEffect(Unit) { life.animateTo(1f, tween(LIFE_MILLIS, easing = LinearEasing)) }
    // Each has a lane of its own, so that several can be told apart.
    val lane = (shown.id % LANES).toInt()
    Box(Modifier.fillMaxSize(), Alignment.BottomStart) {
        Column(
            Modifier.padding(start = 16.dp + LANE * lane, bottom = 12.dp).graphicsLayer {
                val rise = 1 - (1 - life.value) * (1 - life.value)
                translationY = -(height * (0.42f + 0.1f * (shown.id % 3))).toPx() * rise
                translationX = (sin(life.value * 3 * PI.toFloat() + lane) * 7.dp.toPx()) * (1 - life.value)
                val growth = (life.value / 0.06f).coerceAtMost(1f)
                scaleX = 0.5f + 0.5f * growth
                scaleY = scaleX
                alpha = ((1 - life.value) / 0.16f).coerceIn(0f, 1f)
            },
            Arrangement.spacedBy(4.dp), Alignment.CenterHorizontally,
        ) {
            ReactionSign(shown.reaction, 42.dp)
            Text(
                name,
                Modifier.testTag("name").widthIn(max = LANE - 4.dp).clip(CircleShape).background(callsPalette.chip.container)
                    .padding(horizontal = 8.dp, vertical = 2.dp),
                color = callsPalette.chip.content, maxLines = 1, overflow = TextOverflow.Ellipsis,
                style = MaterialTheme.typography.labelSmall.grownAtMost(LARGE_TEXT),
            )
        }
    }
}

/** As long as the engine shows one. */
private const val LIFE_MILLIS = 5_000
private const val LANES = 4L
private val LANE = 62.dp

/** More at once is a crowd: the newest are seen. */
private const val MOST_AFLOAT = 12

/** A reaction, drawn by ourselves: the letters of a phone look different on each, and here they would be missing. */
@Composable
internal fun ReactionSign(reaction: Reaction, size: Dp, modifier: Modifier = Modifier) {
    val symbol = symbolOf(reaction)
    if (symbol == null) {
        Canvas(modifier.size(size)) { face(reaction) }
    } else {
        Box(modifier.size(size).clip(CircleShape).background(symbol.second), Alignment.Center) {
            Icon(symbol.first, contentDescription = null, Modifier.size(size * 0.62f), tint = Color.White)
        }
    }
}

/** Faces are drawn, everything else is a white sign on a colour of its own. */
private fun symbolOf(reaction: Reaction): Pair<ImageVector, Color>? = when (reaction) {
    Reaction.THUMBS_UP -> RoomIcons.ThumbUp to Color(0xFF1F7A6E)
    Reaction.THUMBS_DOWN -> RoomIcons.ThumbDown to Color(0xFF6B5B4B)
    Reaction.HEART -> RoomIcons.Heart to Color(0xFFD0383F)
    Reaction.CLAP -> RoomIcons.Clap to Color(0xFFB3660F)
    Reaction.PARTY -> RoomIcons.Party to Color(0xFF7A4BB5)
    Reaction.LAUGH, Reaction.SURPRISE, Reaction.SAD -> null
}

private val SKIN = Color(0xFFFFCB45)
private val INK = Color(0xFF4A3000)

private fun DrawScope.face(reaction: Reaction) {
    val side = size.minDimension
    fun at(x: Float, y: Float) = Offset(side * x, side * y)
    drawCircle(SKIN, side / 2)
    val line = Stroke(side * 0.06f)
    if (reaction == Reaction.LAUGH) {
        listOf(0.24f, 0.56f).forEach { x -> drawArc(INK, 200f, 140f, false, at(x, 0.34f), Size(side * 0.2f, side * 0.18f), style = line) }
        drawArc(INK, 0f, 180f, true, at(0.24f, 0.34f), Size(side * 0.52f, side * 0.5f))
        drawArc(Color(0xFFE5484D), 20f, 140f, true, at(0.34f, 0.56f), Size(side * 0.32f, side * 0.26f))
        return
    }
    listOf(0.34f, 0.66f).forEach { x -> drawOval(INK, at(x - 0.05f, 0.33f), Size(side * 0.1f, side * 0.14f)) }
    if (reaction == Reaction.SURPRISE) {
        drawOval(INK, at(0.4f, 0.56f), Size(side * 0.2f, side * 0.26f))
        listOf(0.24f, 0.58f).forEach { x -> drawArc(INK, 210f, 120f, false, at(x, 0.18f), Size(side * 0.18f, side * 0.14f), style = line) }
    } else {
        drawArc(INK, 200f, 140f, false, at(0.3f, 0.62f), Size(side * 0.4f, side * 0.3f), style = line)
        drawOval(Color(0xFF5FB0E8), at(0.66f, 0.48f), Size(side * 0.11f, side * 0.2f))
    }
}
