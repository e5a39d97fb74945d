package com.worldmates.calls

import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch

/** What is on screen. */
public sealed interface CallsUiState {
    /** No call. */
    public data class Idle(val server: ServerLink) : CallsUiState

    /** It rings here; [other] goes on meanwhile. */
    public data class Incoming(val call: CallSnapshot, val other: CallSnapshot?) : CallsUiState

    /** We call. */
    public data class Outgoing(val call: CallSnapshot) : CallsUiState

    /** The host has been asked whether we may come in; [other] goes on meanwhile, or waits on hold. */
    public data class AtTheDoor(val call: CallSnapshot, val other: CallSnapshot?) : CallsUiState

    /** People talk; [other] waits on hold. [stats] are there while they are shown. */
    public data class Active(
        val call: CallSnapshot,
        val other: CallSnapshot?,
        val stats: CallStats?,
        val isReconnecting: Boolean,
    ) : CallsUiState

    /** It is over, in a way that a person has to be told about. */
    public data class Ended(val call: CallSnapshot, val reason: EndReason, val sentence: String) : CallsUiState
}

/** Which of the calls of a snapshot is on screen, and as what. */
internal fun CallsSnapshot.onScreen(language: Language, stats: CallStats?): CallsUiState {
    val ringing = calls.firstOrNull { it.state == CallState.RingingHere }
    val going = calls.filter { it.goesOn() }
    val front = going.firstOrNull { !it.isHeld } ?: going.lastOrNull()
    val behind = going.firstOrNull { it.id != front?.id }
    val ended = calls.lastOrNull { (it.state as? CallState.Ended)?.reason?.isUsual == false }
    return when {
        ringing != null -> CallsUiState.Incoming(ringing, front)
        front == null -> {
            val reason = (ended?.state as? CallState.Ended)?.reason
            if (ended == null || reason == null) CallsUiState.Idle(server)
            else CallsUiState.Ended(ended, reason, reason.sentence(language))
        }
        front.state is CallState.AtTheDoor -> CallsUiState.AtTheDoor(front, behind)
        front.state is CallState.Dialing || front.state is CallState.RingingThere -> CallsUiState.Outgoing(front)
        else -> {
            val isReconnecting = server != ServerLink.UP || front.participants.any { it.path == MediaPath.REPAIRING }
            CallsUiState.Active(front, behind, stats, isReconnecting)
        }
    }
}

private fun CallSnapshot.goesOn(): Boolean =
    when (state) {
        CallState.Dialing, is CallState.RingingThere, CallState.Answering, CallState.AtTheDoor, is CallState.Talking -> true
        CallState.RingingHere, is CallState.Ended -> false
    }

/**
 * The state of the screens, and what their buttons do. It needs no Android: on a phone an `androidx` view model holds it and
 * lends it its scope.
 */
