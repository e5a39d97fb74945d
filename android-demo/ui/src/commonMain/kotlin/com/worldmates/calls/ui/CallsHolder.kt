package com.worldmates.calls.ui

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsException
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.CheckReport
import com.worldmates.calls.Look
import com.worldmates.calls.Reaction
import com.worldmates.calls.ui.people.named
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** What the screens of calls live on: states to show, and what a person can ask for. */
public interface CallsHolder : CallActions {
    public val state: StateFlow<CallsUiState>
    public val surroundings: StateFlow<CallSurroundings>
    public val check: StateFlow<CheckState>
    public val people: StateFlow<People>
    public val preferences: StateFlow<Preferences>
    public fun setPreferences(preferences: Preferences)

    /** What could not be done, until [problemSeen]. */
    public val problem: StateFlow<Problem?>

    /** Something could not be done: the person is told. */
    public fun tell(problem: Problem)

    /** The person was told. */
    public fun problemSeen()

    /** The person is back from another app: what was put right there shows in a new check. */
    public fun cameBack() {}

    /** Whether anybody sees the screens: while nobody does, no picture of others is fetched or decoded. */
    public fun setWatched(watched: Boolean) {}

    /** The time, for the clock of a call. */
    public fun now(): Instant
}

/** What the person is told in passing. */
public sealed interface Problem {
    /** What was pressed could not be done; [why] is null if it had nothing to do with the engine. */
    public data class NotDone(val why: CallsException?) : Problem

    /** The sound does not go there. */
    public data class NoRoute(val route: AudioRoute) : Problem
}

/** What the app itself finds about being reached; [mend] leads to where it is put right, null if it need not or cannot be. */
public data class OwnLine(val line: CheckLine, val mend: (() -> Unit)? = null)

/** Whom the app knows, and who called. */
public data class People(val contacts: List<Contact> = emptyList(), val history: List<PastCall> = emptyList())

/**
 * The holder over the library's view model. What is not the library's (sound routes, people, settings) the app puts in by
 * [setSurroundings], [setPeople] and [setPreferences]; [onRoute] goes to whoever can do it.
 */
