package com.worldmates.calls.testkit

import com.worldmates.calls.Call
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsException
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.CameraPicture
import com.worldmates.calls.CheckReport
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.Language
import com.worldmates.calls.Look
import com.worldmates.calls.MediaPath
import com.worldmates.calls.NoPictures
import com.worldmates.calls.Participant
import com.worldmates.calls.Picture
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.ServerLink
import com.worldmates.calls.SoundLevels
import java.nio.ByteBuffer
import java.time.Duration
import java.time.Instant
import java.util.PriorityQueue
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * [Calls] for the tests of an app: no network, no native library, no clock but the one of the test.
 *
 * Nothing happens by itself. People do what their [FakePerson] is told, and time passes by [advance]:
 * ```
 * val calls = FakeCalls()
 * val bob = calls.person(2, "Bob")
 * bob.whenCalled = WhenCalled.Answers(after = Duration.ofSeconds(3))
 * val call = calls.dial(2, CallType.AUDIO)      // it rings at Bob's
 * calls.advance(Duration.ofSeconds(3))          // they talk
 * bob.hangsUp()
 * ```
 * It is a stand-in for what an app sees, not for the rules: those are the engine's. For one thread at a time.
 */
public class FakeCalls(
    begin: Instant = Instant.parse("2026-01-01T12:00:00Z"),
    /** Whose calls these are. */
    override val user: Long = 1,
) : Calls {
    private class Due(val at: Instant, val number: Int, val happens: () -> Unit)

    private val allSnapshots = MutableStateFlow(CallsSnapshot(ServerLink.UP, emptyList()))
    private val allLevels = MutableStateFlow(SoundLevels(0f, emptyMap()))
    private val people = mutableMapOf<Long, FakePerson>()
    private val script = PriorityQueue(compareBy<Due> { it.at }.thenBy { it.number })
    private var count = 0
    private var isClosed = false

    /** Calls whose room takes nothing that we write. */
    internal val mute: MutableSet<Long> = mutableSetOf()

    /** What time it is, for everything that is shown. */
    public var now: Instant = begin
        private set

    /** What the app asked for, in order: for a test that wants to know what a button did. */
    public val asked: MutableList<String> = mutableListOf()

    /** What [check] finds. */
    public var report: CheckReport = CheckReport(canCall = true, emptyList())

    /** What [Call.stats] tells. */
    public var stats: CallStats = CallStats(emptyList(), 0)

    /** Rooms with a host who is asked before anybody comes in: whoever joins one stands at its door. */
    public val guardedRooms: MutableSet<String> = mutableSetOf()

    /** Whether there is a screen to share, and the person agrees to it; if not, sharing ends as it begins. */
    public var hasScreen: Boolean = true

    /** What of each call is on the screen, as the app said last. */
    public val looks: MutableMap<Long, List<Look>> = mutableMapOf()

    override val snapshots: StateFlow<CallsSnapshot> = allSnapshots.asStateFlow()
    override val levels: StateFlow<SoundLevels> = allLevels.asStateFlow()

    /** Somebody who can be called, and who calls. */
    public fun person(user: Long, name: String): FakePerson = people.getOrPut(user) { FakePerson(this, user, name) }

    /** Time passes, and what was to happen meanwhile happens, in order. */
    public fun advance(by: Duration) {
        val until = now + by
        while (true) {
            val next = script.peek()?.takeIf { it.at <= until } ?: break
            script.remove(next)
            now = next.at
            next.happens()
        }
        now = until
    }

    /** The server is gone; somebody is trying. */
    public fun serverGone(): Unit = allSnapshots.change { it.copy(server = ServerLink.DOWN) }

    /** The server is back, and hears what was written meanwhile. */
    public fun serverBack() {
        allSnapshots.change { it.copy(server = ServerLink.UP) }
        snapshots.value.calls.forEach { call -> room(call.id).takesWords() }
    }

    /** The server does not know this user any more. */
    public fun signedOut(): Unit = allSnapshots.change { it.copy(server = ServerLink.SIGNED_OUT) }

    override suspend fun dial(user: Long, type: CallType): Call {
        note("dial $user $type")
        val person = person(user, "")
        val id = add(Direction.OUTGOING, CallKind.OneToOne, "call-$user", person.name, type, CallState.Dialing, person)
        val end = { after: Duration, reason: EndReason -> happens(after) { end(id, reason) } }
        when (val reaction = person.whenCalled) {
            WhenCalled.IsUnreachable -> end(A_MOMENT, EndReason.UNREACHABLE)
            WhenCalled.IsBusy -> end(A_MOMENT, EndReason.THEY_ARE_BUSY)
            WhenCalled.NeverAnswers -> end(RINGS_FOR, EndReason.NO_ANSWER)
            is WhenCalled.Declines -> end(reaction.after, EndReason.THEY_DECLINED)
            is WhenCalled.Answers -> happens(reaction.after) { talk(id) }
        }
        val rings = person.whenCalled != WhenCalled.IsUnreachable && person.whenCalled != WhenCalled.IsBusy
        if (rings) happens(Duration.ZERO) { change(id) { it.copy(state = CallState.RingingThere(person.devices)) } }
        advance(Duration.ZERO)
        return call(id)
    }

    override suspend fun dialGroup(group: Long, type: CallType): Call {
        note("dialGroup $group $type")
        return call(add(Direction.OUTGOING, CallKind.Group(group), "group-$group", "", type, CallState.Dialing))
    }

    override suspend fun join(room: String, type: CallType): Call {
        note("join $room $type")
        val state = if (room in guardedRooms) CallState.AtTheDoor else CallState.Talking(now)
        val id = add(Direction.OUTGOING, CallKind.Room, room, room, type, state)
        // Whoever begins a room is its host.
        if (state is CallState.Talking) change(id) { it.copy(host = user) }
        return call(id)
    }

    override fun call(id: Long): Call = FakeCall(this, id)

    /** The room that a call is in: what the server does there, and what a host may do. */
    public fun room(call: Long): FakeRoom = FakeRoom(this, call)

    override fun woken(room: String, from: Long, name: String, type: CallType, ringsFor: Duration?) {
        note("woken $room $from $type $ringsFor")
        if (ringsFor != null) rings(person(from, name), type, room)
    }

    override fun networkChanged(): Unit = note("networkChanged")

    override fun setPushToken(token: String): Unit = note("setPushToken $token")

    override fun noMicrophone(): Unit = note("noMicrophone")

    override fun noCamera(): Unit = note("noCamera")

    override fun switchCamera(): Unit = note("switchCamera")

    override suspend fun check(language: Language): CheckReport {
        note("check")
        return report
    }

    override fun pictures(call: Long, user: Long): PictureFeed = NoPictures

    override fun push(source: Long, picture: CameraPicture): Unit = note("push $source")

    override fun pushRgba(source: Long, width: Int, height: Int, pixels: ByteBuffer, row: Int): Unit = note("push $source")

    override suspend fun shutdown(): Unit = close()

    override fun close() {
        if (isClosed) return
        isClosed = true
        script.clear()
        allSnapshots.change { CallsSnapshot(ServerLink.DOWN, emptyList()) }
    }

    internal fun rings(person: FakePerson, type: CallType, room: String = "call-${person.user}"): Long {
        val ringing = CallState.RingingHere
        val id = add(Direction.INCOMING, CallKind.OneToOne, room, person.name, type, ringing, person)
        happens(RINGS_FOR) { if (snapshot(id)?.state == ringing) end(id, EndReason.MISSED) }
        return id
    }

    internal fun ends(person: FakePerson, reason: (talks: Boolean) -> EndReason) {
        val call = going(person) ?: return
        end(call.id, reason(call.state is CallState.Talking))
    }

    internal fun edit(person: FakePerson, change: (Participant) -> Participant) {
        val call = going(person) ?: return
        change(call.id) { snapshot ->
            snapshot.copy(participants = snapshot.participants.map { if (it.user == person.user) change(it) else it })
        }
    }

    internal fun inRoom(person: FakePerson, happens: FakeRoom.() -> Unit) {
        going(person)?.let { room(it.id).happens() }
    }

    internal fun heard(person: FakePerson, level: Float) {
        allLevels.change { it.copy(others = it.others + (person.user to level)) }
    }

    /** Somebody comes into a call that goes on, as in a group. */
    public fun comesIn(call: Long, person: FakePerson): Unit =
        change(call) { snapshot ->
            val state = if (snapshot.state is CallState.Talking) snapshot.state else CallState.Talking(now)
            snapshot.copy(state = state, participants = snapshot.participants + participant(person, MediaPath.UP))
        }

    private fun going(person: FakePerson): CallSnapshot? =
        snapshots.value.calls.firstOrNull { call ->
            call.state !is CallState.Ended && call.participants.any { it.user == person.user }
        }

    internal fun snapshot(id: Long): CallSnapshot? = snapshots.value.calls.firstOrNull { it.id == id }

    private fun add(
        direction: Direction,
        kind: CallKind,
        room: String,
        title: String,
        type: CallType,
        state: CallState,
        vararg others: FakePerson,
    ): Long {
        count += 1
        val id = count.toLong()
        val picture = if (type == CallType.VIDEO && direction == Direction.OUTGOING) Picture.CAMERA else Picture.NONE
        val participants = others.map { participant(it, MediaPath.CONNECTING) }
        val call = CallSnapshot(id, room, direction, type, kind, title, state, false, picture, false, participants)
        allSnapshots.change { it.copy(calls = it.calls + call) }
        return id
    }

    internal fun participant(person: FakePerson, path: MediaPath) =
        Participant(person.user, person.name, null, audio = true, video = false, path, isAway = false)

    internal fun talk(id: Long) = change(id) { call ->
        val participants = call.participants.map { it.copy(path = MediaPath.UP, video = call.callType == CallType.VIDEO) }
        call.copy(state = CallState.Talking(now), participants = participants)
    }

    internal fun end(id: Long, reason: EndReason) = change(id) { it.copy(state = CallState.Ended(reason)) }

    /** Ended stays ended. */
    internal fun change(id: Long, change: (CallSnapshot) -> CallSnapshot): Unit = allSnapshots.change { all ->
        all.copy(calls = all.calls.map { if (it.id == id && it.state !is CallState.Ended) change(it) else it })
    }

    internal fun happens(after: Duration, happens: () -> Unit) {
        count += 1
        script += Due(now + after, count, happens)
    }

    /** A number that nothing else has. */
    internal fun number(): Long {
        count += 1
        return count.toLong()
    }

    internal fun forget(id: Long) = allSnapshots.change { all ->
        all.copy(calls = all.calls.filterNot { it.id == id && it.state is CallState.Ended })
    }

    internal fun hold(except: Long) = allSnapshots.change { all ->
        all.copy(calls = all.calls.map { if (it.id != except && it.state is CallState.Talking) it.copy(isHeld = true) else it })
    }

    internal val isServerThere: Boolean
        get() = snapshots.value.server == ServerLink.UP

    internal fun note(what: String) {
        if (isClosed) throw CallsException.Closed("the calls were closed; connect again")
        asked += what
    }

    internal companion object {
        /** As long as it rings in the engine. */
        private val RINGS_FOR: Duration = Duration.ofSeconds(45)
        val A_MOMENT: Duration = Duration.ofMillis(100)
    }
}

private inline fun <T> MutableStateFlow<T>.change(change: (T) -> T) {
    value = change(value)
}
