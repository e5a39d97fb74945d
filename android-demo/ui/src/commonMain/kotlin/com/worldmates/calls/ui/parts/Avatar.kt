package com.worldmates.calls.ui.parts

import androidx.compose.animation.core.LinearEasing
import androidx.compose.animation.core.RepeatMode
import androidx.compose.animation.core.animateFloat
import androidx.compose.animation.core.animateFloatAsState
import androidx.compose.animation.core.infiniteRepeatable
import androidx.compose.animation.core.rememberInfiniteTransition
import androidx.compose.animation.core.tween
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.draw.drawBehind
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** A face: the photograph if there is one, else initials on a colour of the person's own. Silent: the name stands beside it. */
@Composable
internal fun Avatar(user: Long, name: String, address: String?, size: Dp, modifier: Modifier = Modifier) {
    val photographs = LocalAvatarSource.current
    val colors = callsPalette.avatarOf(user)
    Box(
        modifier.size(size).clip(CircleShape).background(colors.container).clearAndSetSemantics {},
        contentAlignment = Alignment.Center,
    ) {
        val letters = initials(name)
        if (letters.isEmpty()) {
            Icon(Icons.Person, contentDescription = null, Modifier.size(size * 0.56f), tint = colors.content)
        } else {
            // Letters belong to the disc and grow with it, not with the size of text.
            val letterSize = with(LocalDensity.current) { (size * 0.36f).toSp() }
            Text(
                letters, color = colors.content, maxLines = 1, softWrap = false,
                style = MaterialTheme.typography.titleLarge.copy(fontSize = letterSize, lineHeight = letterSize),
            )
        }
        if (address != null && photographs != null) photographs(address, Modifier.fillMaxSize())
    }
}

/** The first letters of the first and the last word. */
internal fun initials(name: String): String {
    val words = name.split(' ', '-').filter { word -> word.firstOrNull()?.isLetterOrDigit() == true }
    return when (words.size) {
        0 -> ""
        1 -> words.first().take(1)
        else -> words.first().take(1) + words.last().take(1)
    }.uppercase()
}

/** A face with quiet rings going out from it, while a call is being set up. */
@Composable
internal fun RingingAvatar(user: Long, name: String, address: String?, size: Dp, modifier: Modifier = Modifier) {
    val time by rememberInfiniteTransition().animateFloat(
        initialValue = 0f, targetValue = 1f,
        animationSpec = infiniteRepeatable(tween(RING_MILLIS, easing = LinearEasing), RepeatMode.Restart),
    )
    val color = callsPalette.ripple
    Box(
        modifier.size(size * RING_REACH).drawBehind {
            val face = size.toPx() / 2
            repeat(RINGS) { ring ->
                val way = (ring + time) / RINGS
                val radius = face + (this.size.minDimension / 2 - face) * way
                drawCircle(color.copy(alpha = 0.13f * (1 - way)), radius)
                drawCircle(color.copy(alpha = 0.34f * (1 - way)), radius, style = Stroke(1.5.dp.toPx()))
            }
        },
        contentAlignment = Alignment.Center,
    ) { Avatar(user, name, address, size) }
}

/** A face with a ring as wide as its owner's voice is loud. */
@Composable
internal fun SpeakingAvatar(
    user: Long, name: String, address: String?, size: Dp, level: Float, modifier: Modifier = Modifier,
) {
    val loud by animateFloatAsState(if (level >= AUDIBLE) level else 0f, tween(120))
    val color = callsPalette.speaking
    Box(
        modifier.padding(size * 0.1f).drawBehind {
            if (loud > 0f) {
                val face = size.toPx() / 2
                drawCircle(color.copy(alpha = 0.22f), face * (1.06f + 0.14f * loud))
                drawCircle(color, face + 3.dp.toPx(), style = Stroke(3.dp.toPx()))
            }
        },
    ) { Avatar(user, name, address, size) }
}

/** Below this it is breath and keyboards. */
internal const val AUDIBLE: Float = 0.08f
private const val RINGS = 3
private const val RING_REACH = 1.9f
private const val RING_MILLIS = 2_600