public class ViewModelHolder(
    private val viewModel: CallsViewModel,
    private val scope: CoroutineScope,
    private val onRoute: (AudioRoute) -> Unit = {},
    private val clock: () -> Instant = Instant::now,
    private val keepPreferences: (Preferences) -> Unit = {},
    /** What the app itself finds about being reached, above what the engine finds. */
    private val ownLines: () -> List<OwnLine> = { emptyList() },
    preferences: Preferences = Preferences(),
) : CallsHolder {
    private val heldSurroundings = MutableStateFlow(CallSurroundings(frame = preferences.frame, me = viewModel.me))
    private val heldCheck = MutableStateFlow<CheckState>(CheckState.NotAsked)
    private val heldPeople = MutableStateFlow(People())
    private val heldPreferences = MutableStateFlow(preferences)
    private val heldProblem = MutableStateFlow<Problem?>(null)
    private var checking: Job? = null
    private var found = emptyList<OwnLine>()
    private var isMending = false
    private var looks = emptyList<Look>()
    private var isWatched = true

    init {
        viewModel.setStatsShown(preferences.isStatsShown)
        scope.launch {
            viewModel.problem.collect { problem ->
                if (problem == null) return@collect
                tell(Problem.NotDone(problem))
                viewModel.problemSeen()
            }
        }
    }

    /** The library's, with the names that the app has for people. */
    override val state: StateFlow<CallsUiState> =
        combine(viewModel.state, heldPeople) { state, people -> state.named(people.contacts.associateBy { it.user }) }
            .stateIn(scope, SharingStarted.Eagerly, viewModel.state.value.named(emptyMap()))
    override val surroundings: StateFlow<CallSurroundings> =
        combine(heldSurroundings, viewModel.levels) { held, levels -> held.copy(levels = levels) }
            .stateIn(scope, SharingStarted.Eagerly, heldSurroundings.value)
    override val check: StateFlow<CheckState> = heldCheck.asStateFlow()
    override val people: StateFlow<People> = heldPeople.asStateFlow()
    override val preferences: StateFlow<Preferences> = heldPreferences.asStateFlow()

    /** Changes what the call stands in: `holder.setSurroundings { it.copy(routes = routes) }`. */
    public fun setSurroundings(change: (CallSurroundings) -> CallSurroundings): Unit = heldSurroundings.update(change)

    public fun setPeople(people: People) {
        heldPeople.value = people
    }

    override fun setPreferences(preferences: Preferences) {
        heldPreferences.value = preferences
        heldSurroundings.update { it.copy(frame = preferences.frame) }
        viewModel.setStatsShown(preferences.isStatsShown)
        keepPreferences(preferences)
    }

    override val problem: StateFlow<Problem?> = heldProblem.asStateFlow()

    override fun tell(problem: Problem) {
        heldProblem.value = problem
    }

    override fun problemSeen() {
        heldProblem.value = null
    }

    override fun now(): Instant = clock()

    override fun check() {
        // Asked twice, it is still one check.
        if (checking?.isActive == true) return
        heldCheck.value = CheckState.Running
        checking = scope.launch {
            var report: CheckReport? = null
            try {
                found = ownLines()
                report = viewModel.check().with(found.map { it.line })
            } catch (failed: CallsException) {
                tell(Problem.NotDone(failed))
            } finally {
                val mendable = found.filter { it.mend != null }.map { it.line }.toSet()
                heldCheck.value = report?.let { CheckState.Done(it, mendable) } ?: CheckState.NotAsked
            }
        }
    }

    override fun mend(line: CheckLine) {
        val mend = found.firstOrNull { it.line == line }?.mend ?: return
        isMending = true
        mend()
    }

    override fun cameBack() {
        if (!isMending) return
        isMending = false
        check()
    }

    override fun dial(user: Long, type: CallType): Unit = viewModel.dial(user, type)
    override fun dialGroup(group: Long, type: CallType): Unit = viewModel.dialGroup(group, type)
    override fun accept(type: CallType): Unit = viewModel.accept(type)
    override fun reject(): Unit = viewModel.reject()
    override fun hangUp(): Unit = viewModel.hangUp()
    override fun toggleMute(): Unit = viewModel.toggleMute()
    override fun toggleCamera(): Unit = viewModel.toggleCamera()
    override fun switchCamera(): Unit = viewModel.switchCamera()
    override fun toggleScreen(): Unit = viewModel.toggleScreen()
    override fun toggleHold(): Unit = viewModel.toggleHold()
    override fun swap(): Unit = viewModel.swap()
    override fun dismiss(): Unit = viewModel.dismiss()
    override fun callAgain(): Unit = viewModel.callAgain()
    override fun setStatsShown(shown: Boolean): Unit = viewModel.setStatsShown(shown)
    override fun chooseRoute(route: AudioRoute): Unit = onRoute(route)

    override fun look(looks: List<Look>) {
        this.looks = looks
        if (isWatched) viewModel.look(looks)
    }

    override fun setWatched(watched: Boolean) {
        isWatched = watched
        viewModel.look(if (watched) looks else emptyList())
    }

    override fun toggleHand(): Unit = viewModel.toggleHand()
    override fun react(reaction: Reaction): Unit = viewModel.react(reaction)
    override fun write(text: String): Unit = viewModel.write(text)
    override fun muteParticipant(user: Long): Unit = viewModel.muteParticipant(user)
    override fun removeParticipant(user: Long): Unit = viewModel.removeParticipant(user)
    override fun setLocked(locked: Boolean): Unit = viewModel.setLocked(locked)
    override fun setWaitingRoom(on: Boolean): Unit = viewModel.setWaitingRoom(on)
    override fun admit(user: Long, admitted: Boolean): Unit = viewModel.admit(user, admitted)
}

/** With what the app found, which comes first: without a ring there is no call to check. */
private fun CheckReport.with(own: List<CheckLine>): CheckReport =
    copy(canCall = canCall && own.none { it.outcome == CheckOutcome.BAD }, lines = own + lines)
