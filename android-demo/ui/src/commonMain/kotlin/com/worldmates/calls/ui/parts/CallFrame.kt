package com.worldmates.calls.ui.parts

import androidx.compose.animation.core.animateDpAsState
import androidx.compose.animation.core.tween
import androidx.compose.foundation.background
import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxScope
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.CornerSize
import androidx.compose.foundation.shape.CutCornerShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.draw.drawBehind
import androidx.compose.ui.geometry.CornerRadius
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.Shape
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.unit.LayoutDirection
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.theme.callsPalette

/**
 * A picture in the chosen frame. The frame grows and shrinks with the place it has, so that it looks the same on a tablet,
 * in a tile of nine, and in the settings. [isSpeaking] lights a ring that follows the frame's own outline, as thick as the voice
 * is loud.
 */
@Composable
public fun CallFrame(
    style: FrameStyle, modifier: Modifier = Modifier, isSpeaking: Boolean = false, level: Float = 0f,
    content: @Composable BoxScope.() -> Unit,
) {
    val ring by animateDpAsState(2.5.dp + 3.dp * level.coerceIn(0f, 1f), tween(RING_MILLIS))
    BoxWithConstraints(modifier, contentAlignment = Alignment.Center) {
        val shorter = min(maxWidth, maxHeight)
        val scale = (shorter / FULL_SIZE).coerceIn(0.3f, 1.25f)
        val shape = style.shape(scale)
        val speaking = callsPalette.speaking
        val place = if (style == FrameStyle.CIRCLE) Modifier.size(shorter) else Modifier.fillMaxSize()
        Box(
            place.then(style.rim(scale)).clip(shape).background(callsPalette.tile.container)
                .then(if (isSpeaking) Modifier.border(ring, speaking, shape) else style.thread(scale, shape)),
            content = content,
        )
    }
}

/** Loudness is told a few times a second: the ring goes from one to the next and does not jump. */
private const val RING_MILLIS = 160

/** The shorter side, at which a frame is drawn as thick as it was designed. */
private val FULL_SIZE = 340.dp

internal fun FrameStyle.shape(scale: Float): Shape = when (this) {
    FrameStyle.PLAIN -> RoundedCornerShape(0.dp)
    FrameStyle.ROUNDED -> RoundedCornerShape(30.dp * scale)
    FrameStyle.CIRCLE -> CircleShape
    FrameStyle.GRADIENT -> RoundedCornerShape(26.dp * scale)
    FrameStyle.NEON -> RoundedCornerShape(22.dp * scale)
    FrameStyle.CUT_CORNER -> CutCornerShape(
        topStart = CornerSize(0.dp), topEnd = CornerSize(CUT * scale), bottomEnd = CornerSize(0.dp), bottomStart = CornerSize(CUT * scale),
    )
}

private val CUT = 44.dp
private val DAWN =
    listOf(Color(0xFF5FE0CC), Color(0xFF7C8CFF), Color(0xFFE77BD0), Color(0xFFFF8F6B), Color(0xFFFFC65C), Color(0xFF5FE0CC))
private val TUBE = listOf(Color(0xFF3FF3DE), Color(0xFF6FA8FF), Color(0xFFFF5FD2))
private val BRASS = Color(0xFFFFC65C)

/** What is drawn around the picture; it takes its room from the picture. */
private fun FrameStyle.rim(scale: Float): Modifier = when (this) {
    FrameStyle.PLAIN, FrameStyle.ROUNDED -> Modifier
    FrameStyle.CIRCLE -> Modifier.drawBehind { porthole(scale) }.padding(13.dp * scale)
    FrameStyle.GRADIENT -> Modifier.drawBehind { dawn(scale) }.padding(9.dp * scale)
    FrameStyle.NEON -> Modifier.drawBehind { tube(scale) }.padding(15.dp * scale)
    FrameStyle.CUT_CORNER -> Modifier.drawBehind { brassCorners(scale) }.padding(6.dp * scale)
}

/** A hairline of light inside the edge: it lifts a dark picture off a dark ground. */
private fun FrameStyle.thread(scale: Float, shape: Shape): Modifier = when (this) {
    FrameStyle.PLAIN -> Modifier
    FrameStyle.ROUNDED, FrameStyle.CIRCLE, FrameStyle.GRADIENT ->
        Modifier.border(1.dp, Color.White.copy(alpha = 0.22f), shape)
    FrameStyle.NEON -> Modifier.border(1.dp, Color.White.copy(alpha = 0.12f), shape)
    FrameStyle.CUT_CORNER -> Modifier.border(maxOf(1f, 1.5f * scale).dp, BRASS.copy(alpha = 0.55f), shape)
}

private fun DrawScope.porthole(scale: Float) {
    val outer = size.minDimension / 2
    val rim = 6.dp.toPx() * scale
    drawCircle(
        Brush.linearGradient(listOf(Color(0xFFBFEFE6), Color(0xFF1F6F66), Color(0xFF8FDCCF)), Offset.Zero, Offset(size.width, size.height)),
        outer - rim / 2, style = Stroke(rim),
    )
    drawCircle(Color(0xFF5FE0CC).copy(alpha = 0.35f), outer - 10.dp.toPx() * scale, style = Stroke(maxOf(1f, 1.5.dp.toPx() * scale)))
}

private fun DrawScope.dawn(scale: Float) {
    val width = 5.dp.toPx() * scale
    roundLine(Brush.sweepGradient(DAWN), width / 2, width, 34.dp.toPx() * scale, alpha = 1f)
}

private fun DrawScope.tube(scale: Float) {
    val middle = 9.dp.toPx() * scale
    val radius = 28.dp.toPx() * scale
    val light = Brush.verticalGradient(TUBE)
    // Light falls off with the square of the distance: a few wide, faint lines under a thin bright one.
    listOf(18f to 0.07f, 13f to 0.10f, 9f to 0.16f, 6f to 0.26f).forEach { (width, alpha) ->
        roundLine(light, middle, width.dp.toPx() * scale, radius, alpha)
    }
    roundLine(light, middle, 3.dp.toPx() * scale, radius, alpha = 1f)
    roundLine(Brush.verticalGradient(listOf(Color.White, Color.White)), middle, 1.2.dp.toPx() * scale, radius, alpha = 0.75f)
}

private fun DrawScope.roundLine(brush: Brush, inset: Float, width: Float, radius: Float, alpha: Float) {
    drawRoundRect(
        brush, Offset(inset, inset), Size(size.width - inset * 2, size.height - inset * 2),
        CornerRadius((radius - inset).coerceAtLeast(0f)), alpha = alpha, style = Stroke(width),
    )
}

private fun DrawScope.brassCorners(scale: Float) {
    val cut = CUT.toPx() * scale
    val gap = 2.dp.toPx() * scale
    val isRtl = layoutDirection == LayoutDirection.Rtl
    fun line(fromX: Float, fromY: Float, toX: Float, toY: Float) {
        fun x(value: Float) = if (isRtl) value else size.width - value
        drawLine(BRASS, Offset(x(fromX), fromY), Offset(x(toX), toY), 4.dp.toPx() * scale, StrokeCap.Round)
    }
    line(gap, cut - gap, cut - gap, gap)
    line(size.width - gap, size.height - cut + gap, size.width - cut + gap, size.height - gap)
}
