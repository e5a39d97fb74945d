package com.worldmates.calls.ui.screens

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.foundation.selection.toggleable
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Surface
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CheckLine
import com.worldmates.calls.Language
import com.worldmates.calls.ui.Appearance
import com.worldmates.calls.ui.CheckState
import com.worldmates.calls.ui.Preferences
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.LARGE_TEXT
import com.worldmates.calls.ui.parts.readableWidth
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.text.stringsOf
import com.worldmates.calls.ui.theme.Icons

/** What a person can set about calls. Every change is seen at once; there is nothing to confirm. */
@Composable
public fun SettingsScreen(
    preferences: Preferences, check: CheckState, onPreferences: (Preferences) -> Unit, onFrames: () -> Unit, onCheck: () -> Unit,
    onBack: () -> Unit, modifier: Modifier = Modifier, onMend: (CheckLine) -> Unit = {},
) {
    SettingsPage(strings.settings, onBack, modifier.testTag("settings screen")) {
        Group {
            Row(
                Modifier.fillMaxWidth().clickable(role = Role.Button, onClick = onFrames).testTag("frames")
                    .heightIn(min = 72.dp).padding(18.dp),
                Arrangement.spacedBy(18.dp), Alignment.CenterVertically,
            ) {
                Icon(Icons.Frame, contentDescription = null, tint = MaterialTheme.colorScheme.primary)
                Column(Modifier.weight(1f)) {
                    Text(strings.callFrame, style = MaterialTheme.typography.titleMedium)
                    Text(
                        strings.frame(preferences.frame), style = MaterialTheme.typography.bodyMedium,
                        color = MaterialTheme.colorScheme.onSurfaceVariant,
                    )
                }
                Icon(Icons.Forward, contentDescription = null, tint = MaterialTheme.colorScheme.onSurfaceVariant)
            }
            Row(
                Modifier.fillMaxWidth()
                    .toggleable(preferences.isStatsShown, role = Role.Switch) { onPreferences(preferences.copy(isStatsShown = it)) }
                    .testTag("statistics").heightIn(min = 72.dp).padding(18.dp),
                Arrangement.spacedBy(18.dp), Alignment.CenterVertically,
            ) {
                // For large text the room of the icon is worth more than the icon.
                if (LocalDensity.current.fontScale <= LARGE_TEXT) {
                    Icon(Icons.Statistics, contentDescription = null, tint = MaterialTheme.colorScheme.primary)
                }
                Column(Modifier.weight(1f)) {
                    Text(strings.showStatisticsAlways, style = MaterialTheme.typography.titleMedium)
                    Text(
                        strings.showStatisticsAlwaysHelp, style = MaterialTheme.typography.bodyMedium,
                        color = MaterialTheme.colorScheme.onSurfaceVariant,
                    )
                }
                Switch(preferences.isStatsShown, onCheckedChange = null)
            }
        }
        Choices(Icons.Language, strings.languageLabel, Language.entries, preferences.language, { stringsOf(it).languageName }) {
            onPreferences(preferences.copy(language = it))
        }
        val words = strings
        Choices(Icons.Appearance, words.appearance, Appearance.entries, preferences.appearance, { it.words(words) }) {
            onPreferences(preferences.copy(appearance = it))
        }
        ReachCard(check, onCheck, onMend)
    }
}

private fun Appearance.words(words: Strings): String = when (this) {
    Appearance.SYSTEM -> words.appearanceSystem
    Appearance.LIGHT -> words.appearanceLight
    Appearance.DARK -> words.appearanceDark
}

/** A page with a way back and a heading; its content scrolls. */
@Composable
internal fun SettingsPage(title: String, onBack: () -> Unit, modifier: Modifier = Modifier, content: @Composable () -> Unit) {
    Surface(modifier.fillMaxSize(), color = MaterialTheme.colorScheme.background) {
        Column(
            Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing), horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            Row(
                Modifier.readableWidth().fillMaxWidth().heightIn(min = 64.dp).padding(horizontal = 4.dp),
                Arrangement.spacedBy(8.dp), Alignment.CenterVertically,
            ) {
                IconAction(Icons.Back, strings.back, onBack, Modifier.testTag("back"), tint = MaterialTheme.colorScheme.onSurface)
                Text(title, Modifier.semantics { heading() }, style = MaterialTheme.typography.titleLarge)
            }
            Column(
                Modifier.readableWidth().fillMaxSize().verticalScroll(rememberScrollState())
                    .padding(start = 16.dp, end = 16.dp, top = 4.dp, bottom = 24.dp),
                Arrangement.spacedBy(14.dp),
            ) { content() }
        }
    }
}

@Composable
private fun Group(content: @Composable () -> Unit) {
    Surface(
        Modifier.fillMaxWidth(), shape = MaterialTheme.shapes.large, color = MaterialTheme.colorScheme.surfaceContainerLow,
        shadowElevation = 1.dp,
    ) { Column { content() } }
}

@Composable
private fun <T> Choices(
    icon: ImageVector, title: String, all: List<T>, chosen: T, words: (T) -> String, onChoose: (T) -> Unit,
) {
    Group {
        Row(
            Modifier.padding(start = 18.dp, end = 18.dp, top = 16.dp, bottom = 4.dp).semantics(mergeDescendants = true) { heading() },
            Arrangement.spacedBy(18.dp), Alignment.CenterVertically,
        ) {
            Icon(icon, contentDescription = null, tint = MaterialTheme.colorScheme.primary)
            Text(title, style = MaterialTheme.typography.titleMedium)
        }
        Column(Modifier.selectableGroup().padding(bottom = 8.dp)) {
            all.forEach { one ->
                Row(
                    Modifier.fillMaxWidth().selectable(one == chosen, role = Role.RadioButton) { onChoose(one) }
                        .testTag("choose $one").heightIn(min = 48.dp).padding(start = 60.dp, end = 22.dp),
                    verticalAlignment = Alignment.CenterVertically,
                ) {
                    Text(words(one), Modifier.weight(1f), style = MaterialTheme.typography.bodyLarge)
                    RadioButton(one == chosen, onClick = null)
                }
            }
        }
    }
}
