package com.worldmates.calls.ui

import androidx.compose.runtime.Immutable
import com.worldmates.calls.AudioRoutes
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
    /** Whether this call knows raised hands; without it nothing of them is shown. */
    val canRaiseHand: Boolean = false,
    /** Whether one can write to people, and not only look at the calls with them. */
    val canWrite: Boolean = true,
    /** Who has a hand up; our own is [MY_HAND]. */
    val handsUp: Set<Long> = emptySet(),
) {
    public companion object {
        /** Stands for us in [handsUp]: no user has this number. */
        public const val MY_HAND: Long = 0
    }
}

/** What the screen of a call that goes on shows. */
@Immutable
public data class ActiveState(
    val active: CallsUiState.Active,
    val surroundings: CallSurroundings,
    val now: Instant,
) {
    val call: CallSnapshot get() = active.call
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
public enum class Panel { NONE, MORE, SOUND }

/** What the person chose to look at; forgotten with the call. */
@Immutable
public data class CallView(val stage: StageChoice = StageChoice.Everyone, val panel: Panel = Panel.NONE)

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
