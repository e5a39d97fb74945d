package com.worldmates.calls.ui.parts

import androidx.compose.animation.AnimatedVisibility
import androidx.compose.animation.expandVertically
import androidx.compose.animation.shrinkVertically
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.material3.ButtonDefaults
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.WaitingPerson
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette

/**
 * What somebody in a room of many has to know now: that nobody else is here, that the host closed their microphone; as the
 * host, who waits and whose hand is up.
 */
@Composable
internal fun RoomBanners(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit) {
    Banner(state.call.participants.isEmpty(), Icons.People, strings.waitingForOthers, callsPalette.control)
    Banner(state.call.mutedBy != null, Icons.MicOff, strings.mutedByHost, callsPalette.notice, help = strings.mutedByHostHelp)
    // The list of people shows both, and the buttons beside them.
    val isListOpen = view.panel == Panel.PEOPLE
    AtOurDoor(state, isShown = state.isHost && state.call.waiting.isNotEmpty() && !isListOpen, actions) { onView(view.copy(panel = Panel.PEOPLE)) }
    val hands = state.call.hands()
    val names = hands.take(2).joinToString(transform = state.firstNamer(strings))
    Banner(
        state.isHost && hands.isNotEmpty() && !isListOpen, Icons.Hand,
        strings.handsUp(if (hands.size > 2) strings.andMore(names, hands.size - 2) else names), callsPalette.control,
    )
}

/** One who waits is answered at once; for several there is the list. */
@Composable
private fun AtOurDoor(state: ActiveState, isShown: Boolean, actions: CallActions, onList: () -> Unit) {
    val colors = callsPalette.notice
    val waiting = state.call.waiting
    AnimatedVisibility(isShown, enter = expandVertically(), exit = shrinkVertically()) {
        BoxWithConstraints(
            Modifier.fillMaxWidth().padding(vertical = 4.dp).clip(MaterialTheme.shapes.medium).background(colors.container)
                .padding(start = 16.dp, end = 4.dp, top = 2.dp, bottom = 2.dp).testTag("at our door"),
        ) {
            val text = ButtonDefaults.textButtonColors(contentColor = colors.content)
            val buttons: @Composable () -> Unit = {
                TextButton(onList, Modifier.fingerHigh().testTag("show waiting"), colors = text) { Text(strings.show) }
                waiting.singleOrNull()?.let { only ->
                    TextButton({ actions.admit(only.user, true) }, Modifier.fingerHigh().testTag("admit at once"), colors = text) { Text(strings.letIn) }
                }
            }
            val isShort = waiting.size > 1 && LocalDensity.current.fontScale <= LARGE_TEXT
            if (maxWidth >= ONE_ROW || isShort) {
                Row(verticalAlignment = Alignment.CenterVertically) {
                    WhoWaits(waiting, Modifier.weight(1f))
                    buttons()
                }
            } else {
                Column {
                    WhoWaits(waiting, Modifier)
                    FlowRow(Modifier.fillMaxWidth(), Arrangement.End) { buttons() }
                }
            }
        }
    }
}

/** From here on words and buttons stand side by side. */
private val ONE_ROW = 520.dp

@Composable
private fun WhoWaits(waiting: List<WaitingPerson>, modifier: Modifier) {
    val colors = callsPalette.notice
    val only = waiting.singleOrNull()
    Row(
        modifier.padding(top = 8.dp, bottom = 8.dp, end = 12.dp).semantics(mergeDescendants = true) { liveRegion = LiveRegionMode.Polite },
        Arrangement.spacedBy(12.dp), Alignment.CenterVertically,
    ) {
        Icon(RoomIcons.Door, contentDescription = null, Modifier.size(20.dp), tint = colors.content)
        Text(
            only?.let { strings.wantsIn(it.name.ifBlank { strings.user(it.user) }) } ?: strings.wantIn(waiting.size),
            Modifier.testTag("name"), color = colors.content, style = MaterialTheme.typography.titleSmall, maxLines = 2,
            overflow = TextOverflow.Ellipsis,
        )
    }
}
