package com.worldmates.calls.ui.screens

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.Picture
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallSurroundings
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.layout.COMPACT_HEIGHT
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.CallButton
import com.worldmates.calls.ui.parts.CameraButton
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.parts.MuteButton
import com.worldmates.calls.ui.parts.NamedCallButton
import com.worldmates.calls.ui.parts.RouteButton
import com.worldmates.calls.ui.parts.RouteChooser
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.StageTheme
import com.worldmates.calls.ui.theme.callsPalette

/** We call somebody: how far it has come, and our own picture behind it if they will see it. */
@Composable
public fun OutgoingScreen(
    state: CallsUiState.Outgoing, surroundings: CallSurroundings, actions: CallActions, modifier: Modifier = Modifier,
    view: CallView = CallView(), onView: (CallView) -> Unit = {},
) {
    val screen: @Composable () -> Unit = {
        Backdrop(modifier.testTag("outgoing")) {
            if (state.call.picture == Picture.CAMERA) OwnPicture(surroundings.isFrontCamera)
            Waiting(state.call, surroundings, actions, view, onView)
        }
    }
    if (state.call.picture == Picture.CAMERA) StageTheme(screen) else screen()
}

/** What the other one will see, shaded so that words stand out. */
@Composable
private fun OwnPicture(isFrontCamera: Boolean) {
    Box(Modifier.fillMaxSize()) {
        LocalVideoSource.current(null, isFrontCamera, Modifier.fillMaxSize())
        Box(Modifier.fillMaxSize().background(Brush.verticalGradient(*SHADE)))
    }
}

/** Dark where words and buttons are, clear where the face is. */
private val SHADE = arrayOf(
    0f to Color(0xD90B1211), 0.34f to Color(0xA60B1211), 0.5f to Color(0x260B1211), 0.68f to Color(0x660B1211), 1f to Color(0xE60B1211),
)

@Composable
private fun Waiting(
    call: CallSnapshot, surroundings: CallSurroundings, actions: CallActions, view: CallView, onView: (CallView) -> Unit,
) {
    BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing)) {
        val face = if (maxHeight > 640.dp) 132.dp else 104.dp
        val isLow = maxHeight < COMPACT_HEIGHT && maxWidth > maxHeight
        val bottom: @Composable () -> Unit = {
            Column(Modifier.padding(bottom = 12.dp), Arrangement.spacedBy(26.dp), Alignment.CenterHorizontally) {
                if (view.panel == Panel.SOUND) {
                    RouteChooser(surroundings.routes, onChoose = { actions.chooseRoute(it); onView(view.copy(panel = Panel.NONE)) })
                }
                Row(horizontalArrangement = Arrangement.spacedBy(20.dp)) {
                    MuteButton(call.isMuted, actions)
                    CameraButton(call, actions)
                    RouteButton(surroundings, view, onView)
                    if (isLow) {
                        CallButton(Icons.HangUp, strings.cancelCall, callsPalette.hangUp, actions::hangUp, Modifier.testTag("hangup"))
                    }
                }
                if (!isLow) {
                    NamedCallButton(Icons.HangUp, strings.cancelCall, callsPalette.hangUp, actions::hangUp, Modifier.testTag("hangup"))
                }
            }
        }
        if (isLow) {
            Row(Modifier.fillMaxSize().padding(24.dp), verticalAlignment = Alignment.CenterVertically) {
                Caller(call, 88.dp, waitingWords(call.state, strings), Modifier.weight(1f).verticalScroll(rememberScrollState()))
                Box(Modifier.weight(1f), Alignment.Center) { bottom() }
            }
        } else {
            Column(
                Modifier.fillMaxWidth().verticalScroll(rememberScrollState()).heightIn(min = maxHeight).padding(24.dp),
                Arrangement.SpaceBetween, Alignment.CenterHorizontally,
            ) {
                // Our own picture has the middle; who is called stands above it.
                val hasPicture = call.picture == Picture.CAMERA
                if (!hasPicture) Box(Modifier)
                Caller(
                    call, if (hasPicture) 72.dp else face, waitingWords(call.state, strings),
                    Modifier.padding(vertical = if (hasPicture) 0.dp else 24.dp),
                )
                bottom()
            }
        }
    }
}

private fun waitingWords(state: CallState, words: Strings): String = when (state) {
    is CallState.RingingThere -> if (state.devices == 0) words.wakingPhone else words.ringingOn(state.devices)
    is CallState.Answering, is CallState.Talking -> words.answering
    is CallState.Dialing, is CallState.RingingHere, is CallState.AtTheDoor, is CallState.Ended -> words.calling
}
