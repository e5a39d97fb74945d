package com.worldmates.calls.ui.screens

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.FilledIconButton
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.FilledTonalIconButton
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallType
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.Direction
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CheckState
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.PastCall
import com.worldmates.calls.ui.parts.Avatar
import com.worldmates.calls.ui.parts.Dot
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.LARGE_TEXT
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.dayOrTime
import com.worldmates.calls.ui.text.lasted
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette
import java.time.Instant
import java.time.ZoneId

@Composable
private fun Card(modifier: Modifier, content: @Composable () -> Unit) {
    Surface(
        modifier.fillMaxWidth(), shape = MaterialTheme.shapes.large, color = MaterialTheme.colorScheme.surfaceContainerLow,
        shadowElevation = 1.dp, content = content,
    )
}

/** A number, and two ways to call it. */
@Composable
internal fun DialCard(actions: CallActions, modifier: Modifier = Modifier) {
    var typed by rememberSaveable { mutableStateOf("") }
    var isWrong by rememberSaveable { mutableStateOf(false) }
    fun dial(type: CallType) {
        val number = typed.trim().toLongOrNull()?.takeIf { it > 0 }
        isWrong = number == null
        if (number != null) actions.dial(number, type)
    }
    Card(modifier) {
        Row(Modifier.padding(14.dp), Arrangement.spacedBy(8.dp), Alignment.CenterVertically) {
            OutlinedTextField(
                typed, { typed = it; isWrong = false }, Modifier.weight(1f).testTag("number"),
                label = { Text(strings.dialHint) }, isError = isWrong, singleLine = true,
                supportingText = if (isWrong) ({ Text(strings.dialWrong) }) else null,
                keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Number), shape = MaterialTheme.shapes.medium,
            )
            val audio = strings.audioCall
            val video = strings.videoCall
            FilledTonalIconButton(
                { dial(CallType.AUDIO) }, Modifier.size(52.dp).testTag("dial audio").semantics { contentDescription = audio },
            ) { Icon(Icons.Call, contentDescription = null) }
            FilledIconButton(
                { dial(CallType.VIDEO) }, Modifier.size(52.dp).testTag("dial video").semantics { contentDescription = video },
            ) { Icon(Icons.Camera, contentDescription = null) }
        }
    }
}

/** "Can I be reached?": the question, then line by line the answer and what to do. */
@Composable
internal fun ReachCard(check: CheckState, onCheck: () -> Unit, onMend: (CheckLine) -> Unit, modifier: Modifier = Modifier) {
    // Before it was asked, the whole card is the button.
    val button =
        if (check == CheckState.NotAsked) Modifier.clickable(role = Role.Button, onClick = onCheck).testTag("check") else Modifier
    Card(modifier) {
        Column(button.padding(18.dp), Arrangement.spacedBy(12.dp)) {
            when (check) {
                CheckState.NotAsked -> Question()
                CheckState.Running -> Row(
                    Modifier.heightIn(min = 48.dp).semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite },
                    Arrangement.spacedBy(16.dp), Alignment.CenterVertically,
                ) {
                    CircularProgressIndicator(Modifier.size(24.dp).clearAndSetSemantics {}, strokeWidth = 3.dp)
                    Text(strings.checking, style = MaterialTheme.typography.titleMedium)
                }
                is CheckState.Done -> Answer(check, onCheck, onMend)
            }
        }
    }
}

@Composable
private fun Question() {
    Row(horizontalArrangement = Arrangement.spacedBy(14.dp), verticalAlignment = Alignment.CenterVertically) {
        Icon(Icons.Reachable, contentDescription = null, tint = MaterialTheme.colorScheme.primary)
        Column(Modifier.weight(1f)) {
            Text(strings.canIBeReached, style = MaterialTheme.typography.titleMedium)
            Text(
                strings.canIBeReachedHelp, style = MaterialTheme.typography.bodyMedium,
                color = MaterialTheme.colorScheme.onSurfaceVariant,
            )
        }
        Icon(Icons.Forward, contentDescription = null, tint = MaterialTheme.colorScheme.onSurfaceVariant)
    }
}

