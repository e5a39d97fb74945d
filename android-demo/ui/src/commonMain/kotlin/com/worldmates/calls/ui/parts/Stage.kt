package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.layout.boundsInParent
import androidx.compose.ui.layout.onGloballyPositioned
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Picture
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.EVEN_DIGITS
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.sqrt

/** Two people, at least one with a picture: theirs in its frame, ours in a corner. */
@Composable
internal fun PairStage(state: ActiveState, actions: CallActions, modifier: Modifier = Modifier, isPictureBehind: Boolean = false) {
    val face = state.other()
    var statsBounds by remember { mutableStateOf<Rect?>(null) }
    BoxWithConstraints(modifier.fillMaxSize()) {
        // Nothing is cut off the corners of a screen.
        val frame = if (face?.isScreen == true) FrameStyle.PLAIN else state.surroundings.frame
        if (face == null) {
            Alone(Modifier.align(Alignment.Center))
        } else if (!isPictureBehind) {
            RemoteVideoView(
                face, frame, Modifier.fillMaxSize().padding(frameInset(frame)).testTag("remote"),
                // Whose screen it is one has to be told; whose face, one knows.
                isNameShown = face.isScreen, isRingShown = !face.hasPicture,
            )
        }
        val shown = state.active.stats
        if (shown != null) {
            StatsOverlay(
                shown, state.namer(strings),
                Modifier.align(Alignment.TopStart).padding(20.dp).onGloballyPositioned { statsBounds = it.boundsInParent() },
            )
        }
        if (state.call.picture == Picture.CAMERA && !state.call.isHeld) {
            val inset = frame.pipInset()
            val faceArea = with(LocalDensity.current) {
                keepClearOf(face, frame, Size(maxWidth.toPx(), maxHeight.toPx()), frameInset(frame).toPx(), 160.dp.toPx())
            }
            val shift = with(LocalDensity.current) { Offset(-inset.toPx(), -inset.toPx()) }
            LocalVideoPiP(
                state.isMirrored, state.call.isMuted,
                keepClear = (faceArea + listOfNotNull(statsBounds.takeIf { shown != null })).map { it.translate(shift) },
                onSwitchCamera = actions::switchCamera,
                Modifier.padding(inset),
            )
        }
    }
}

private fun frameInset(style: FrameStyle): Dp = if (style == FrameStyle.PLAIN) 0.dp else 12.dp

/** Our own picture stands inside the other's frame, not on its rim. */
private fun FrameStyle.pipInset(): Dp = when (this) {
    FrameStyle.PLAIN, FrameStyle.CIRCLE -> 0.dp
    FrameStyle.ROUNDED -> 12.dp
    FrameStyle.CUT_CORNER -> 18.dp
    FrameStyle.GRADIENT -> 18.dp
    FrameStyle.NEON -> 22.dp
}

/**
 * What our own picture must not cover: the face of somebody without a picture, the round window, the cut corners. What
 * fills the stage it lies upon, as everywhere.
 */
private fun keepClearOf(face: Face?, style: FrameStyle, stage: Size, inset: Float, faceSide: Float): List<Rect> {
    val centre = Offset(stage.width / 2, stage.height / 2)
    return when {
        face == null -> emptyList()
        style == FrameStyle.CIRCLE -> circleBands(centre, stage.minDimension / 2 - inset)
        !face.hasPicture -> listOf(Rect(centre, faceSide / 2))
        else -> emptyList()
    }
}

/** A disc as a stack of bars, each as wide as the disc at its widest there. */
private fun circleBands(centre: Offset, radius: Float): List<Rect> = (-BANDS until BANDS).map { band ->
    val top = radius * band / BANDS
    val bottom = radius * (band + 1) / BANDS
    val nearest = if (band < 0) bottom else top
    val half = sqrt((radius * radius - nearest * nearest).coerceAtLeast(0f))
    Rect(centre.x - half, centre.y + top, centre.x + half, centre.y + bottom)
}

private const val BANDS = 12

