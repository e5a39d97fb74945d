package com.worldmates.calls.ui.screens

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.imePadding
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallType
import com.worldmates.calls.ui.ConversationState
import com.worldmates.calls.ui.Message
import com.worldmates.calls.ui.MessageContent
import com.worldmates.calls.ui.parts.Avatar
import com.worldmates.calls.ui.parts.Composer
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.LARGE_TEXT
import com.worldmates.calls.ui.parts.READABLE_WIDTH
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.parts.readableWidth
import com.worldmates.calls.ui.people.ConversationRow
import com.worldmates.calls.ui.people.conversationRows
import com.worldmates.calls.ui.text.day
import com.worldmates.calls.ui.text.lasted
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.text.timeOfDay
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette
import java.time.LocalDate
import java.time.ZoneId

/**
 * A conversation. The two buttons above it call at once, nothing has to be confirmed. Without [onSend] there is nothing to
 * write with, and it is the calls with somebody.
 */
@Composable
public fun MessagesScreen(
    state: ConversationState, onCall: (CallType) -> Unit, onDraft: (String) -> Unit, onSend: (() -> Unit)?, onBackToCall: () -> Unit,
    onBack: () -> Unit, modifier: Modifier = Modifier,
) {
    Surface(modifier.fillMaxSize().testTag("messages"), color = MaterialTheme.colorScheme.background) {
        Column(
            Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing).imePadding(),
            horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            Head(state, onCall, onBack)
            state.ongoing?.let { BackToCall(it, onBackToCall) }
            BoxWithConstraints(Modifier.weight(1f).fillMaxWidth(), Alignment.BottomCenter) {
                val widest = min(maxWidth, READABLE_WIDTH) * 0.8f
                if (state.messages.isEmpty() && onSend != null) {
                    Emptiness(Icons.Message, strings.noMessages, strings.noMessagesHelp, Modifier.align(Alignment.Center))
                } else if (state.messages.isEmpty()) {
                    Emptiness(Icons.Clock, strings.noHistory, strings.noCallsWithHelp, Modifier.align(Alignment.Center))
                }
                val rows = remember(state.messages, state.now, state.zone) { conversationRows(state.messages, state.now, state.zone) }
                LazyColumn(
                    Modifier.readableWidth().fillMaxSize(), reverseLayout = true,
                    contentPadding = PaddingValues(horizontal = 16.dp, vertical = 12.dp),
                    verticalArrangement = Arrangement.spacedBy(6.dp, Alignment.Bottom),
                ) {
                    items(rows.asReversed(), key = { it.key() }) { row ->
                        when (row) {
                            is ConversationRow.Day -> DayLine(row.day, state.now.atZone(state.zone).toLocalDate())
                            is ConversationRow.Line -> Bubble(row.message, state.zone, widest, onCall)
                        }
                    }
                }
            }
            if (onSend != null) Composer(state.draft, strings.writeMessage, onDraft, onSend)
        }
    }
}

private fun ConversationRow.key(): String = when (this) {
    is ConversationRow.Day -> "day $day"
    is ConversationRow.Line -> "message ${message.id}"
}

@Composable
private fun DayLine(day: LocalDate, today: LocalDate) {
    Text(
        strings.day(day, today), Modifier.fillMaxWidth().padding(top = 14.dp, bottom = 4.dp).semantics { heading() },
        style = MaterialTheme.typography.labelMedium, color = MaterialTheme.colorScheme.onSurfaceVariant, textAlign = TextAlign.Center,
    )
}

@Composable
private fun Head(state: ConversationState, onCall: (CallType) -> Unit, onBack: () -> Unit) {
    val words = strings
    val name = state.with.shownName(words)
    Surface(color = MaterialTheme.colorScheme.surfaceContainerLow, shadowElevation = 1.dp) {
        Row(
            Modifier.fillMaxWidth().heightIn(min = 68.dp).padding(horizontal = 4.dp, vertical = 6.dp),
            verticalAlignment = Alignment.CenterVertically,
        ) {
            IconAction(Icons.Back, words.back, onBack, Modifier.testTag("back"), tint = MaterialTheme.colorScheme.onSurface)
            // For large text the name needs the room more.
            if (LocalDensity.current.fontScale <= LARGE_TEXT) Avatar(state.with.user, state.with.name, state.with.avatar, 40.dp)
            Column(Modifier.weight(1f).padding(horizontal = 12.dp)) {
                Text(
                    name, Modifier.testTag("name").semantics { heading() }, style = MaterialTheme.typography.titleMedium, maxLines = 2,
                    overflow = TextOverflow.Ellipsis,
                )
                if (state.with.isOnline) {
                    Text(words.canTalkNow, style = MaterialTheme.typography.bodySmall, color = MaterialTheme.colorScheme.primary)
                }
            }
            IconAction(Icons.Call, words.callByAudio(name), { onCall(CallType.AUDIO) }, Modifier.testTag("call audio"))
            IconAction(Icons.Camera, words.callByVideo(name), { onCall(CallType.VIDEO) }, Modifier.testTag("call video"))
        }
    }
}

