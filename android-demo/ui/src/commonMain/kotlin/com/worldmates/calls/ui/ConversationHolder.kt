package com.worldmates.calls.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.Modifier
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.screens.MessagesScreen
import java.time.Instant
import java.time.ZoneId
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/** A conversation of the demo, kept in memory. A messenger has its own and passes [MessagesScreen] its state. */
public class ConversationHolder(
    with: Contact, private val actions: CallActions, private val clock: () -> Instant = Instant::now, zone: ZoneId = ZoneId.systemDefault(),
    messages: List<Message> = emptyList(),
) {
    private val held = MutableStateFlow(ConversationState(with, messages, zone = zone))
    public val state: StateFlow<ConversationState> = held.asStateFlow()

    public fun setDraft(draft: String): Unit = held.update { it.copy(draft = draft) }

    /** Adds what was typed; spaces alone are not a message. */
    public fun send(): Unit = held.update { now ->
        val text = now.draft.trim()
        if (text.isEmpty()) return@update now
        val id = (now.messages.maxOfOrNull { it.id } ?: 0) + 1
        now.copy(draft = "", messages = now.messages + Message(id, isMine = true, clock(), MessageContent.Words(text)))
    }

    /** Calls at once. */
    public fun call(type: CallType): Unit = actions.dial(held.value.with.user, type)
}

/** [MessagesScreen] on its holder; while a call goes on it leads back to it. */
@Composable
public fun MessagesScreen(
    holder: ConversationHolder, calls: CallsHolder, onBackToCall: () -> Unit, onBack: () -> Unit, modifier: Modifier = Modifier,
) {
    val conversation by holder.state.collectAsState()
    val callState by calls.state.collectAsState()
    val ongoing = (callState as? CallsUiState.Active)?.call
    MessagesScreen(conversation.copy(ongoing = ongoing), holder::call, holder::setDraft, holder::send, onBackToCall, onBack, modifier)
}
