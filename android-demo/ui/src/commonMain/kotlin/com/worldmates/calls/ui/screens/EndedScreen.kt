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
import androidx.compose.foundation.layout.offset
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.EndReason
import com.worldmates.calls.isUsual
import com.worldmates.calls.ui.layout.COMPACT_HEIGHT
import com.worldmates.calls.ui.parts.Avatar
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette

/** What can be done after a call that did not work out. */
internal enum class NextStep { CALL_AGAIN, MESSAGE, SETTINGS }

/** What can be offered after this call: one writes to a person, not to a group, and only where one [canWrite]. */
internal fun nextSteps(state: CallsUiState.Ended, canWrite: Boolean): List<NextStep> =
    nextSteps(state.reason).filter { it != NextStep.MESSAGE || canWrite && state.call.kind is CallKind.OneToOne }

/** What helps, the best first. It offers; nothing happens by itself. */
internal fun nextSteps(reason: EndReason): List<NextStep> = when (reason) {
    EndReason.NO_MICROPHONE -> listOf(NextStep.SETTINGS, NextStep.CALL_AGAIN)
    EndReason.SIGNED_OUT -> listOf(NextStep.SETTINGS)
    EndReason.NOT_ALLOWED, EndReason.NOT_FOUND -> listOf(NextStep.MESSAGE)
    EndReason.TOO_MANY_CALLS -> listOf(NextStep.MESSAGE)
    EndReason.THEY_DECLINED, EndReason.THEY_ARE_BUSY, EndReason.NO_ANSWER, EndReason.UNREACHABLE, EndReason.THEIR_FAULT ->
        listOf(NextStep.MESSAGE, NextStep.CALL_AGAIN)
    EndReason.WE_HUNG_UP, EndReason.THEY_HUNG_UP, EndReason.WE_CANCELLED, EndReason.MISSED, EndReason.WE_DECLINED,
    EndReason.WE_WERE_BUSY, EndReason.ANSWERED_ELSEWHERE, EndReason.DECLINED_ELSEWHERE, EndReason.BUSY_ELSEWHERE,
    EndReason.WE_LOST_CONNECTION, EndReason.THEY_LOST_CONNECTION, EndReason.NO_PATH, EndReason.NO_SERVER,
    EndReason.SERVER_STOPPED, EndReason.ALREADY_IN_CALL, EndReason.ROOM_FULL, EndReason.GROUP_IS_TALKING, EndReason.OUR_FAULT,
    // Whoever comes again stands at the door, and is let in or not.
    EndReason.REMOVED, EndReason.NOT_LET_IN ->
        listOf(NextStep.CALL_AGAIN, NextStep.MESSAGE)
}

/**
 * How a call ended: what happened, in the engine's own sentence, and what one can do about it. Without [onMessage] nothing
 * can be written to anybody.
 */
@Composable
public fun EndedScreen(
    state: CallsUiState.Ended, onCallAgain: () -> Unit, onMessage: (() -> Unit)?, onSettings: () -> Unit, onClose: () -> Unit,
    modifier: Modifier = Modifier,
) {
    Backdrop(modifier.testTag("ended")) {
        BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing), Alignment.Center) {
            val isLow = maxHeight < COMPACT_HEIGHT && maxWidth > maxHeight
            val steps: @Composable () -> Unit = {
                Steps(nextSteps(state, canWrite = onMessage != null), onCallAgain, onMessage ?: {}, onSettings, onClose)
            }
            if (isLow) {
                Row(
                    Modifier.fillMaxSize().padding(horizontal = 32.dp), Arrangement.spacedBy(32.dp), Alignment.CenterVertically,
                ) {
                    Box(Modifier.weight(1f).verticalScroll(rememberScrollState())) { WhatHappened(state, isLow = true) }
                    Box(Modifier.weight(1f).verticalScroll(rememberScrollState())) { steps() }
                }
                return@BoxWithConstraints
            }
            val isShort = maxHeight < 520.dp
            Column(
                Modifier.widthIn(max = 480.dp).fillMaxWidth().verticalScroll(rememberScrollState()).heightIn(min = maxHeight)
                    .padding(24.dp),
                Arrangement.SpaceBetween, Alignment.CenterHorizontally,
            ) {
                Box(Modifier)
                WhatHappened(state, isLow = isShort)
                steps()
            }
        }
    }
}

@Composable
private fun Steps(
    steps: List<NextStep>, onCallAgain: () -> Unit, onMessage: () -> Unit, onSettings: () -> Unit, onClose: () -> Unit,
) {
    Column(Modifier.fillMaxWidth(), Arrangement.spacedBy(12.dp), Alignment.CenterHorizontally) {
        steps.forEachIndexed { index, step ->
            StepButton(
                step, isBest = index == 0,
                onClick = when (step) {
                    NextStep.CALL_AGAIN -> onCallAgain
                    NextStep.MESSAGE -> onMessage
                    NextStep.SETTINGS -> onSettings
                },
            )
        }
        TextButton(onClose, Modifier.heightIn(min = 48.dp).testTag("close")) { Text(strings.close) }
    }
}