@Composable
private fun Answer(check: CheckState.Done, onCheck: () -> Unit, onMend: (CheckLine) -> Unit) {
    val report = check.report
    Row(
        Modifier.semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite; heading() },
        Arrangement.spacedBy(12.dp), Alignment.CenterVertically,
    ) {
        val (icon, color) = (if (report.canCall) CheckOutcome.GOOD else CheckOutcome.BAD).face()
        Icon(icon, contentDescription = null, Modifier.size(28.dp), tint = color)
        Text(if (report.canCall) strings.reachable else strings.unreachable, style = MaterialTheme.typography.titleMedium)
    }
    report.lines.forEach { line -> CheckRow(line, onMend = if (line in check.mendable) ({ onMend(line) }) else null) }
    FilledTonalButton(onCheck, Modifier.fillMaxWidth().heightIn(min = 48.dp).testTag("check")) { Text(strings.checkAgain) }
}

@Composable
private fun CheckRow(line: CheckLine, onMend: (() -> Unit)?) {
    val (icon, color) = line.outcome.face()
    val words = strings
    val outcome = line.outcome.words(words)
    Row(
        Modifier.fillMaxWidth().semantics(mergeDescendants = true) {}, Arrangement.spacedBy(12.dp), Alignment.Top,
    ) {
        Icon(icon, contentDescription = outcome, Modifier.size(20.dp), tint = color)
        Column(Modifier.weight(1f)) {
            Text(line.what, style = MaterialTheme.typography.titleSmall)
            Text(line.found, style = MaterialTheme.typography.bodyMedium, color = MaterialTheme.colorScheme.onSurfaceVariant)
            if (line.advice.isNotBlank()) Text(line.advice, style = MaterialTheme.typography.bodyMedium)
            if (onMend != null) {
                OutlinedButton(
                    onMend,
                    Modifier.padding(top = 8.dp).heightIn(min = 48.dp).testTag("mend ${line.what}")
                        .semantics { contentDescription = "${words.openSettings}: ${line.what}" },
                    colors = ButtonDefaults.outlinedButtonColors(contentColor = MaterialTheme.colorScheme.primary),
                ) { Text(words.openSettings) }
            }
        }
    }
}

@Composable
private fun CheckOutcome.face(): Pair<ImageVector, Color> = when (this) {
    CheckOutcome.GOOD -> Icons.Good to callsPalette.good
    CheckOutcome.WARNING -> Icons.Warning to callsPalette.warning
    CheckOutcome.BAD -> Icons.Bad to callsPalette.bad
}

private fun CheckOutcome.words(words: Strings): String = when (this) {
    CheckOutcome.GOOD -> words.outcomeGood
    CheckOutcome.WARNING -> words.outcomeWarning
    CheckOutcome.BAD -> words.outcomeBad
}

/** Recent calls or people: two halves of one pill. */
@Composable
internal fun ListSwitch(list: IdleList, onList: (IdleList) -> Unit) {
    Row(
        Modifier.fillMaxWidth().padding(top = 4.dp, bottom = 8.dp).clip(CircleShape)
            .background(MaterialTheme.colorScheme.surfaceContainerHigh).padding(4.dp).selectableGroup(),
    ) {
        IdleList.entries.forEach { entry ->
            val isChosen = entry == list
            Box(
                Modifier.weight(1f).heightIn(min = 48.dp).clip(CircleShape)
                    .background(if (isChosen) MaterialTheme.colorScheme.surfaceContainerLowest else Color.Transparent)
                    .selectable(isChosen, role = Role.Tab) { onList(entry) }.padding(horizontal = 12.dp, vertical = 8.dp)
                    .testTag(entry.name),
                contentAlignment = Alignment.Center,
            ) {
                Text(
                    if (entry == IdleList.RECENT) strings.recent else strings.contacts, textAlign = TextAlign.Center,
                    style = MaterialTheme.typography.labelLarge,
                    color = if (isChosen) MaterialTheme.colorScheme.primary else MaterialTheme.colorScheme.onSurfaceVariant,
                )
            }
        }
    }
}

