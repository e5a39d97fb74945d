package com.worldmates.calls.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.people.conversation
import com.worldmates.calls.ui.screens.MessagesScreen
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow

/** Carries what is written in one conversation. A messenger has it; calls alone do without. */
public interface MessageTransport {
    /** What was written, oldest first; ids from 1 on. The calls between come by themselves. */
    public val messages: StateFlow<List<Message>>

    /** Sends [text], which is never blank; it shows once it is among [messages]. */
    public fun send(text: String)
}

/** [MessagesScreen] on its holder: the calls with somebody and what was written; while a call goes on it leads back to it. */
@Composable
public fun MessagesScreen(
    with: Contact, calls: CallsHolder, transport: MessageTransport?, onBackToCall: () -> Unit, onBack: () -> Unit,
    modifier: Modifier = Modifier,
) {
    val people by calls.people.collectAsState()
    val nothing = remember { MutableStateFlow(emptyList<Message>()) }
    val written by (transport?.messages ?: nothing).collectAsState()
    val callState by calls.state.collectAsState()
    val ongoing = (callState as? CallsUiState.Active)?.call
    var draft by rememberSaveable(with.user) { mutableStateOf("") }
    val messages = remember(written, people.history, with.user) { conversation(written, people.history, with.user) }
    val state = ConversationState(with, messages, calls.now(), draft, ongoing)
    val isTalkingToThem = ongoing?.kind == CallKind.OneToOne && ongoing.participants.any { it.user == with.user }
    MessagesScreen(
        state,
        // Whoever is being talked to is not called once more.
        onCall = { type -> if (isTalkingToThem) onBackToCall() else calls.dial(with.user, type) },
        onDraft = { draft = it },
        onSend = transport?.let { carrier ->
            {
                val text = draft.trim()
                if (text.isNotEmpty()) {
                    carrier.send(text)
                    draft = ""
                }
            }
        },
        onBackToCall, onBack, modifier,
    )
}
