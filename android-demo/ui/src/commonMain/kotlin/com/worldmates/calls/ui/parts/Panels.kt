package com.worldmates.calls.ui.parts

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
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.CircularProgressIndicator
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.paneTitle
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.stateDescription
import androidx.compose.ui.unit.dp
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRoutes
import com.worldmates.calls.Picture
import com.worldmates.calls.showsScreen
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons

/** A card over the call. It names itself to a reader of the screen when it opens. */
@Composable
private fun PanelCard(title: String, modifier: Modifier, content: @Composable () -> Unit) {
    Surface(
        modifier.widthIn(max = 420.dp).fillMaxWidth().semantics { paneTitle = title },
        shape = MaterialTheme.shapes.large, color = MaterialTheme.colorScheme.surfaceContainerHigh, shadowElevation = 12.dp,
    ) {
        Column(Modifier.verticalScroll(rememberScrollState()).padding(vertical = 10.dp)) {
            Text(
                title, Modifier.padding(horizontal = 22.dp, vertical = 8.dp).semantics { heading() },
                style = MaterialTheme.typography.titleMedium, color = MaterialTheme.colorScheme.onSurfaceVariant,
            )
            content()
        }
    }
}

/** Where the sound can go. A tick stands where it does go; what was chosen and is not confirmed turns. */
@Composable
public fun RouteChooser(routes: AudioRoutes, onChoose: (AudioRoute) -> Unit, modifier: Modifier = Modifier) {
    val words = strings
    PanelCard(words.sound, modifier.testTag("routes")) {
        Column(Modifier.selectableGroup()) {
            routes.available.forEach { route ->
                val isCurrent = route.id == routes.current?.id
                val isPending = route.id == routes.pending?.id
                Row(
                    Modifier.fillMaxWidth().heightIn(min = 56.dp)
                        .selectable(isCurrent, role = Role.RadioButton) { onChoose(route) }
                        .semantics { if (isPending) stateDescription = words.routePending }
                        .padding(horizontal = 22.dp, vertical = 8.dp),
                    verticalAlignment = Alignment.CenterVertically, horizontalArrangement = Arrangement.spacedBy(18.dp),
                ) {
                    val tint = if (isCurrent) MaterialTheme.colorScheme.primary else MaterialTheme.colorScheme.onSurface
                    Icon(iconOf(route.kind), contentDescription = null, tint = tint)
                    Column(Modifier.weight(1f)) {
                        Text(words.name(route), style = MaterialTheme.typography.bodyLarge, color = tint)
                        if (isPending) {
                            Text(
                                words.routePending, style = MaterialTheme.typography.bodySmall,
                                color = MaterialTheme.colorScheme.onSurfaceVariant,
                            )
                        }
                    }
                    when {
                        isPending -> CircularProgressIndicator(Modifier.size(20.dp).clearAndSetSemantics {}, strokeWidth = 2.dp)
                        isCurrent -> Icon(Icons.Check, contentDescription = null, tint = tint)
                    }
                }
            }
        }
    }
}

/** Everything that one can do in a call and does seldom. */
@Composable
internal fun MorePanel(
    state: ActiveState, actions: CallActions, onClose: () -> Unit, modifier: Modifier = Modifier, onMessages: (() -> Unit)? = null,
) {
    val words = strings
    val call = state.call
    PanelCard(words.more, modifier.testTag("more panel")) {
        if (state.isGroup) {
            ReactionRow({ actions.react(it); onClose() }, Modifier.semantics { contentDescription = words.reactions }.padding(bottom = 6.dp))
        }
        state.active.other?.let { other ->
            PanelRow(Icons.Swap, words.swapWith(callName(other, words))) { actions.swap(); onClose() }
        }
        PanelRow(if (call.isHeld) Icons.Play else Icons.Pause, if (call.isHeld) words.resume else words.hold) {
            actions.toggleHold()
            onClose()
        }
        if (call.picture == Picture.CAMERA) {
            PanelRow(Icons.FlipCamera, words.switchCamera) { actions.switchCamera(); onClose() }
        }
        if (onMessages != null) {
            val canWrite = state.surroundings.canWrite
            PanelRow(if (canWrite) Icons.Message else Icons.Clock, if (canWrite) words.sendMessage else words.earlierCalls) {
                onMessages()
                onClose()
            }
        }
        val isSharing = call.showsScreen
        PanelRow(
            if (isSharing) Icons.StopSharing else Icons.ShareScreen, if (isSharing) words.stopSharing else words.shareScreen,
        ) { actions.toggleScreen(); onClose() }
        val isShown = state.active.stats != null
        PanelRow(Icons.Statistics, if (isShown) words.hideStatistics else words.showStatistics) {
            actions.setStatsShown(!isShown)
            onClose()
        }
    }
}

@Composable
private fun PanelRow(icon: ImageVector, label: String, onClick: () -> Unit) {
    Row(
        Modifier.fillMaxWidth().heightIn(min = 52.dp).clickable(role = Role.Button, onClick = onClick)
            .padding(horizontal = 22.dp, vertical = 8.dp),
        verticalAlignment = Alignment.CenterVertically, horizontalArrangement = Arrangement.spacedBy(18.dp),
    ) {
        Icon(icon, contentDescription = null, tint = MaterialTheme.colorScheme.onSurface)
        Text(label, style = MaterialTheme.typography.bodyLarge, color = MaterialTheme.colorScheme.onSurface)
    }
}

/** A dot that says on or off where words say it too. */
@Composable
internal fun Dot(color: Color, modifier: Modifier = Modifier) {
    Box(modifier.size(9.dp).clip(CircleShape).background(color))
}
