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
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.layout.COMPACT_HEIGHT
import com.worldmates.calls.ui.parts.Avatar
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.BroadCallButton
import com.worldmates.calls.ui.parts.LARGE_TEXT
import com.worldmates.calls.ui.parts.NamedCallButton
import com.worldmates.calls.ui.parts.RingingAvatar
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** Somebody calls: who, how, and three answers. */
@Composable
public fun IncomingScreen(state: CallsUiState.Incoming, actions: CallActions, modifier: Modifier = Modifier) {
    Backdrop(modifier.testTag("incoming")) {
        BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing)) {
            val face = if (maxHeight > 640.dp) 132.dp else 104.dp
            val isLow = maxHeight < COMPACT_HEIGHT && maxWidth > maxHeight
            if (isLow) {
                Row(Modifier.fillMaxSize().padding(24.dp), verticalAlignment = Alignment.CenterVertically) {
                    Caller(state.call, 88.dp, incomingWords(state.call), Modifier.weight(1f).verticalScroll(rememberScrollState()))
                    Column(
                        Modifier.weight(1f).verticalScroll(rememberScrollState()), Arrangement.spacedBy(20.dp),
                        Alignment.CenterHorizontally,
                    ) {
                        state.other?.let { Meanwhile(it) }
                        Answers(state.call, actions)
                    }
                }
            } else {
                Column(
                    // At twice the size of text all of it may be taller than the screen.
                    Modifier.fillMaxWidth().verticalScroll(rememberScrollState()).heightIn(min = maxHeight).padding(24.dp),
                    Arrangement.SpaceBetween, Alignment.CenterHorizontally,
                ) {
                    Box(Modifier.fillMaxWidth(), Alignment.Center) { state.other?.let { Meanwhile(it) } }
                    Caller(state.call, face, incomingWords(state.call), Modifier.padding(vertical = 24.dp))
                    Answers(state.call, actions)
                }
            }
        }
    }
}

/** The other call that goes on while this one rings. */
@Composable
private fun Meanwhile(other: CallSnapshot) {
    Row(
        Modifier.widthIn(max = 460.dp).clip(MaterialTheme.shapes.medium).background(callsPalette.notice.container).padding(16.dp)
            .semantics(mergeDescendants = true) {},
        verticalAlignment = Alignment.CenterVertically, horizontalArrangement = Arrangement.spacedBy(14.dp),
    ) {
        Icon(Icons.Pause, contentDescription = null, Modifier.size(24.dp), tint = callsPalette.notice.content)
        Column {
            Text(
                strings.youAreTalkingTo(callName(other, strings)), color = callsPalette.notice.content,
                style = MaterialTheme.typography.titleSmall,
            )
            Text(strings.willBeHeld, color = callsPalette.notice.content, style = MaterialTheme.typography.bodyMedium)
        }
    }
}

@Composable
private fun incomingWords(call: CallSnapshot): String = when {
    call.state is CallState.Answering -> strings.answering
    call.kind is CallKind.OneToOne && call.callType == CallType.VIDEO -> strings.incomingVideo
    call.kind is CallKind.OneToOne -> strings.incomingAudio
    else -> strings.incomingGroup(call.participants.size)
}

/** Whom it is about, and what happens: large, in the middle, and said aloud when it changes. */
@Composable
internal fun Caller(call: CallSnapshot, face: Dp, what: String, modifier: Modifier = Modifier) {
    val first = call.participants.firstOrNull()
    Column(modifier, Arrangement.spacedBy(6.dp), Alignment.CenterHorizontally) {
        RingingAvatar(first?.user ?: call.id, callName(call, strings), first?.avatar, face)
        Text(
            callName(call, strings), Modifier.widthIn(max = 520.dp).testTag("name").semantics { heading() },
            color = callsPalette.onBackdrop, style = MaterialTheme.typography.headlineMedium, textAlign = TextAlign.Center,
            maxLines = 3, overflow = TextOverflow.Ellipsis,
        )
        Text(
            what, Modifier.semantics { liveRegion = LiveRegionMode.Polite }, color = callsPalette.onBackdropQuiet,
            style = MaterialTheme.typography.bodyLarge, textAlign = TextAlign.Center,
        )
        if (call.kind !is CallKind.OneToOne && call.participants.size > 1) Faces(call)
    }
}

/** A few of those who are in a group's call. */
@Composable
private fun Faces(call: CallSnapshot) {
    val rest = call.participants.size - FACES
    Row(Modifier.padding(top = 14.dp), Arrangement.spacedBy((-10).dp), Alignment.CenterVertically) {
        call.participants.take(FACES).forEach { person ->
            Box(Modifier.clip(CircleShape).background(callsPalette.backdropTop).padding(2.dp)) {
                Avatar(person.user, person.name, person.avatar, 36.dp)
            }
        }
        if (rest > 0) {
            Text(
                "+$rest", Modifier.padding(start = 18.dp), color = callsPalette.onBackdropQuiet,
                style = MaterialTheme.typography.titleSmall,
            )
        }
    }
}

private const val FACES = 4

@Composable
private fun Answers(call: CallSnapshot, actions: CallActions) {
    val isAnswering = call.state is CallState.Answering
    if (LocalDensity.current.fontScale > LARGE_TEXT) return BroadAnswers(call, isAnswering, actions)
    Row(
        Modifier.widthIn(max = 440.dp).fillMaxWidth().padding(bottom = 12.dp), Arrangement.SpaceEvenly, Alignment.Top,
    ) {
        NamedCallButton(
            Icons.HangUp, strings.decline, callsPalette.hangUp, actions::reject, Modifier.weight(1f).testTag("decline"),
        )
        if (isAnswering) return@Row
        if (call.callType == CallType.VIDEO) {
            NamedCallButton(
                Icons.Mic, strings.acceptAudio, callsPalette.control, { actions.accept(CallType.AUDIO) },
                Modifier.weight(1f).testTag("accept audio"),
            )
            NamedCallButton(
                Icons.Camera, strings.acceptVideo, callsPalette.accept, { actions.accept(CallType.VIDEO) },
                Modifier.weight(1f).testTag("accept video"),
            )
        } else {
            NamedCallButton(
                Icons.Call, strings.accept, callsPalette.accept, { actions.accept(CallType.AUDIO) },
                Modifier.weight(1f).testTag("accept audio"),
            )
        }
    }
}

@Composable
private fun BroadAnswers(call: CallSnapshot, isAnswering: Boolean, actions: CallActions) {
    Column(Modifier.widthIn(max = 440.dp).fillMaxWidth(), Arrangement.spacedBy(12.dp)) {
        if (!isAnswering && call.callType == CallType.VIDEO) {
            BroadCallButton(
                Icons.Camera, strings.acceptVideo, callsPalette.accept, { actions.accept(CallType.VIDEO) },
                Modifier.testTag("accept video"),
            )
        }
        if (!isAnswering) {
            val isVideo = call.callType == CallType.VIDEO
            BroadCallButton(
                if (isVideo) Icons.Mic else Icons.Call, if (isVideo) strings.acceptAudio else strings.accept,
                if (isVideo) callsPalette.control else callsPalette.accept, { actions.accept(CallType.AUDIO) },
                Modifier.testTag("accept audio"),
            )
        }
        BroadCallButton(Icons.HangUp, strings.decline, callsPalette.hangUp, actions::reject, Modifier.testTag("decline"))
    }
}
