package com.worldmates.calls.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.Saver
import androidx.compose.runtime.saveable.listSaver
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.text.font.FontFamily
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.parts.BackTo
import com.worldmates.calls.ui.parts.LocalIsSmall
import com.worldmates.calls.ui.parts.ProblemBar
import com.worldmates.calls.ui.screens.ActiveScreen
import com.worldmates.calls.ui.screens.CallFrameSettingsScreen
import com.worldmates.calls.ui.screens.DoorScreen
import com.worldmates.calls.ui.screens.EndedScreen
import com.worldmates.calls.ui.screens.IdleScreen
import com.worldmates.calls.ui.screens.IncomingScreen
import com.worldmates.calls.ui.screens.OutgoingScreen
import com.worldmates.calls.ui.screens.SettingsScreen
import com.worldmates.calls.ui.theme.CallsTheme
import kotlinx.coroutines.delay

/**
 * All of calls in one: the screen that the state asks for, the settings, and the conversation with somebody.
 *
 * @param transport carries what is written in a conversation; without one it holds the calls, and nothing to write with
 * @param onMessages opens the app's own conversation with somebody in place of the one here
 */
@Composable
public fun CallsScreen(
    holder: CallsHolder, modifier: Modifier = Modifier, fontFamily: FontFamily = FontFamily.Default,
    transport: (Contact) -> MessageTransport? = { null }, onMessages: ((Contact) -> Unit)? = null,
) {
    val preferences by holder.preferences.collectAsState()
    val isDark = when (preferences.appearance) {
        Appearance.SYSTEM -> isSystemInDarkTheme()
        Appearance.LIGHT -> false
        Appearance.DARK -> true
    }
    CallsTheme(preferences.language, isDark, fontFamily) {
        val place = rememberSaveable(saver = Place.Saver) { Place() }
        val state by holder.state.collectAsState()
        val beside = (state as? CallsUiState.Active)?.call?.id
        val write = onMessages ?: { with -> place.write(with.user, beside) }
        val isBeside = beside != null && beside == place.beside && !LocalIsSmall.current
        val isWriting = place.page == Page.MESSAGES && (state is CallsUiState.Idle || isBeside)
        BackTo(state is CallsUiState.Ended, holder::dismiss)
        BackTo(isWriting || state is CallsUiState.Idle && place.page != Page.CALLS, place::back)
        // A call comes before all else, whoever looks at the settings; a conversation beside it was asked for.
        if (isWriting) {
            val people by holder.people.collectAsState()
            val with = people.contacts.firstOrNull { it.user == place.with } ?: Contact(place.with, name = "")
            val carrier = remember(place.with) { transport(with) }
            MessagesScreen(with, holder, carrier, onBackToCall = place::returnToCall, onBack = place::back, modifier)
        } else if (state !is CallsUiState.Idle || place.page == Page.CALLS) {
            val canWrite = { with: Contact -> onMessages != null || transport(with) != null }
            CallPage(state, holder, write, canWrite, { place.page = Page.SETTINGS }, modifier)
        } else if (place.page == Page.SETTINGS) {
            SettingsScreen(holder, onFrames = { place.page = Page.FRAMES }, onBack = place::back, modifier)
        } else {
            CallFrameSettingsScreen(holder, onBack = place::back, modifier)
        }
        ProblemBar(holder, atTop = state !is CallsUiState.Idle || isWriting)
    }
}

private enum class Page { CALLS, SETTINGS, FRAMES, MESSAGES }

/** Where the person is while no call asks for the screen. */
private class Place(page: Page = Page.CALLS, with: Long = 0, beside: Long? = null) {
    var page by mutableStateOf(page)

    /** Whom the conversation is with. */
    var with by mutableStateOf(with)
        private set

    /** The call that the conversation was opened over. Any other comes before it. */
    var beside by mutableStateOf(beside)
        private set

    fun write(user: Long, beside: Long?) {
        with = user
        this.beside = beside
        page = Page.MESSAGES
    }

    /** The conversation stays where it is, for when the call is over. */
    fun returnToCall() {
        beside = null
    }

    fun back() {
        beside = null
        page = if (page == Page.FRAMES) Page.SETTINGS else Page.CALLS
    }

