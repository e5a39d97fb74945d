package com.worldmates.calls.ui.screens

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.LazyListScope
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
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
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallType
import com.worldmates.calls.ServerLink
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.IdleState
import com.worldmates.calls.ui.layout.TWO_COLUMNS
import com.worldmates.calls.ui.parts.Dot
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.readableWidth
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** Which list the first screen shows. */
public enum class IdleList { RECENT, PEOPLE }

/** No call: whom to call, who called, and whether one can be reached at all. */
@Composable
public fun IdleScreen(
    state: IdleState, actions: CallActions, onMessages: (Contact) -> Unit, onSettings: () -> Unit, modifier: Modifier = Modifier,
    firstList: IdleList = IdleList.RECENT,
) {
    var list by rememberSaveable(firstList) { mutableStateOf(firstList) }
    Surface(modifier.fillMaxSize().testTag("idle"), color = MaterialTheme.colorScheme.background) {
        BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing), Alignment.TopCenter) {
            if (maxWidth >= TWO_COLUMNS) {
                Row(Modifier.fillMaxSize().padding(horizontal = 24.dp)) {
                    Column(
                        Modifier.weight(0.8f).fillMaxHeight().verticalScroll(rememberScrollState()).padding(bottom = 24.dp),
                        Arrangement.spacedBy(16.dp),
                    ) {
                        Header(state.server, onSettings)
                        DialCard(actions)
                        ReachCard(state.check, actions::check, actions::mend)
                    }
                    Spacer(Modifier.width(24.dp))
                    LazyColumn(
                        Modifier.weight(1f).fillMaxHeight().padding(top = 20.dp), contentPadding = PaddingValues(bottom = 24.dp),
                    ) { people(state, list, { list = it }, actions, onMessages) }
                }
            } else {
                LazyColumn(
                    Modifier.readableWidth().fillMaxHeight(), contentPadding = PaddingValues(start = 16.dp, end = 16.dp, bottom = 24.dp),
                ) {
                    item { Header(state.server, onSettings) }
                    item { DialCard(actions, Modifier.padding(top = 4.dp)) }
                    item { ReachCard(state.check, actions::check, actions::mend, Modifier.padding(vertical = 12.dp)) }
                    people(state, list, { list = it }, actions, onMessages)
                }
            }
        }
    }
}

@Composable
private fun Header(server: ServerLink, onSettings: () -> Unit) {
    Row(Modifier.fillMaxWidth().padding(top = 16.dp, bottom = 12.dp), verticalAlignment = Alignment.CenterVertically) {
        Column(Modifier.weight(1f).padding(start = 4.dp)) {
            Text(strings.calls, Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineLarge)
            Row(
                Modifier.semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite },
                Arrangement.spacedBy(8.dp),
            ) {
                val (color, words) = when (server) {
                    ServerLink.UP -> callsPalette.good to strings.online
                    ServerLink.DOWN -> callsPalette.warning to strings.offline
                    ServerLink.SIGNED_OUT -> callsPalette.bad to strings.signedOut
                }
                Dot(color, Modifier.padding(top = 6.dp))
                Text(words, style = MaterialTheme.typography.bodyMedium, color = MaterialTheme.colorScheme.onSurfaceVariant)
            }
        }
        IconAction(
            Icons.Settings, strings.settings, onSettings, Modifier.testTag("settings"), tint = MaterialTheme.colorScheme.onSurfaceVariant,
        )
    }
}

private fun LazyListScope.people(
    state: IdleState, list: IdleList, onList: (IdleList) -> Unit, actions: CallActions, onMessages: (Contact) -> Unit,
) {
    item { ListSwitch(list, onList) }
    when (list) {
        IdleList.RECENT -> {
            if (state.history.isEmpty()) item { Emptiness(Icons.Clock, strings.noHistory, strings.noHistoryHelp) }
            items(state.history, key = { "call ${it.id}" }) { call ->
                val group = call.group
                HistoryRow(
                    call, state.now, state.zone,
                    onCall = { if (group == null) actions.dial(call.with.user, call.type) else actions.dialGroup(group, call.type) },
                    onMessages = if (group == null) ({ onMessages(call.with) }) else null,
                )
            }
        }
        IdleList.PEOPLE -> {
            if (state.contacts.isEmpty()) item { Emptiness(Icons.People, strings.noContacts, strings.noContactsHelp) }
            items(state.contacts, key = { "person ${it.user}" }) { person ->
                ContactRow(person, { type: CallType -> actions.dial(person.user, type) }, { onMessages(person) })
            }
        }
    }
}

/** An empty place that says what will be here. */
@Composable
internal fun Emptiness(icon: ImageVector, title: String, help: String, modifier: Modifier = Modifier) {
    Column(
        modifier.fillMaxWidth().padding(horizontal = 24.dp, vertical = 40.dp), Arrangement.spacedBy(8.dp), Alignment.CenterHorizontally,
    ) {
        Box(
            Modifier.padding(bottom = 8.dp).clip(MaterialTheme.shapes.extraLarge)
                .background(MaterialTheme.colorScheme.primaryContainer).padding(20.dp),
        ) { Icon(icon, contentDescription = null, tint = MaterialTheme.colorScheme.onPrimaryContainer) }
        Text(title, style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center)
        Text(
            help, style = MaterialTheme.typography.bodyMedium, color = MaterialTheme.colorScheme.onSurfaceVariant,
            textAlign = TextAlign.Center,
        )
    }
}
