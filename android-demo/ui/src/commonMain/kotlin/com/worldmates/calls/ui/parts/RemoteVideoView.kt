package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxScope
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.Immutable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Quality
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.MUTED_ON_CHIP
import com.worldmates.calls.ui.theme.callsPalette

/** Somebody in a call as a tile shows them; [user] null is we ourselves. */
@Immutable
public data class Face(
    val user: Long?,
    val name: String,
    val avatar: String?,
    val hasPicture: Boolean,
    val isMirrored: Boolean = false,
    val isMuted: Boolean = false,
    val level: Float = 0f,
    val path: MediaPath = MediaPath.UP,
    val isAway: Boolean = false,
    /** Which of the raised hands is theirs, from 1 on; 0: theirs is not up, or is ours, which the others count. */
    val hand: Int = 0,
    val isHandUp: Boolean = hand > 0,
    val quality: Quality = Quality.UNKNOWN,
    /** Not their face but the screen that they share. */
    val isScreen: Boolean = false,
    /** By which pictures of them are asked for, as `PictureFeed` has it. */
    val picture: Long? = user,
) {
    val isSpeaking: Boolean get() = level >= AUDIBLE && !isMuted
}

/**
 * Somebody's picture in the chosen frame, or their face on a calm ground while the picture is off; with what one wants to
 * know about them: the name, a closed microphone, a raised hand, a bad connection.
 */
@Composable
public fun RemoteVideoView(
    face: Face, style: FrameStyle, modifier: Modifier = Modifier, isNameShown: Boolean = true, isRingShown: Boolean = true,
) {
    val words = strings
    val description = face.description(words)
    CallFrame(
        style, modifier.semantics(mergeDescendants = true) { contentDescription = description },
        isSpeaking = isRingShown && face.isSpeaking, level = face.level,
    ) {
        BoxWithConstraints(Modifier.fillMaxSize().lookedAt(face).clearAndSetSemantics {}) {
            val shorter = min(maxWidth, maxHeight)
            if (face.hasPicture) {
                LocalVideoSource.current(face.picture, face.isMirrored, Modifier.fillMaxSize())
                // A shade would hide what stands at the foot of a screen.
                if (isNameShown && !face.isScreen) Foot()
            } else {
                FaceWithoutPicture(face, shorter, hasNameBelow = isNameShown)
            }
            Trouble(face, shorter)
            Corners(face, style, maxWidth, shorter, isNameShown)
        }
    }
}

/** A shade at the foot of a picture, under the name. */
@Composable
private fun BoxScope.Foot() {
    Box(
        Modifier.align(Alignment.BottomCenter).fillMaxWidth().fillMaxSize()
            .background(Brush.verticalGradient(0.72f to Color.Transparent, 1f to Color.Black.copy(alpha = 0.38f))),
    )
}

@Composable
private fun FaceWithoutPicture(face: Face, shorter: Dp, hasNameBelow: Boolean) {
    val id = face.user ?: 0
    val ground = callsPalette.avatarOf(id).container
    Box(
        Modifier.fillMaxSize().background(Brush.verticalGradient(listOf(ground.copy(alpha = 0.30f), ground.copy(alpha = 0.10f)))),
        contentAlignment = Alignment.Center,
    ) {
        // The name lies at the foot: where the tile is small the face moves up a little, out of its way.
        val lift = if (hasNameBelow && shorter < 160.dp) shorter * 0.12f else 0.dp
        Box(Modifier.padding(bottom = lift)) {
            Avatar(id, face.name, face.avatar, (shorter * 0.44f).coerceIn(28.dp, 148.dp))
        }
    }
}

/** While no media comes, the picture is old: it is veiled, and the reason is said where there is room. */
@Composable
private fun BoxScope.Trouble(face: Face, shorter: Dp) {
    val words = face.trouble(strings) ?: return
    Box(Modifier.fillMaxSize().background(Color.Black.copy(alpha = 0.55f)))
    if (shorter < 110.dp * LocalDensity.current.fontScale) {
        Icon(Icons.NoNetwork, contentDescription = null, Modifier.align(Alignment.Center).size(24.dp), tint = Color.White)
        return
    }
    Column(
        Modifier.align(Alignment.Center).padding(horizontal = 12.dp).clip(MaterialTheme.shapes.medium)
            .background(callsPalette.chip.container).padding(horizontal = 14.dp, vertical = 8.dp),
        horizontalAlignment = Alignment.CenterHorizontally,
    ) {
        Text(words, color = callsPalette.chip.content, style = MaterialTheme.typography.labelMedium, textAlign = TextAlign.Center)
    }
}