/** A call of the past: pressing it writes to them, unless it was of a group; the button at its end calls again in the same way. */
@Composable
internal fun HistoryRow(call: PastCall, now: Instant, zone: ZoneId, onCall: () -> Unit, onMessages: (() -> Unit)?) {
    val words = strings
    val way = when {
        call.isMissed -> words.missed
        call.direction == Direction.INCOMING -> words.incoming
        else -> words.outgoing
    }
    val isWordShown = call.isMissed && LocalDensity.current.fontScale <= LARGE_TEXT
    PersonRow(call.with, call.shownName(words), onMessages, "call with ${call.with.user}", isBright = call.isMissed, below = {
        Icon(
            when {
                call.isMissed -> Icons.Missed
                call.direction == Direction.INCOMING -> Icons.Incoming
                else -> Icons.Outgoing
            },
            // The arrow says in, out or missed; where there is room a missed call is said in words as well.
            contentDescription = way.takeIf { !isWordShown }, Modifier.size(16.dp),
            tint = if (call.isMissed) MaterialTheme.colorScheme.error else callsPalette.good,
        )
        val said = listOfNotNull(way.takeIf { isWordShown }, words.dayOrTime(call.at, now, zone), call.lasted?.let(words::lasted))
        Text(
            said.joinToString(" · "), style = MaterialTheme.typography.bodyMedium,
            color = MaterialTheme.colorScheme.onSurfaceVariant,
        )
    }) {
        val isVideo = call.type == CallType.VIDEO
        val name = call.shownName(words)
        val label = if (isVideo) words.callByVideo(name) else words.callByAudio(name)
        IconAction(if (isVideo) Icons.Camera else Icons.Call, label, onCall, Modifier.testTag("again ${call.id}"))
    }
}

/** Somebody one knows, with both ways to call. */
@Composable
internal fun ContactRow(person: Contact, onCall: (CallType) -> Unit, onMessages: () -> Unit) {
    val words = strings
    val name = person.shownName(words)
    PersonRow(person, name, onMessages, "person ${person.user}", below = if (person.isOnline) ({
        Dot(callsPalette.good)
        Text(words.canTalkNow, style = MaterialTheme.typography.bodyMedium, color = MaterialTheme.colorScheme.onSurfaceVariant)
    }) else null) {
        IconAction(Icons.Call, words.callByAudio(name), { onCall(CallType.AUDIO) }, Modifier.testTag("audio ${person.user}"))
        IconAction(Icons.Camera, words.callByVideo(name), { onCall(CallType.VIDEO) }, Modifier.testTag("video ${person.user}"))
    }
}

@Composable
private fun PersonRow(
    person: Contact, name: String, onClick: (() -> Unit)?, tag: String, isBright: Boolean = false, below: (@Composable () -> Unit)? = null,
    buttons: @Composable () -> Unit,
) {
    Row(
        Modifier.fillMaxWidth().clip(MaterialTheme.shapes.medium)
            .then(if (onClick == null) Modifier else Modifier.clickable(role = Role.Button, onClick = onClick)).testTag(tag)
            .heightIn(min = 72.dp).padding(horizontal = 4.dp, vertical = 8.dp),
        Arrangement.spacedBy(14.dp), Alignment.CenterVertically,
    ) {
        Avatar(person.user, person.name, person.avatar, 48.dp)
        Column(Modifier.weight(1f), Arrangement.spacedBy(2.dp)) {
            Text(
                name, Modifier.testTag("name"), style = MaterialTheme.typography.titleMedium, maxLines = 2,
                overflow = TextOverflow.Ellipsis,
                color = if (isBright) MaterialTheme.colorScheme.error else MaterialTheme.colorScheme.onSurface,
            )
            if (below != null) {
                Row(horizontalArrangement = Arrangement.spacedBy(6.dp), verticalAlignment = Alignment.CenterVertically) { below() }
            }
        }
        Row { buttons() }
    }
}

internal fun Contact.shownName(words: Strings): String = name.ifBlank { words.user(user) }

private fun PastCall.shownName(words: Strings): String =
    if (group == null) with.shownName(words) else with.name.ifBlank { words.groupCall }
