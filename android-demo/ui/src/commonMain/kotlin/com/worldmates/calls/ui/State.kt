package com.worldmates.calls.ui

import androidx.compose.runtime.Immutable
import com.worldmates.calls.AudioRoutes
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckReport
import com.worldmates.calls.Direction
import com.worldmates.calls.Language
import com.worldmates.calls.ServerLink
import com.worldmates.calls.SoundLevels
import java.time.Duration
import java.time.Instant
import java.time.ZoneId

/** Somebody whom one can call and write to. */
@Immutable
public data class Contact(val user: Long, val name: String, val avatar: String? = null, val isOnline: Boolean = false)

/** A call of the past, for the list. */
@Immutable
public data class PastCall(
    val id: Long,
    val with: Contact,
    val direction: Direction,
    val type: CallType,
    val at: Instant,
    /** How long they talked; null if nobody answered. */
    val lasted: Duration?,
    /** Whether it rang here and nobody answered, on another device either. */
    val isMissed: Boolean = direction == Direction.INCOMING && lasted == null,
    /** The group that it was a call of, which [with] names then; null for a call of two. */
    val group: Long? = null,
)

/** How far the question "can I be reached?" is. */
public sealed interface CheckState {
    /** Nobody asked yet. */
    public data object NotAsked : CheckState

    /** It is being found out. */
    public data object Running : CheckState

    /** The answer; what stands in [mendable] can be put right by [CallActions.mend]. */
    public data class Done(val report: CheckReport, val mendable: Set<CheckLine> = emptySet()) : CheckState
}

/** What the first screen shows. */
@Immutable
public data class IdleState(
    val server: ServerLink,
    val contacts: List<Contact>,
    val history: List<PastCall>,
    val check: CheckState,
    val now: Instant,
    val zone: ZoneId = ZoneId.systemDefault(),
)

/** What a call stands in besides itself: sound, devices, taste. The app gives it, the engine does not know it. */
@Immutable
public data class CallSurroundings(
    val levels: SoundLevels = SoundLevels(0f, emptyMap()),
    val routes: AudioRoutes = AudioRoutes(emptyList(), null, null),
    val frame: FrameStyle = FrameStyle.ROUNDED,
    /** The camera that faces the person; its picture is shown as in a mirror. */
    val isFrontCamera: Boolean = true,
    /** The engine gave up pictures for a while so that the sound gets through. */
    val isPictureOffByNetwork: Boolean = false,
    /** Whether one can write to people, and not only look at the calls with them. */
    val canWrite: Boolean = true,
    /** Who we are: whose lines in a chat are ours, and whether we are the host. */
    val me: Long = 0,
    /** Where we are, for the times beside what was written. */
    val zone: ZoneId = ZoneId.systemDefault(),
)

/** What the screen of a call that goes on shows. */
@Immutable
public data class ActiveState(
    val active: CallsUiState.Active,
    val surroundings: CallSurroundings,
    val now: Instant,
) {
    val call: CallSnapshot get() = active.call

    /** Whether it is a room of many, with hands, a chat, and a host. */
    val isGroup: Boolean get() = call.kind !is CallKind.OneToOne

    /** Whether we decide who is in it, and who may speak. */
    val isHost: Boolean get() = isGroup && call.host != null && call.host == surroundings.me
}

/** Whom the screen of a call shows large. */
public sealed interface StageChoice {
    /** Everyone, in tiles. */
    public data object Everyone : StageChoice

    /** Whoever speaks. */
    public data object Speaker : StageChoice

    /** Somebody in particular. */
    public data class One(val user: Long) : StageChoice
}

/** What lies open over a call. */
public enum class Panel {
    NONE, MORE, SOUND, PEOPLE, CHAT;

    /** Whether it is a place to stay in, beside the pictures, and not a card over them. */
    internal val isPlace: Boolean get() = this == PEOPLE || this == CHAT
}

/** What the person chose to look at; forgotten with the call. */
@Immutable
public data class CallView(
    val stage: StageChoice = StageChoice.Everyone,
    val panel: Panel = Panel.NONE,
    /** Whose shared screen is not to be shown large, as it would be by itself. */
    val putAside: Long? = null,
    /** The last line of the chat that was seen. */
    val readUpTo: String? = null,
    /** What is written and not sent yet. */
    val draft: String = "",
    /** Of whom the list of people shows what can be done. */
    val person: Long? = null,
    /** Whether they are about to be sent out, and it has to be confirmed. */
    val isRemoving: Boolean = false,
)

/** A line of a conversation. */
@Immutable
public data class Message(
    val id: Long,
    val isMine: Boolean,
    val at: Instant,
    val content: MessageContent,
)

/** What a line says: words, or a call that was. */
public sealed interface MessageContent {
    /** What somebody wrote. */
    public data class Words(val text: String) : MessageContent

    /** A call; [lasted] is null if nobody answered. */
    public data class PastCall(val type: CallType, val lasted: Duration?, val isMissed: Boolean = false) : MessageContent
}

/** What the screen of a conversation shows. */
@Immutable
public data class ConversationState(
    val with: Contact,
    val messages: List<Message>,
    val now: Instant,
    val draft: String = "",
    /** A call that goes on meanwhile. */
    val ongoing: CallSnapshot? = null,
    val zone: ZoneId = ZoneId.systemDefault(),
)

/** Light or dark. */
public enum class Appearance { SYSTEM, LIGHT, DARK }

/** What the person set. */
@Immutable
public data class Preferences(
    val frame: FrameStyle = FrameStyle.ROUNDED,
    val language: Language = Language.UK,
    val appearance: Appearance = Appearance.SYSTEM,
    val isStatsShown: Boolean = false,
)