/** A call goes on behind this screen. */
@Composable
private fun BackToCall(call: CallSnapshot, onClick: () -> Unit) {
    Row(
        Modifier.fillMaxWidth().background(callsPalette.accept.container).clickable(role = Role.Button, onClick = onClick)
            .heightIn(min = 48.dp).padding(horizontal = 20.dp, vertical = 10.dp).testTag("back to call"),
        Arrangement.spacedBy(12.dp), Alignment.CenterVertically,
    ) {
        Icon(Icons.Call, contentDescription = null, Modifier.size(20.dp), tint = callsPalette.accept.content)
        Text(
            "${strings.backToCall} · ${callName(call, strings)}", Modifier.testTag("name"), color = callsPalette.accept.content,
            style = MaterialTheme.typography.labelLarge, maxLines = 2, overflow = TextOverflow.Ellipsis,
        )
    }
}

@Composable
private fun Bubble(message: Message, zone: ZoneId, widest: Dp, onCall: (CallType) -> Unit) {
    val colors = if (message.isMine) callsPalette.bubbleMine else callsPalette.bubbleTheirs
    // The corner that points to who wrote it is sharp.
    val shape = if (message.isMine) RoundedCornerShape(20.dp, 20.dp, 6.dp, 20.dp) else RoundedCornerShape(20.dp, 20.dp, 20.dp, 6.dp)
    Box(Modifier.fillMaxWidth(), if (message.isMine) Alignment.CenterEnd else Alignment.CenterStart) {
        Surface(
            Modifier.widthIn(max = widest), shape = shape, color = colors.container, contentColor = colors.content,
            shadowElevation = 0.5.dp,
        ) {
            when (val content = message.content) {
                is MessageContent.Words -> Column(
                    Modifier.padding(horizontal = 14.dp, vertical = 9.dp).semantics(mergeDescendants = true) {},
                    horizontalAlignment = Alignment.End,
                ) {
                    Text(content.text, Modifier.align(Alignment.Start), style = MaterialTheme.typography.bodyLarge)
                    Text(timeOfDay(message.at, zone), style = MaterialTheme.typography.bodySmall, color = colors.content)
                }
                is MessageContent.PastCall -> CallBubble(message, content, zone, onCall)
            }
        }
    }
}

/** A call among the words; pressing it calls again. */
@Composable
private fun CallBubble(message: Message, content: MessageContent.PastCall, zone: ZoneId, onCall: (CallType) -> Unit) {
    val isVideo = content.type == CallType.VIDEO
    val isMissed = content.isMissed
    Row(
        Modifier.clickable(role = Role.Button, onClickLabel = strings.callAgain) { onCall(content.type) }.heightIn(min = 56.dp)
            .padding(horizontal = 14.dp, vertical = 10.dp),
        Arrangement.spacedBy(12.dp), Alignment.CenterVertically,
    ) {
        val colors = if (isMissed) callsPalette.hangUp else callsPalette.accept
        Box(Modifier.size(36.dp).clip(CircleShape).background(colors.container), Alignment.Center) {
            Icon(
                if (isMissed) Icons.Missed else if (isVideo) Icons.Camera else Icons.Call, contentDescription = null,
                Modifier.size(20.dp), tint = colors.content,
            )
        }
        Column {
            Text(if (isVideo) strings.videoCall else strings.audioCall, style = MaterialTheme.typography.titleSmall)
            val how = content.lasted?.let { strings.lasted(it) }
                ?: if (isMissed) strings.missed else if (message.isMine) strings.outgoing else strings.incoming
            Text("$how · ${timeOfDay(message.at, zone)}", style = MaterialTheme.typography.bodySmall)
        }
    }
}
