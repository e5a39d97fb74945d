package com.worldmates.calls.ui.parts

import androidx.compose.animation.AnimatedVisibility
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.relocation.BringIntoViewRequester
import androidx.compose.foundation.relocation.bringIntoViewRequester
import androidx.compose.foundation.selection.toggleable
import androidx.compose.material3.Button
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.layout.onSizeChanged
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.LayoutDirection
import androidx.compose.ui.unit.dp
import com.worldmates.calls.WaitingPerson
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.StageChoice
import com.worldmates.calls.ui.text.lasted
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette
import java.time.Duration
import java.time.Instant

/**
 * Who is in a room of many: whoever waits at the door, the raised hands in their order, everybody else. A host finds here
 * what a host can do.
 */
@Composable
internal fun PeoplePanel(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, modifier: Modifier = Modifier) {
    val people = state.faces() + state.myFace()
    val (up, others) = people.partition { it.isHandUp }
    // Which place is ours only the others know: we stand last.
    val hands = up.sortedWith(compareBy({ it.user == null }, { it.hand }))
    val waiting = if (state.isHost) state.call.waiting else emptyList()
    PlacePanel(
        "${strings.participants} · ${people.size}", onClose = { onView(view.copy(panel = Panel.NONE)) }, modifier.testTag("people panel"),
    ) {
        LazyColumn(Modifier.fillMaxSize().testTag("people"), contentPadding = PaddingValues(bottom = 12.dp)) {
            if (waiting.isNotEmpty()) {
                item(key = "waiting") { Heading("${strings.waitingTitle} · ${waiting.size}") }
                items(waiting, key = { "waits ${it.user}" }) { WaitingLine(it, state.now, actions) }
            }
            if (state.isHost) item(key = "door") { DoorSwitches(state, actions) }
            if (hands.isNotEmpty()) {
                item(key = "hands") { Heading("${strings.handsTitle} · ${hands.size}") }
                items(hands, key = { "in it ${it.user ?: 0}" }) { PersonEntry(it, state, actions, view, onView) }
                item(key = "others") { Heading(strings.inCallTitle) }
            }
            items(others, key = { "in it ${it.user ?: 0}" }) { PersonEntry(it, state, actions, view, onView) }
        }
    }
}

@Composable
private fun Heading(text: String) {
    Text(
        text, Modifier.padding(start = 20.dp, end = 20.dp, top = 14.dp, bottom = 4.dp).semantics { heading() },
        color = MaterialTheme.colorScheme.primary, style = MaterialTheme.typography.labelMedium,
    )
}

/** Somebody at the door: since when, and the two answers. */
@Composable
private fun WaitingLine(person: WaitingPerson, now: Instant, actions: CallActions) {
    val name = person.name.ifBlank { strings.user(person.user) }
    val time = Duration.between(Instant.ofEpochMilli(person.since), now).coerceAtLeast(Duration.ZERO)
    Column(Modifier.fillMaxWidth().padding(horizontal = 20.dp, vertical = 4.dp)) {
        Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
            Avatar(person.user, person.name, person.avatar, 38.dp)
            Column(Modifier.weight(1f)) {
                Text(
                    name, Modifier.testTag("name"), color = MaterialTheme.colorScheme.onSurface, maxLines = 1,
                    overflow = TextOverflow.Ellipsis, style = MaterialTheme.typography.titleSmall,
                )
                Text(
                    strings.waitsFor(strings.lasted(time)), color = MaterialTheme.colorScheme.onSurfaceVariant,
                    style = MaterialTheme.typography.bodySmall,
                )
            }
        }
        FlowRow(Modifier.padding(top = 8.dp), Arrangement.spacedBy(8.dp), Arrangement.spacedBy(8.dp)) {
            val letIn = strings.letIn
            val notLetIn = strings.notLetIn
            Button(
                { actions.admit(person.user, true) }, Modifier.fingerHigh().testTag("admit ${person.user}").describedAs("$letIn: $name"),
            ) { Text(letIn) }
            OutlinedButton(
                { actions.admit(person.user, false) }, Modifier.fingerHigh().testTag("deny ${person.user}").describedAs("$notLetIn: $name"),
            ) { Text(notLetIn) }
        }
    }
}

