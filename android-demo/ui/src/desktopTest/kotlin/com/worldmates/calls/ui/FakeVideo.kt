package com.worldmates.calls.ui

import androidx.compose.foundation.Canvas
import androidx.compose.ui.geometry.CornerRadius
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.graphics.drawscope.rotate
import androidx.compose.ui.graphics.drawscope.scale
import com.worldmates.calls.ui.parts.VideoSource

/** Pictures of people who do not exist: a room, shoulders, a head. By their number always the same. */
internal val FakeVideo: VideoSource = { user, mirrored, modifier ->
    Canvas(modifier) {
        if (user != null && user < 0) slide() else scale(if (mirrored) -1f else 1f, 1f) { person(user ?: 0) }
    }
}

/** A shared screen, whole: a heading, lines, a chart. */
private fun DrawScope.slide() {
    drawRect(Color(0xFF10161A))
    val wide = minOf(size.width, size.height * 16 / 9)
    val tall = wide * 9 / 16
    val left = (size.width - wide) / 2
    val top = (size.height - tall) / 2
    fun bar(color: Long, x: Float, y: Float, width: Float, height: Float) =
        drawRect(Color(color), Offset(left + wide * x, top + tall * y), Size(wide * width, tall * height))
    bar(0xFFFDFCF7, 0f, 0f, 1f, 1f)
    bar(0xFF00625A, 0f, 0f, 1f, 0.14f)
    bar(0xFFFFFFFF, 0.05f, 0.05f, 0.4f, 0.045f)
    listOf(0.38f, 0.34f, 0.4f, 0.3f, 0.36f).forEachIndexed { line, width -> bar(0xFF6C7774, 0.06f, 0.25f + 0.12f * line, width, 0.03f) }
    listOf(0.24f, 0.4f, 0.33f, 0.52f, 0.46f).forEachIndexed { column, height ->
        bar(if (column == 3) 0xFFE0803A else 0xFF4A8F86, 0.54f + 0.08f * column, 0.86f - height, 0.055f, height)
    }
}

private val walls = listOf(
    0xFF5B7C8D to 0xFF31454F, 0xFFB49A78 to 0xFF6F5A41, 0xFF7E9A82 to 0xFF405546, 0xFF9A8AA8 to 0xFF54475F, 0xFF8FA9B8 to 0xFF4B606D,
    0xFFC39B8B to 0xFF735145, 0xFF6E8A9E to 0xFF37495A,
)
private val skins = listOf(0xFFF0C9A8, 0xFFD9A27B, 0xFFA9714B, 0xFFF4D5BC, 0xFF7C4F34)
private val hairs = listOf(0xFF2B1D16, 0xFF5A3A22, 0xFFB98B52, 0xFF1A1A1E, 0xFF7A7570, 0xFF8C3F22)
private val clothes = listOf(0xFF1F5350, 0xFFC9573E, 0xFF2E3F74, 0xFFE2B558, 0xFF6A2F56, 0xFFDAD5CB)

private fun DrawScope.person(user: Long) {
    fun <T> List<T>.of(step: Int): T = this[((user * step + user / 3) % size).toInt()]
    val (light, dark) = walls.of(1)
    drawRect(Brush.linearGradient(listOf(Color(light), Color(dark)), Offset.Zero, Offset(size.width, size.height)))
    val unit = minOf(size.width, size.height * 0.9f)
    val middle = size.width * (0.5f + ((user % 3) - 1) * 0.03f)
    val chin = size.height * 0.5f + unit * 0.14f

    // A window or a picture on the wall, a lamp.
    drawRoundRect(
        Color.White.copy(alpha = 0.20f), Offset(size.width * 0.06f, size.height * 0.08f), Size(size.width * 0.26f, size.height * 0.3f),
        CornerRadius(unit * 0.02f),
    )
    drawCircle(Color(0xFFFFE2AE).copy(alpha = 0.28f), unit * 0.16f, Offset(size.width * 0.86f, size.height * 0.2f))
    drawCircle(Color(0xFFFFF1D4).copy(alpha = 0.5f), unit * 0.06f, Offset(size.width * 0.86f, size.height * 0.2f))

    val skin = Color(skins.of(2))
    val hair = Color(hairs.of(5))
    val isLong = user % 2 == 1L
    if (isLong) drawOval(hair, Offset(middle - unit * 0.245f, chin - unit * 0.44f), Size(unit * 0.49f, unit * 0.68f))
    drawRoundRect(
        Color(clothes.of(1)), Offset(middle - unit * 0.40f, chin + unit * 0.115f), Size(unit * 0.80f, size.height), CornerRadius(unit * 0.24f),
    )
    drawRoundRect(skin, Offset(middle - unit * 0.075f, chin - unit * 0.06f), Size(unit * 0.15f, unit * 0.24f), CornerRadius(unit * 0.07f))
    drawOval(Color.Black.copy(alpha = 0.10f), Offset(middle - unit * 0.1f, chin + unit * 0.02f), Size(unit * 0.2f, unit * 0.07f))
    drawOval(hair, Offset(middle - unit * 0.20f, chin - unit * 0.43f), Size(unit * 0.40f, unit * 0.36f))
    drawOval(skin, Offset(middle - unit * 0.165f, chin - unit * 0.355f), Size(unit * 0.33f, unit * 0.40f))
    rotate(if (user % 3 == 0L) 14f else -12f, Offset(middle, chin - unit * 0.3f)) {
        drawArc(hair, 180f, 180f, true, Offset(middle - unit * 0.185f, chin - unit * 0.415f), Size(unit * 0.37f, unit * 0.25f))
    }

    val ink = Color(0xFF2A1B14)
    drawCircle(ink, unit * 0.014f, Offset(middle - unit * 0.065f, chin - unit * 0.165f))
    drawCircle(ink, unit * 0.014f, Offset(middle + unit * 0.065f, chin - unit * 0.165f))
    drawArc(
        ink.copy(alpha = 0.7f), 20f, 140f, false, Offset(middle - unit * 0.06f, chin - unit * 0.14f), Size(unit * 0.12f, unit * 0.10f),
        style = Stroke(unit * 0.011f),
    )
}