    companion object {
        val Saver: Saver<Place, Any> = listSaver({ listOf(it.page.ordinal.toLong(), it.with, it.beside ?: 0L) }) { (page, with, beside) ->
            Place(Page.entries[page.toInt()], with, beside.takeIf { it != 0L })
        }
    }
}

@Composable
private fun CallPage(
    state: CallsUiState, holder: CallsHolder, onMessages: (Contact) -> Unit, canWrite: (Contact) -> Boolean, onSettings: () -> Unit,
    modifier: Modifier,
) {
    when (state) {
        is CallsUiState.Idle -> IdleScreen(holder, state, onMessages, onSettings, modifier)
        is CallsUiState.Incoming -> IncomingScreen(state, holder, modifier)
        is CallsUiState.Outgoing -> OutgoingScreen(holder, state, modifier)
        is CallsUiState.AtTheDoor -> DoorScreen(state, holder, modifier)
        is CallsUiState.Active -> ActiveScreen(holder, state, onMessages, modifier, canWrite)
        is CallsUiState.Ended -> EndedScreen(holder, state, onMessages, onSettings, modifier, canWrite)
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
public fun ActiveScreen(
    holder: CallsHolder, state: CallsUiState.Active, onMessages: (Contact) -> Unit, modifier: Modifier = Modifier,
    canWrite: (Contact) -> Boolean = { true },
) {
    val surroundings by holder.surroundings.collectAsState()
    var view by remember(state.call.id) { mutableStateOf(CallView()) }
    var now by remember { mutableStateOf(holder.now()) }
    LaunchedEffect(holder) {
        while (true) {
            now = holder.now()
            delay(CLOCK_MILLIS)
        }
    }
    // Whoever shares anew is large again, though their last screen was put aside.
    val sharers = state.call.participants.filter { it.screen }.map { it.user }
    LaunchedEffect(sharers) { if (view.putAside != null && view.putAside !in sharers) view = view.copy(putAside = null) }
    BackTo(view.panel != Panel.NONE) { view = view.copy(panel = Panel.NONE) }
    // One writes to a person, not to a group.
    val person = state.call.other()
    ActiveScreen(
        ActiveState(state, surroundings.copy(canWrite = person?.let(canWrite) == true), now), holder, modifier, view,
        onView = {
            if (it.panel == Panel.SOUND && view.panel != Panel.SOUND) holder.routesOpened()
            view = it
        },
        onMessages = person?.let { { onMessages(it) } },
    )
}

/** Twice a second, so that no second is skipped. */
private const val CLOCK_MILLIS = 500L

/** [EndedScreen] on its holder: whatever is pressed, the ended call is put away. */
@Composable
public fun EndedScreen(
    holder: CallsHolder, state: CallsUiState.Ended, onMessages: (Contact) -> Unit, onSettings: () -> Unit, modifier: Modifier = Modifier,
    canWrite: (Contact) -> Boolean = { true },
) {
    val person = state.call.other()?.takeIf(canWrite)
    EndedScreen(
        state,
        onCallAgain = holder::callAgain,
        onMessage = person?.let {
            {
                holder.dismiss()
                onMessages(it)
            }
        },
        onSettings = { holder.dismiss(); onSettings() },
        onClose = holder::dismiss,
        modifier,
    )
}

/** Whom a call of two is with. */
private fun CallSnapshot.other(): Contact? =
    participants.firstOrNull()?.takeIf { kind is CallKind.OneToOne }?.let { Contact(it.user, it.name, it.avatar) }

/** [SettingsScreen] on its holder. */
@Composable
public fun SettingsScreen(holder: CallsHolder, onFrames: () -> Unit, onBack: () -> Unit, modifier: Modifier = Modifier) {
    val preferences by holder.preferences.collectAsState()
    val check by holder.check.collectAsState()
    SettingsScreen(preferences, check, holder::setPreferences, onFrames, holder::check, onBack, modifier, holder::mend)
}

/** [CallFrameSettingsScreen] on its holder. */
@Composable
public fun CallFrameSettingsScreen(holder: CallsHolder, onBack: () -> Unit, modifier: Modifier = Modifier) {
    val preferences by holder.preferences.collectAsState()
    CallFrameSettingsScreen(preferences.frame, { holder.setPreferences(preferences.copy(frame = it)) }, onBack, modifier)
}
