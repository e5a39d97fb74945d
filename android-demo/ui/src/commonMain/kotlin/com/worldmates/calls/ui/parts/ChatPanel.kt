package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.itemsIndexed
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.rememberUpdatedState
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ChatLine
import com.worldmates.calls.ChatState
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.text.timeOfDay
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette
import java.time.Instant
import java.time.ZoneId

/** What is written in a room of many. To have it open is to have read it. */
@Composable
internal fun ChatPanel(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, modifier: Modifier = Modifier) {
    val chat = state.call.chat
    val newest = chat.lastOrNull()?.id
    val viewNow by rememberUpdatedState(view)
    LaunchedEffect(newest) {
        if (newest != null && viewNow.readUpTo != newest) onView(viewNow.copy(readUpTo = newest))
    }
    PlacePanel(strings.chat, onClose = { onView(view.copy(panel = Panel.NONE)) }, modifier.testTag("chat")) {
        Column(Modifier.fillMaxSize()) {
            BoxWithConstraints(Modifier.weight(1f).fillMaxWidth()) {
                val widest = maxWidth * 0.82f
                if (chat.isEmpty()) {
                    NothingWritten(Modifier.align(Alignment.Center))
                } else {
                    val newestFirst = chat.asReversed()
                    LazyColumn(
                        Modifier.fillMaxSize(), reverseLayout = true, contentPadding = PaddingValues(horizontal = 12.dp, vertical = 8.dp),
                        verticalArrangement = Arrangement.spacedBy(4.dp, Alignment.Bottom),
                    ) {
                        itemsIndexed(newestFirst, key = { _, line -> line.id }) { index, line ->
                            val isMine = line.user == state.surroundings.me
                            val isFirst = newestFirst.getOrNull(index + 1)?.user != line.user
                            Line(line, isMine, isFirst, state.surroundings.zone, widest) { onView(view.copy(draft = again(view.draft, line.text))) }
                        }
                    }
                }
            }
            Composer(
                view.draft, strings.writeToAll, onDraft = { onView(view.copy(draft = it)) },
                onSend = {
                    actions.write(view.draft.trim())
                    onView(view.copy(draft = ""))
                },
            )
        }
    }
}

@Composable
private fun NothingWritten(modifier: Modifier) {
    Column(
        modifier.verticalScroll(rememberScrollState()).padding(24.dp), Arrangement.spacedBy(8.dp), Alignment.CenterHorizontally,
    ) {
        Icon(RoomIcons.Chat, contentDescription = null, Modifier.size(36.dp), tint = MaterialTheme.colorScheme.primary)
        Text(
            strings.chatEmpty, color = MaterialTheme.colorScheme.onSurface, style = MaterialTheme.typography.titleMedium,
            textAlign = TextAlign.Center,
        )
        Text(
            strings.chatEmptyHelp, color = MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.bodyMedium,
            textAlign = TextAlign.Center,
        )
    }
}

/** One line. Above the first of several by the same person stands who wrote them. */
@Composable
private fun Line(line: ChatLine, isMine: Boolean, isFirst: Boolean, zone: ZoneId, widest: Dp, onAgain: () -> Unit) {
    val words = strings
    val colors = if (isMine) callsPalette.bubbleMine else callsPalette.bubbleTheirs
    val shape = if (isMine) RoundedCornerShape(18.dp, 18.dp, 6.dp, 18.dp) else RoundedCornerShape(18.dp, 18.dp, 18.dp, 6.dp)
    Column(
        Modifier.fillMaxWidth().padding(top = if (isFirst) 8.dp else 0.dp).testTag("line ${line.id}"),
        horizontalAlignment = if (isMine) Alignment.End else Alignment.Start,
    ) {
        Surface(Modifier.widthIn(max = widest), shape = shape, color = colors.container, contentColor = colors.content) {
            Column(Modifier.padding(horizontal = 13.dp, vertical = 8.dp).semantics(mergeDescendants = true) {}) {
                if (isFirst && !isMine) {
                    Text(
                        line.name.ifBlank { words.user(line.user) }, Modifier.testTag("name"), color = MaterialTheme.colorScheme.primary,
                        style = MaterialTheme.typography.labelMedium, maxLines = 1, overflow = TextOverflow.Ellipsis,
                    )
                }
                Text(line.text, style = MaterialTheme.typography.bodyMedium)
                val below = when (line.state) {
                    ChatState.SENDING -> words.sending
                    ChatState.SENT -> line.at?.let { timeOfDay(Instant.ofEpochMilli(it), zone) }
                    ChatState.FAILED -> null
                }
                if (below != null) {
                    Text(below, Modifier.align(Alignment.End), color = colors.content, style = MaterialTheme.typography.bodySmall)
                }
            }
        }
        if (line.state == ChatState.FAILED) NotSent(onAgain)
    }
}

/** What one is writing stays, and is not written twice. */
internal fun again(draft: String, text: String): String = when {
    draft.isBlank() -> text
    draft.endsWith(text) -> draft
    else -> "${draft.trimEnd()}\n$text"
}

/** The words go back to where one writes: perhaps they were too many. */
@Composable
private fun NotSent(onAgain: () -> Unit) {
    Row(verticalAlignment = Alignment.CenterVertically) {
        Box(Modifier.padding(end = 6.dp)) {
            Icon(RoomIcons.NotSent, contentDescription = null, Modifier.size(16.dp), tint = MaterialTheme.colorScheme.error)
        }
        Text(
            strings.notSent, Modifier.semantics { liveRegion = LiveRegionMode.Polite }, color = MaterialTheme.colorScheme.error,
            style = MaterialTheme.typography.bodySmall,
        )
        TextButton(onAgain, Modifier.fingerHigh().testTag("write again")) { Text(strings.writeAgain, style = MaterialTheme.typography.labelMedium) }
    }
}
