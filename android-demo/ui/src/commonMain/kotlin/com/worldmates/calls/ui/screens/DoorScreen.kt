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
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.layout.COMPACT_HEIGHT
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.Banner
import com.worldmates.calls.ui.parts.CameraButton
import com.worldmates.calls.ui.parts.MuteButton
import com.worldmates.calls.ui.parts.NamedCallButton
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette

/** Before the door of a room: the host was asked. Microphone and camera are set here for the moment when it opens. */
@Composable
public fun DoorScreen(state: CallsUiState.AtTheDoor, actions: CallActions, modifier: Modifier = Modifier) {
    Backdrop(modifier.testTag("door")) {
        BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing)) {
            val isLow = maxHeight < COMPACT_HEIGHT && maxWidth > maxHeight
            val buttons: @Composable (Modifier) -> Unit = { place ->
                Column(place, Arrangement.spacedBy(26.dp), Alignment.CenterHorizontally) {
                    Row(horizontalArrangement = Arrangement.spacedBy(20.dp)) {
                        MuteButton(state.call.isMuted, actions)
                        CameraButton(state.call, actions)
                    }
                    NamedCallButton(Icons.HangUp, strings.leaveDoor, callsPalette.hangUp, actions::hangUp, Modifier.testTag("hangup"))
                }
            }
            if (isLow) {
                Row(Modifier.fillMaxSize().padding(24.dp), verticalAlignment = Alignment.CenterVertically) {
                    Door(state, 76.dp, Modifier.weight(1f).verticalScroll(rememberScrollState()))
                    buttons(Modifier.weight(0.6f).verticalScroll(rememberScrollState()))
                }
            } else {
                Column(
                    Modifier.fillMaxWidth().verticalScroll(rememberScrollState()).heightIn(min = maxHeight).padding(24.dp),
                    Arrangement.SpaceBetween, Alignment.CenterHorizontally,
                ) {
                    Box(Modifier)
                    Door(state, 116.dp, Modifier.padding(vertical = 24.dp))
                    buttons(Modifier.padding(bottom = 12.dp))
                }
            }
        }
    }
}

@Composable
private fun Door(state: CallsUiState.AtTheDoor, size: Dp, modifier: Modifier) {
    val scheme = MaterialTheme.colorScheme
    Column(modifier.fillMaxWidth(), Arrangement.spacedBy(14.dp), Alignment.CenterHorizontally) {
        Box(Modifier.size(size).clip(CircleShape).background(scheme.primaryContainer), Alignment.Center) {
            Icon(RoomIcons.Door, contentDescription = null, Modifier.size(size * 0.5f), tint = scheme.onPrimaryContainer)
        }
        Text(
            callName(state.call, strings), Modifier.testTag("name").padding(top = 6.dp), color = callsPalette.onBackdropQuiet,
            style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center, maxLines = 2, overflow = TextOverflow.Ellipsis,
        )
        Column(
            Modifier.widthIn(max = 420.dp).semantics(mergeDescendants = true) { heading(); liveRegion = LiveRegionMode.Polite },
            Arrangement.spacedBy(10.dp), Alignment.CenterHorizontally,
        ) {
            Text(
                strings.atTheDoor, color = callsPalette.onBackdrop, style = MaterialTheme.typography.headlineSmall, textAlign = TextAlign.Center,
            )
            Text(
                strings.atTheDoorHelp, color = callsPalette.onBackdropQuiet, style = MaterialTheme.typography.bodyLarge,
                textAlign = TextAlign.Center,
            )
        }
        state.other?.let { other ->
            val name = callName(other, strings)
            Banner(
                isShown = true, Icons.Pause, if (other.isHeld) strings.onHold(name) else strings.youAreTalkingTo(name), callsPalette.notice,
                Modifier.widthIn(max = 420.dp),
            )
        }
    }
}