/** Several such buttons stand below each other: each says whom it is about. */
private fun Modifier.describedAs(words: String): Modifier = semantics { contentDescription = words }

@Composable
private fun DoorSwitches(state: ActiveState, actions: CallActions) {
    Column(Modifier.padding(top = 4.dp)) {
        SwitchLine(RoomIcons.Lock, strings.lockRoom, strings.lockRoomHelp, state.call.isLocked, actions::setLocked, Modifier.testTag("lock"))
        SwitchLine(
            RoomIcons.Door, strings.waitingRoom, strings.waitingRoomHelp, state.call.hasWaitingRoom, actions::setWaitingRoom,
            Modifier.testTag("waiting room"),
        )
        HorizontalDivider(Modifier.padding(top = 6.dp), color = MaterialTheme.colorScheme.outlineVariant)
    }
}

@Composable
private fun SwitchLine(icon: ImageVector, title: String, help: String, isOn: Boolean, onChange: (Boolean) -> Unit, modifier: Modifier) {
    Row(
        modifier.fillMaxWidth().heightIn(min = 56.dp).toggleable(isOn, role = Role.Switch, onValueChange = onChange)
            .padding(horizontal = 20.dp, vertical = 6.dp),
        Arrangement.spacedBy(14.dp), Alignment.CenterVertically,
    ) {
        Icon(icon, contentDescription = null, Modifier.size(22.dp), tint = MaterialTheme.colorScheme.onSurfaceVariant)
        Column(Modifier.weight(1f)) {
            Text(title, color = MaterialTheme.colorScheme.onSurface, style = MaterialTheme.typography.titleSmall)
            // Lines begin below the title, at whichever side that is: the words alone would say left.
            val side = if (LocalLayoutDirection.current == LayoutDirection.Rtl) TextAlign.Right else TextAlign.Left
            Text(help, color = MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.bodySmall, textAlign = side)
        }
        Switch(isOn, onCheckedChange = null, Modifier.clearAndSetSemantics {})
    }
}

/** Somebody in the call; pressed, their line opens and shows what can be done. */
@Composable
private fun PersonEntry(face: Face, state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit) {
    val words = strings
    val user = face.user
    val isOpen = user != null && view.person == user
    val whole = remember { BringIntoViewRequester() }
    var height by remember { mutableIntStateOf(0) }
    // What opens below the last line in sight is pulled up, as far as it grows.
    LaunchedEffect(isOpen, view.isRemoving, height) { if (isOpen) whole.bringIntoView() }
    Column(Modifier.fillMaxWidth().bringIntoViewRequester(whole).onSizeChanged { height = it.height }) {
        val opens = if (user == null) Modifier else {
            Modifier.clickable(onClickLabel = words.actionsFor(face.name(words)), role = Role.Button) {
                onView(view.copy(person = user.takeIf { !isOpen }, isRemoving = false))
            }
        }
        Row(
            Modifier.fillMaxWidth().testTag("person ${user ?: "me"}").then(opens).heightIn(min = 56.dp)
                .padding(horizontal = 20.dp).semantics(mergeDescendants = true) {},
            Arrangement.spacedBy(8.dp), Alignment.CenterVertically,
        ) {
            SpeakingAvatar(user ?: 0, face.name, face.avatar, 36.dp, if (face.isMuted) 0f else face.level)
            Column(Modifier.weight(1f)) {
                Text(
                    face.name(words), Modifier.testTag("name"), color = MaterialTheme.colorScheme.onSurface, maxLines = 1,
                    overflow = TextOverflow.Ellipsis, style = MaterialTheme.typography.titleSmall,
                )
                val isHost = state.call.host != null && state.call.host == (user ?: state.surroundings.me)
                if (isHost) Text(words.host, color = MaterialTheme.colorScheme.primary, style = MaterialTheme.typography.bodySmall)
                face.trouble(words)?.let { Text(it, color = callsPalette.warning, style = MaterialTheme.typography.bodySmall) }
            }
            QualityBars(face.quality)
            if (face.isHandUp) HandMark(face.hand, size = 26.dp)
            Mark(if (face.isMuted) Icons.MicOff else Icons.Mic, isQuiet = face.isMuted, words.muted.takeIf { face.isMuted })
            Mark(if (face.hasPicture) Icons.Camera else Icons.CameraOff, isQuiet = !face.hasPicture, words.pictureOff.takeIf { !face.hasPicture })
        }
        if (user != null) {
            AnimatedVisibility(isOpen) { PersonActions(face, user, state.isHost, actions, view, onView) }
        }
    }
}