@Composable
private fun WhatHappened(state: CallsUiState.Ended, isLow: Boolean) {
    val person = state.call.participants.firstOrNull()
    val colors = if (state.reason.isUsual) callsPalette.notice else callsPalette.alarm
    Column(Modifier.padding(vertical = 16.dp), Arrangement.spacedBy(10.dp), Alignment.CenterHorizontally) {
        Box {
            Avatar(person?.user ?: state.call.id, callName(state.call, strings), person?.avatar, if (isLow) 72.dp else 112.dp)
            Box(
                Modifier.align(Alignment.BottomEnd).offset(if (isLow) 8.dp else 2.dp, if (isLow) 6.dp else 2.dp)
                    .clip(CircleShape).background(callsPalette.backdropTop).padding(3.dp)
                    .clip(CircleShape).background(colors.container).padding(if (isLow) 6.dp else 8.dp),
            ) { Icon(iconOf(state.reason), contentDescription = null, Modifier.size(if (isLow) 16.dp else 20.dp), tint = colors.content) }
        }
        Text(
            callName(state.call, strings), Modifier.padding(top = 6.dp).testTag("name"), color = callsPalette.onBackdropQuiet,
            style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center, maxLines = 2, overflow = TextOverflow.Ellipsis,
        )
        val title = if (state.reason.isUsual) strings.callEnded else strings.callFailed
        Text(
            title, Modifier.semantics { heading(); liveRegion = LiveRegionMode.Assertive },
            color = callsPalette.onBackdrop, style = MaterialTheme.typography.headlineSmall, textAlign = TextAlign.Center,
        )
        // Of a call that simply ended there is no more to say than the title does.
        if (state.sentence.trimEnd('.') != title) {
            Text(
                state.sentence, Modifier.semantics { liveRegion = LiveRegionMode.Assertive }, color = callsPalette.onBackdropQuiet,
                style = MaterialTheme.typography.bodyLarge, textAlign = TextAlign.Center,
            )
        }
    }
}

private fun iconOf(reason: EndReason): ImageVector = when (reason) {
    EndReason.NO_MICROPHONE -> Icons.MicOff
    EndReason.WE_LOST_CONNECTION, EndReason.THEY_LOST_CONNECTION, EndReason.NO_PATH, EndReason.NO_SERVER,
    EndReason.SERVER_STOPPED, EndReason.UNREACHABLE -> Icons.NoNetwork
    EndReason.NO_ANSWER, EndReason.MISSED, EndReason.TOO_MANY_CALLS -> Icons.Clock
    EndReason.ANSWERED_ELSEWHERE, EndReason.DECLINED_ELSEWHERE, EndReason.BUSY_ELSEWHERE -> Icons.Devices
    EndReason.ROOM_FULL, EndReason.GROUP_IS_TALKING -> Icons.People
    EndReason.REMOVED, EndReason.NOT_LET_IN -> RoomIcons.Door
    EndReason.NOT_ALLOWED, EndReason.NOT_FOUND, EndReason.THEIR_FAULT, EndReason.OUR_FAULT, EndReason.SIGNED_OUT,
    EndReason.ALREADY_IN_CALL -> Icons.Warning
    EndReason.WE_HUNG_UP, EndReason.THEY_HUNG_UP, EndReason.WE_CANCELLED, EndReason.WE_DECLINED, EndReason.THEY_DECLINED,
    EndReason.THEY_ARE_BUSY, EndReason.WE_WERE_BUSY -> Icons.HangUp
}

@Composable
private fun StepButton(step: NextStep, isBest: Boolean, onClick: () -> Unit) {
    val words = strings
    val (icon, label) = step.face(words)
    val modifier = Modifier.fillMaxWidth().heightIn(min = 54.dp).testTag(step.name)
    val content: @Composable () -> Unit = {
        Icon(icon, contentDescription = null, Modifier.size(20.dp))
        Text(label, Modifier.padding(start = 10.dp), style = MaterialTheme.typography.labelLarge)
    }
    if (isBest) Button(onClick, modifier) { content() } else FilledTonalButton(onClick, modifier) { content() }
}

private fun NextStep.face(words: Strings): Pair<ImageVector, String> = when (this) {
    NextStep.CALL_AGAIN -> Icons.Call to words.callAgain
    NextStep.MESSAGE -> Icons.Message to words.sendMessage
    NextStep.SETTINGS -> Icons.Settings to words.openSettings
}