@OptIn(ExperimentalCoroutinesApi::class)
public class CallsViewModel(
    private val calls: Calls,
    private val scope: CoroutineScope,
    private val language: StateFlow<Language> = MutableStateFlow(Language.EN),
) {
    private val statsShown = MutableStateFlow(false)
    private val lastProblem = MutableStateFlow<CallsException?>(null)
    private val shown = MutableStateFlow<Shown?>(null)

    /** What of a call is on the screen. */
    private data class Shown(val call: Long, val looks: List<Look>)

    init {
        scope.launch {
            // Each new value stops the wait of the one before.
            shown.filterNotNull().collectLatest { (call, looks) ->
                delay(SETTLED)
                try {
                    calls.call(call).look(looks)
                } catch (_: CallsException.Closed) {
                    // Nobody shows anything any more.
                }
            }
        }
    }

    /** What could not be done, until [problemSeen]. */
    public val problem: StateFlow<CallsException?> = lastProblem.asStateFlow()

    /** Whose calls these are: by it one knows one's own lines in a chat, and whether one is the host. */
    public val me: Long = calls.user

    /** How loud everyone is. */
    public val levels: StateFlow<SoundLevels> = calls.levels

    /** What is on screen. */
    public val state: StateFlow<CallsUiState> =
        combine(calls.snapshots, language, stats()) { snapshot, language, stats ->
            // Those of the call that was on screen before say nothing of this one.
            val id = (snapshot.onScreen(language, null) as? CallsUiState.Active)?.call?.id
            snapshot.onScreen(language, stats?.takeIf { it.first == id }?.second)
        }
            .stateIn(scope, SharingStarted.Eagerly, calls.snapshots.value.onScreen(language.value, null))

    /** Of the call on screen, once a second while they are shown. */
    private fun stats(): Flow<Pair<Long, CallStats>?> {
        val shown = calls.snapshots.map { snapshot -> (snapshot.onScreen(Language.EN, null) as? CallsUiState.Active)?.call?.id }
        return combine(shown, statsShown) { id, isShown -> id.takeIf { isShown } }
            .distinctUntilChanged()
            .flatMapLatest { id ->
                if (id == null) flowOf(null)
                else flow<Pair<Long, CallStats>?> {
                    while (true) {
                        emit(id to calls.call(id).stats())
                        delay(1.seconds)
                    }
                }.catch { problem ->
                    // Closed meanwhile: there is nothing to show.
                    if (problem is CallsException) emit(null) else throw problem
                }
            }
    }

    /** Calls somebody. */
    public fun dial(user: Long, type: CallType) {
        attempt { calls.dial(user, type) }
    }

    /** Calls a group. */
    public fun dialGroup(group: Long, type: CallType) {
        attempt { calls.dialGroup(group, type) }
    }

    /** Comes into a room. */
    public fun join(room: String, type: CallType) {
        attempt { calls.join(room, type) }
    }

    /** Answers what rings. */
    public fun accept(type: CallType): Unit = onRinging { accept(type) }

    /** Says no to what rings. */
    public fun reject(): Unit = onRinging { reject() }

    /** Ends the call on screen. */
    public fun hangUp(): Unit = onCall { call -> hangUp(call) }

    /** Silences the microphone, or not any more. */
    public fun toggleMute(): Unit = onCall { call -> of(call).setMuted(!call.isMuted) }

    /** Shows the camera, or not any more. */
    public fun toggleCamera(): Unit = onCall { call ->
        of(call).show(if (call.picture == Picture.CAMERA) Picture.NONE else Picture.CAMERA)
    }

    /** Shares the screen, beside the camera where there is a place for both, or not any more. */
    public fun toggleScreen(): Unit = onCall { call ->
        if (call.picture == Picture.SCREEN) of(call).show(Picture.NONE) else of(call).shareScreen(!call.isSharing)
    }

    /** The camera that looks the other way. */
    public fun switchCamera() {
        attempt { calls.switchCamera() }
    }

    /** Puts the call on hold, or takes it back. */
    public fun toggleHold(): Unit = onCall { call -> of(call).setHeld(!call.isHeld) }

    /** Raises our hand, or takes it down. */
    public fun toggleHand(): Unit = onCall { call -> of(call).raiseHand(!call.isHandUp) }

    /** Sends up a reaction. */
    public fun react(reaction: Reaction): Unit = onCall { call -> of(call).react(reaction) }

    /** Writes to everybody in the room. */
    public fun write(text: String): Unit = onCall { call -> of(call).write(text) }

    /** As the host: closes somebody's microphone. */
    public fun muteParticipant(user: Long): Unit = onCall { call -> of(call).muteParticipant(user) }

    /** As the host: sends somebody out. */
    public fun removeParticipant(user: Long): Unit = onCall { call -> of(call).removeParticipant(user) }

    /** As the host: nobody new comes in, or they do again. */
    public fun setLocked(locked: Boolean): Unit = onCall { call -> of(call).setLocked(locked) }

    /** As the host: whoever is new waits to be let in, or does not. */
    public fun setWaitingRoom(on: Boolean): Unit = onCall { call -> of(call).setWaitingRoom(on) }

    /** As the host: lets somebody in who waits, or does not. */
    public fun admit(user: Long, admitted: Boolean = true): Unit = onCall { call -> of(call).admit(user, admitted) }

    /**
     * These pictures of others are on the screen now. Call it as often as tiles move: the engine is told when they have
     * rested for a moment, once.
     */
    public fun look(looks: List<Look>) {
        val now = state.value
        // While another call rings, the one that goes on has nothing on the screen, and is told so.
        val call = (now as? CallsUiState.Active)?.call ?: (now as? CallsUiState.Incoming)?.other ?: return
        shown.value = Shown(call.id, looks)
    }

    /** Takes back the call that waits; the one on screen waits then. */
    public fun swap() {
        val other = (state.value as? CallsUiState.Active)?.other ?: return
        attempt { of(other).setHeld(false) }
    }

    /** The end was seen. */
    public fun dismiss() {
        val ended = (state.value as? CallsUiState.Ended)?.call ?: return
        attempt { of(ended).dismiss() }
    }

    /** Calls again whom the call that ended was with. */
    public fun callAgain() {
        val ended = (state.value as? CallsUiState.Ended)?.call ?: return
        attempt { calls.again(ended) }
    }

    /** Whether stats are asked for once a second. */
    public fun setStatsShown(shown: Boolean) {
        statsShown.value = shown
    }

    /** Tries everything that a call needs. */
    public suspend fun check(): CheckReport = calls.check(language.value)

    /** The problem was seen. */
    public fun problemSeen() {
        lastProblem.value = null
    }

    private fun of(call: CallSnapshot): Call = calls.call(call.id)

    private fun hangUp(call: CallSnapshot) = of(call).hangUp()

    private fun onRinging(what: Call.() -> Unit) {
        val ringing = (state.value as? CallsUiState.Incoming)?.call ?: return
        attempt { of(ringing).what() }
    }

    private fun onCall(what: (CallSnapshot) -> Unit) {
        val call =
            when (val state = state.value) {
                is CallsUiState.Active -> state.call
                is CallsUiState.Outgoing -> state.call
                is CallsUiState.AtTheDoor -> state.call
                is CallsUiState.Idle, is CallsUiState.Incoming, is CallsUiState.Ended -> return
            }
        attempt { what(call) }
    }

    private fun attempt(what: suspend () -> Unit) {
        scope.launch {
            try {
                what()
            } catch (problem: CallsException) {
                lastProblem.value = problem
            }
        }
    }

    private companion object {
        /** So long tiles rest before the engine is told of them: longer than a frame of scrolling, shorter than one waits. */
        val SETTLED = 200.milliseconds
    }
}