@Composable
private fun Alone(modifier: Modifier) {
    Text(
        strings.waitingForOthers, modifier.padding(24.dp).semantics { liveRegion = LiveRegionMode.Polite },
        color = callsPalette.onBackdropQuiet, style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center,
    )
}

/** What matters, from edge to edge: a shared screen, whoever speaks, else the first, else ourselves. */
@Composable
internal fun TinyStage(state: ActiveState) {
    val faces = state.faces()
    val screen = state.call.participants.firstOrNull { it.screen && state.isGroup }?.let(state::screen)
    val dominant = faces.firstOrNull { it.user == state.call.dominant }
    val shown = screen ?: dominant ?: faces.filter { it.isSpeaking }.maxByOrNull { it.level } ?: faces.firstOrNull { it.hasPicture }
        ?: faces.firstOrNull()
    RemoteVideoView(
        shown ?: state.myFace(), FrameStyle.PLAIN, Modifier.fillMaxSize().testTag("tiny"), isNameShown = false, isRingShown = false,
    )
}

/** Without a frame the picture fills the whole screen, under the bars, which are shaded so that they can be read. */
@Composable
internal fun PictureBehind(state: ActiveState) {
    val face = state.faces().firstOrNull() ?: return
    RemoteVideoView(face, FrameStyle.PLAIN, Modifier.fillMaxSize().testTag("remote"), isNameShown = false, isRingShown = false)
    Box(Modifier.fillMaxSize().background(Brush.verticalGradient(*BAR_SHADES)))
}

private val BAR_SHADES = arrayOf(
    0f to Color.Black.copy(alpha = 0.72f), 0.09f to Color.Black.copy(alpha = 0.50f), 0.2f to Color.Transparent,
    0.74f to Color.Transparent, 1f to Color.Black.copy(alpha = 0.6f),
)

/** Two people and no picture: a face, rings with the voice, and the clock. */
@Composable
internal fun VoiceStage(state: ActiveState, time: String, modifier: Modifier = Modifier) {
    BoxWithConstraints(modifier.fillMaxSize(), Alignment.Center) {
        val face = state.faces().firstOrNull()
        if (face == null) {
            Alone(Modifier)
            return@BoxWithConstraints
        }
        val size = (min(maxWidth, maxHeight) * 0.42f).coerceIn(56.dp, 172.dp)
        Column(
            Modifier.verticalScroll(rememberScrollState()).padding(16.dp), Arrangement.spacedBy(10.dp), Alignment.CenterHorizontally,
        ) {
            SpeakingAvatar(face.user ?: 0, face.name, face.avatar, size, if (face.isMuted) 0f else face.level)
            Text(
                callName(state.call, strings), Modifier.testTag("name"), color = callsPalette.onBackdrop,
                style = MaterialTheme.typography.headlineMedium, textAlign = TextAlign.Center, maxLines = 3,
                overflow = TextOverflow.Ellipsis,
            )
            val what = when {
                face.isAway -> strings.theirAway
                face.path == MediaPath.CONNECTING -> strings.connecting
                face.path == MediaPath.REPAIRING -> strings.reconnecting
                face.isMuted -> strings.muted
                else -> null
            }
            Row(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalAlignment = Alignment.CenterVertically) {
                Text(
                    time, color = callsPalette.onBackdropQuiet,
                    style = MaterialTheme.typography.bodyLarge.copy(fontFeatureSettings = EVEN_DIGITS),
                )
                QualityBars(state.active.stats.worstQuality(), size = 14.dp)
            }
            if (what != null) {
                Text(
                    what, Modifier.semantics { liveRegion = LiveRegionMode.Polite }, color = callsPalette.onBackdropQuiet,
                    style = MaterialTheme.typography.bodyMedium, textAlign = TextAlign.Center,
                )
            }
        }
        state.active.stats?.let { StatsOverlay(it, state.namer(strings), Modifier.align(Alignment.TopStart).padding(16.dp)) }
    }
}
