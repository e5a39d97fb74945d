package com.worldmates.calls.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.font.FontFamily
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.parts.BackTo
import com.worldmates.calls.ui.parts.ProblemBar
import com.worldmates.calls.ui.screens.ActiveScreen
import com.worldmates.calls.ui.screens.CallFrameSettingsScreen
import com.worldmates.calls.ui.screens.EndedScreen
import com.worldmates.calls.ui.screens.IdleScreen
import com.worldmates.calls.ui.screens.IncomingScreen
import com.worldmates.calls.ui.screens.OutgoingScreen
import com.worldmates.calls.ui.screens.SettingsScreen
import com.worldmates.calls.ui.theme.CallsTheme
import kotlinx.coroutines.delay

/**
 * All of calls in one: the screen that the state asks for, and the settings. [onMessages] opens the app's own
 * conversation with somebody (null: there is none to open, and the buttons that lead there do nothing).
 */
@Composable
public fun CallsScreen(
    holder: CallsHolder, onMessages: (Contact) -> Unit, modifier: Modifier = Modifier, fontFamily: FontFamily = FontFamily.Default,
) {
    val preferences by holder.preferences.collectAsState()
    val isDark = when (preferences.appearance) {
        Appearance.SYSTEM -> isSystemInDarkTheme()
        Appearance.LIGHT -> false
        Appearance.DARK -> true
    }
    CallsTheme(preferences.language, isDark, fontFamily) {
        var page by rememberSaveable { mutableStateOf(Page.CALLS) }
        val state by holder.state.collectAsState()
        BackTo(state is CallsUiState.Ended, holder::dismiss)
        BackTo(state is CallsUiState.Idle && page != Page.CALLS) { page = if (page == Page.FRAMES) Page.SETTINGS else Page.CALLS }
        // A call comes before the settings, whoever looks at them.
        if (state !is CallsUiState.Idle || page == Page.CALLS) {
            CallPage(state, holder, onMessages, { page = Page.SETTINGS }, modifier)
        } else if (page == Page.SETTINGS) {
            SettingsScreen(holder, onFrames = { page = Page.FRAMES }, onBack = { page = Page.CALLS }, modifier)
        } else {
            CallFrameSettingsScreen(holder, onBack = { page = Page.SETTINGS }, modifier)
        }
        ProblemBar(holder)
    }
}

private enum class Page { CALLS, SETTINGS, FRAMES }

@Composable
private fun CallPage(
    state: CallsUiState, holder: CallsHolder, onMessages: (Contact) -> Unit, onSettings: () -> Unit, modifier: Modifier,
) {
    when (state) {
        is CallsUiState.Idle -> IdleScreen(holder, state, onMessages, onSettings, modifier)
        is CallsUiState.Incoming -> IncomingScreen(state, holder, modifier)
        is CallsUiState.Outgoing -> OutgoingScreen(holder, state, modifier)
        is CallsUiState.Active -> ActiveScreen(holder, state, modifier)
        is CallsUiState.Ended -> EndedScreen(holder, state, onMessages, onSettings, modifier)
    }
}

/** [IdleScreen] on its holder. */
@Composable
public fun IdleScreen(
    holder: CallsHolder, state: CallsUiState.Idle, onMessages: (Contact) -> Unit, onSettings: () -> Unit, modifier: Modifier = Modifier,
) {
    val people by holder.people.collectAsState()
    val check by holder.check.collectAsState()
    IdleScreen(IdleState(state.server, people.contacts, people.history, check, holder.now()), holder, onMessages, onSettings, modifier)
}

/** [OutgoingScreen] on its holder. */
@Composable
public fun OutgoingScreen(holder: CallsHolder, state: CallsUiState.Outgoing, modifier: Modifier = Modifier) {
    val surroundings by holder.surroundings.collectAsState()
    var view by remember(state.call.id) { mutableStateOf(CallView()) }
    OutgoingScreen(state, surroundings, holder, modifier, view) {
        if (it.panel == Panel.SOUND && view.panel != Panel.SOUND) holder.routesOpened()
        view = it
    }
}

/** [ActiveScreen] on its holder: it keeps what the person chose to look at, and the clock. */
@Composable
public fun ActiveScreen(holder: CallsHolder, state: CallsUiState.Active, modifier: Modifier = Modifier) {
    val surroundings by holder.surroundings.collectAsState()
    var view by remember(state.call.id) { mutableStateOf(CallView()) }
    var now by remember { mutableStateOf(holder.now()) }
    LaunchedEffect(holder) {
        while (true) {
            now = holder.now()
            delay(CLOCK_MILLIS)
        }
    }
    BackTo(view.panel != Panel.NONE) { view = view.copy(panel = Panel.NONE) }
    ActiveScreen(ActiveState(state, surroundings, now), holder, modifier, view) {
        if (it.panel == Panel.SOUND && view.panel != Panel.SOUND) holder.routesOpened()
        view = it
    }
}

/** Twice a second, so that no second is skipped. */
private const val CLOCK_MILLIS = 500L

/** [EndedScreen] on its holder: whatever is pressed, the ended call is put away. */
@Composable
public fun EndedScreen(
    holder: CallsHolder, state: CallsUiState.Ended, onMessages: (Contact) -> Unit, onSettings: () -> Unit, modifier: Modifier = Modifier,
) {
    val person = state.call.participants.firstOrNull()
    EndedScreen(
        state,
        onCallAgain = holder::callAgain,
        onMessage = {
            holder.dismiss()
            if (person != null) onMessages(Contact(person.user, person.name, person.avatar))
        },
        onSettings = { holder.dismiss(); onSettings() },
        onClose = holder::dismiss,
        modifier,
    )
}

/** [SettingsScreen] on its holder. */
@Composable
public fun SettingsScreen(holder: CallsHolder, onFrames: () -> Unit, onBack: () -> Unit, modifier: Modifier = Modifier) {
    val preferences by holder.preferences.collectAsState()
    val check by holder.check.collectAsState()
    SettingsScreen(preferences, check, holder::setPreferences, onFrames, holder::check, onBack, modifier)
}

/** [CallFrameSettingsScreen] on its holder. */
@Composable
public fun CallFrameSettingsScreen(holder: CallsHolder, onBack: () -> Unit, modifier: Modifier = Modifier) {
    val preferences by holder.preferences.collectAsState()
    CallFrameSettingsScreen(preferences.frame, { holder.setPreferences(preferences.copy(frame = it)) }, onBack, modifier)
}
