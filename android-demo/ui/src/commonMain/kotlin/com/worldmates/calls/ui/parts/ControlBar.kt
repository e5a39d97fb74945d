package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.padding
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.compositionLocalOf
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallType
import com.worldmates.calls.Picture
import com.worldmates.calls.showsScreen
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallSurroundings
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** As far as buttons may come together. */
private val LEAST_GAP = 4.dp

/**
 * The buttons of a call: the five that one needs at once, and where there is room all of them. What does not fit waits
 * behind "More". In a room of many a raised hand is one of them.
 */
@Composable
internal fun ControlBar(
    state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, isUpright: Boolean, isRoomy: Boolean,
    modifier: Modifier = Modifier,
) {
    val buttons: @Composable () -> Unit = {
        MuteButton(state.call.isMuted, actions)
        CameraButton(state.call, actions)
        if (isRoomy && state.call.picture == Picture.CAMERA) {
            CallButton(
                Icons.FlipCamera, strings.switchCamera, callsPalette.control, actions::switchCamera, size = LocalButtonSize.current,
            )
        }
        if (state.isGroup) HandButton(state.call, actions)
        RouteButton(state.surroundings, view, onView)
        if (isRoomy) RoomyButtons(state, actions)
        MoreButton(view, onView)
        CallButton(
            Icons.HangUp, strings.hangUp, callsPalette.hangUp, actions::hangUp, Modifier.testTag("hangup"),
            size = LocalButtonSize.current,
        )
    }
    val count = if (state.isGroup) 6 else 5
    if (isUpright) {
        BoxWithConstraints(modifier.padding(horizontal = 12.dp), Alignment.Center) {
            val size = ((maxHeight - LEAST_GAP * (count + 1)) / count).coerceIn(FINGER, 56.dp)
            val gap = ((maxHeight - size * count) / (count + 1)).coerceIn(LEAST_GAP, 8.dp)
            CompositionLocalProvider(LocalButtonSize provides size) {
                Column(
                    Modifier.padding(vertical = gap), Arrangement.spacedBy(gap, Alignment.CenterVertically), Alignment.CenterHorizontally,
                ) { buttons() }
            }
        }
    } else {
        BoxWithConstraints(modifier.padding(horizontal = 8.dp, vertical = 12.dp), Alignment.Center) {
            // On the narrowest phones they stand closer, and are a little smaller, rather than in two rows.
            val size = if (isRoomy) 56.dp else ((maxWidth - LEAST_GAP * (count - 1)) / count).coerceIn(FINGER, 56.dp)
            // A pixel each is left over: what is rounded up must not make the last one go below.
            val rounded = with(LocalDensity.current) { count.toDp() }
            val gap = if (isRoomy) 16.dp else ((maxWidth - size * count - rounded) / (count - 1)).coerceIn(0.dp, 12.dp)
            CompositionLocalProvider(LocalButtonSize provides size) {
                FlowRow(
                    horizontalArrangement = Arrangement.spacedBy(gap, Alignment.CenterHorizontally),
                    verticalArrangement = Arrangement.spacedBy(12.dp),
                ) { buttons() }
            }
        }
    }
}

@Composable
internal fun MuteButton(isMuted: Boolean, actions: CallActions) {
    CallToggle(
        if (isMuted) Icons.MicOff else Icons.Mic, strings.microphone, isOver = isMuted,
        state = if (isMuted) strings.off else strings.on, actions::toggleMute, Modifier.testTag("mute"), size = LocalButtonSize.current,
    )
}

@Composable
internal fun CameraButton(call: CallSnapshot, actions: CallActions) {
    val isOn = call.picture == Picture.CAMERA
    CallToggle(
        if (isOn) Icons.Camera else Icons.CameraOff, strings.camera,
        // In a call by voice a camera that is off is nothing to point out.
        isOver = call.picture == Picture.NONE && call.callType == CallType.VIDEO,
        state = if (isOn) strings.on else strings.off, actions::toggleCamera, Modifier.testTag("camera"),
        size = LocalButtonSize.current,
    )
}

/** Shows where the sound really goes; the chooser says what was asked for and is not confirmed yet. */
@Composable
internal fun RouteButton(surroundings: CallSurroundings, view: CallView, onView: (CallView) -> Unit) {
    val routes = surroundings.routes
    val words = strings
    CallToggle(
        iconOf(routes.current?.kind), words.sound, isOver = view.panel == Panel.SOUND,
        state = when {
            routes.pending != null -> words.routePending
            else -> routes.current?.let { words.name(it) } ?: words.off
        },
        onClick = { onView(view.copy(panel = if (view.panel == Panel.SOUND) Panel.NONE else Panel.SOUND)) },
        Modifier.testTag("sound"),
        size = LocalButtonSize.current,
    )
}

@Composable
private fun MoreButton(view: CallView, onView: (CallView) -> Unit) {
    val isOpen = view.panel == Panel.MORE
    CallToggle(
        if (isOpen) Icons.Close else Icons.More, if (isOpen) strings.less else strings.more, isOver = isOpen,
        state = if (isOpen) strings.on else strings.off,
        onClick = { onView(view.copy(panel = if (isOpen) Panel.NONE else Panel.MORE)) }, Modifier.testTag("more"),
        size = LocalButtonSize.current,
    )
}

@Composable
private fun RoomyButtons(state: ActiveState, actions: CallActions) {
    val isSharing = state.call.showsScreen
    CallToggle(
        if (isSharing) Icons.StopSharing else Icons.ShareScreen, if (isSharing) strings.stopSharing else strings.shareScreen,
        isOver = isSharing, state = if (isSharing) strings.on else strings.off, actions::toggleScreen, size = LocalButtonSize.current,
    )
}

@Composable
private fun HandButton(call: CallSnapshot, actions: CallActions) {
    val isUp = call.isHandUp
    CallToggle(
        Icons.Hand, if (isUp) strings.lowerHand else strings.raiseHand, isOver = isUp,
        state = if (isUp) strings.on else strings.off, actions::toggleHand, Modifier.testTag("hand"), size = LocalButtonSize.current,
    )
}

/** How large the buttons of a call are: smaller where one more has to fit, never smaller than a finger. */
internal val LocalButtonSize: ProvidableCompositionLocal<Dp> = compositionLocalOf { 56.dp }

internal fun iconOf(kind: AudioRouteKind?) = when (kind) {
    AudioRouteKind.EARPIECE -> Icons.Earpiece
    AudioRouteKind.WIRED -> Icons.Headphones
    AudioRouteKind.BLUETOOTH -> Icons.Bluetooth
    AudioRouteKind.SPEAKER, null -> Icons.Speaker
}

/** A headset has a name of its own; the phone's parts are named in the person's language. */
internal fun Strings.name(route: AudioRoute): String =
    if (route.kind == AudioRouteKind.BLUETOOTH && route.name.isNotBlank()) route.name else route(route.kind)