@Composable
private fun BoxScope.Corners(face: Face, style: FrameStyle, width: Dp, shorter: Dp, isNameShown: Boolean) {
    // A round window and a cut corner have no room in their corners; there the marks stand in the middle.
    val isRound = style == FrameStyle.CIRCLE
    // There is less room in a round window than its width says.
    val isSmall = shorter < SMALL_TILE || isRound && shorter < 240.dp
    val inset = if (isSmall) 6.dp else 10.dp
    if (face.isHandUp) {
        HandMark(
            face.hand,
            // In a round window on the rim, half way between the top and the side.
            Modifier.align(Alignment.TopEnd).padding(if (isRound) shorter * 0.11f else inset),
            size = if (isSmall) 26.dp else 34.dp,
        )
    }
    if (isNameShown && shorter >= 56.dp) {
        NameChip(
            face,
            Modifier.align(if (isRound) Alignment.BottomCenter else Alignment.BottomStart)
                .padding(horizontal = inset, vertical = if (isRound) shorter * 0.09f else inset),
            isSmall = isSmall,
            isShort = width < SMALL_TILE * LocalDensity.current.fontScale.coerceIn(1f, LARGE_TEXT) || isRound && isSmall,
            widest = if (isRound) shorter * 0.6f else Dp.Unspecified,
        )
    }
}

/** Below this marks are small, and there is room for a first name only. */
private val SMALL_TILE = 150.dp

@Composable
private fun NameChip(face: Face, modifier: Modifier, isSmall: Boolean, isShort: Boolean, widest: Dp) {
    val words = strings
    val chip = callsPalette.chip
    Row(
        modifier.then(if (widest == Dp.Unspecified) Modifier else Modifier.widthIn(max = widest))
            .clip(MaterialTheme.shapes.small).background(chip.container)
            .padding(horizontal = if (isSmall) 7.dp else 10.dp, vertical = if (isSmall) 3.dp else 5.dp),
        verticalAlignment = Alignment.CenterVertically,
        horizontalArrangement = Arrangement.spacedBy(5.dp, Alignment.CenterHorizontally),
    ) {
        if (face.isMuted && !face.isScreen) Icon(Icons.MicOff, contentDescription = null, Modifier.size(14.dp), tint = MUTED_ON_CHIP)
        if (face.quality == Quality.WEAK || face.quality == Quality.BAD) QualityBars(face.quality, size = 12.dp, rest = chip.content)
        Text(
            // A reader of the screen hears all of it.
            if (isShort && face.user != null && !face.isScreen) firstName(face.user, face.name, words) else face.name(words),
            Modifier.weight(1f, fill = false).testTag("name"), color = chip.content, maxLines = 1, overflow = TextOverflow.Ellipsis,
            style = (if (isSmall) MaterialTheme.typography.labelSmall else MaterialTheme.typography.labelMedium).grownAtMost(LARGE_TEXT),
        )
    }
}

/** The name to show: the person's, their number if the name is not known, "You". */
internal fun Face.name(words: Strings): String {
    val whose = when {
        user == null -> words.you
        name.isBlank() -> words.user(user)
        else -> name
    }
    return if (isScreen) words.screenOf(whose) else whose
}

internal fun Face.trouble(words: Strings): String? = when {
    isAway -> words.theirAway
    user == null -> null
    path == MediaPath.CONNECTING -> words.connecting
    path == MediaPath.REPAIRING -> words.reconnecting
    else -> null
}

/** All that a tile shows, in the order in which one would tell it. */
private fun Face.description(words: Strings): String = listOfNotNull(
    name(words),
    trouble(words),
    (if (hand > 0) words.handNumber(hand) else words.handUp).takeIf { isHandUp },
    words.muted.takeIf { isMuted && !isScreen },
    words.pictureOff.takeIf { !hasPicture },
    words.quality(quality).takeIf { quality == Quality.WEAK || quality == Quality.BAD },
).joinToString(", ")