@Composable
private fun Mark(icon: ImageVector, isQuiet: Boolean, label: String?) {
    val colors = MaterialTheme.colorScheme
    Icon(icon, contentDescription = label, Modifier.size(20.dp), tint = if (isQuiet) colors.onSurfaceVariant else colors.onSurface)
}

@Composable
private fun PersonActions(
    face: Face, user: Long, isHost: Boolean, actions: CallActions, view: CallView, onView: (CallView) -> Unit,
) {
    val words = strings
    val isPinned = (view.stage as? StageChoice.One)?.user == user
    if (view.isRemoving) {
        Column(
            Modifier.padding(start = 20.dp, end = 16.dp, bottom = 8.dp).semantics { liveRegion = LiveRegionMode.Assertive },
            Arrangement.spacedBy(8.dp),
        ) {
            Text(
                words.removeQuestion(face.name(words)), color = MaterialTheme.colorScheme.onSurface, style = MaterialTheme.typography.bodyMedium,
            )
            FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                val colors = callsPalette.hangUp
                val danger = ButtonDefaults.buttonColors(containerColor = colors.container, contentColor = colors.content)
                Button(
                    {
                        actions.removeParticipant(user)
                        onView(view.copy(person = null, isRemoving = false))
                    },
                    Modifier.fingerHigh().testTag("remove surely"), colors = danger,
                ) { Text(words.removeOther) }
                OutlinedButton({ onView(view.copy(isRemoving = false)) }, Modifier.fingerHigh().testTag("remove not")) { Text(words.cancel) }
            }
        }
        return
    }
    FlowRow(
        Modifier.padding(start = 20.dp, end = 16.dp, bottom = 8.dp), Arrangement.spacedBy(8.dp), Arrangement.spacedBy(8.dp),
    ) {
        Small(RoomIcons.Pin, if (isPinned) words.unpin else words.pin, "pin") {
            onView(view.copy(stage = if (isPinned) StageChoice.Everyone else StageChoice.One(user), person = null))
        }
        if (isHost) {
            if (!face.isMuted) Small(Icons.MicOff, words.muteOther, "mute other") { actions.muteParticipant(user) }
            Small(RoomIcons.RemovePerson, words.removeOther, "remove", callsPalette.bad) { onView(view.copy(isRemoving = true)) }
        }
    }
}

@Composable
private fun Small(icon: ImageVector, label: String, tag: String, color: Color = MaterialTheme.colorScheme.primary, onClick: () -> Unit) {
    OutlinedButton(
        onClick, Modifier.fingerHigh().testTag(tag), colors = ButtonDefaults.outlinedButtonColors(contentColor = color),
        contentPadding = PaddingValues(horizontal = 14.dp),
    ) {
        Icon(icon, contentDescription = null, Modifier.padding(end = 8.dp).size(18.dp))
        Text(label, style = MaterialTheme.typography.labelMedium)
    }
}
