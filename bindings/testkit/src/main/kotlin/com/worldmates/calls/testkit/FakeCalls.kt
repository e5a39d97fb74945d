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
 * bob.reaction = Reaction.Answers(after = Duration.ofSeconds(3))
 * val call = calls.dial(2, CallType.AUDIO)      // it rings at Bob's
 * calls.advance(Duration.ofSeconds(3))          // they talk
 * bob.hangsUp()
 * ```
 * It is a stand-in for what an app sees, not for the rules: those are the engine's. For one thread at a time.
 */
public class FakeCalls(begin: Instant = Instant.parse("2026-01-01T12:00:00Z")) : Calls {
    private class Due(val at: Instant, val number: Int, val happens: () -> Unit)

    private val allSnapshots = MutableStateFlow(CallsSnapshot(ServerLink.UP, emptyList()))
    private val allLevels = MutableStateFlow(SoundLevels(0f, emptyMap()))
    private val people = mutableMapOf<Long, FakePerson>()
    private val script = PriorityQueue(compareBy<Due> { it.at }.thenBy { it.number })
    private var count = 0
    private var isClosed = false

    /** What time it is, for everything that is shown. */
    public var now: Instant = begin
        private set

    /** What the app asked for, in order: for a test that wants to know what a button did. */
    public val asked: MutableList<String> = mutableListOf()

    /** What [check] finds. */
    public var report: CheckReport = CheckReport(canCall = true, emptyList())

    /** What [Call.stats] tells. */
    public var stats: CallStats = CallStats(emptyList(), 0)

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

    /** The server is back. */
    public fun serverBack(): Unit = allSnapshots.change { it.copy(server = ServerLink.UP) }

    /** The server does not know this user any more. */
    public fun signedOut(): Unit = allSnapshots.change { it.copy(server = ServerLink.SIGNED_OUT) }

    override suspend fun dial(user: Long, type: CallType): Call {
        note("dial $user $type")
        val person = person(user, "")
        val id = add(Direction.OUTGOING, CallKind.OneToOne, "call-$user", person.name, type, CallState.Dialing, person)
        val end = { after: Duration, reason: EndReason -> happens(after) { end(id, reason) } }
        when (val reaction = person.reaction) {
            Reaction.IsUnreachable -> end(A_MOMENT, EndReason.UNREACHABLE)
            Reaction.IsBusy -> end(A_MOMENT, EndReason.THEY_ARE_BUSY)
            Reaction.NeverAnswers -> end(RINGS_FOR, EndReason.NO_ANSWER)
            is Reaction.Declines -> end(reaction.after, EndReason.THEY_DECLINED)
            is Reaction.Answers -> happens(reaction.after) { talk(id) }
        }
        val rings = person.reaction != Reaction.IsUnreachable && person.reaction != Reaction.IsBusy
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
        return call(add(Direction.OUTGOING, CallKind.Room, room, room, type, CallState.Talking(now)))
    }

    override fun call(id: Long): Call = FakeCall(id)

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

    private fun snapshot(id: Long): CallSnapshot? = snapshots.value.calls.firstOrNull { it.id == id }

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

    private fun participant(person: FakePerson, path: MediaPath) =
        Participant(person.user, person.name, null, audio = true, video = false, path, isAway = false)

    private fun talk(id: Long) = change(id) { call ->
        val participants = call.participants.map { it.copy(path = MediaPath.UP, video = call.callType == CallType.VIDEO) }
        call.copy(state = CallState.Talking(now), participants = participants)
    }

    private fun end(id: Long, reason: EndReason) = change(id) { it.copy(state = CallState.Ended(reason)) }

    /** Ended stays ended. */
    private fun change(id: Long, change: (CallSnapshot) -> CallSnapshot): Unit = allSnapshots.change { all ->
        all.copy(calls = all.calls.map { if (it.id == id && it.state !is CallState.Ended) change(it) else it })
    }

    private fun happens(after: Duration, happens: () -> Unit) {
        count += 1
        script += Due(now + after, count, happens)
    }

    private fun note(what: String) {
        if (isClosed) throw CallsException.Closed("the calls were closed; connect again")
        asked += what
    }

    private inner class FakeCall(override val id: Long) : Call {
        override fun accept(type: CallType) {
            note("accept $id $type")
            if (snapshot(id)?.state != CallState.RingingHere) return
            hold(except = id)
            change(id) { it.copy(picture = if (type == CallType.VIDEO) Picture.CAMERA else Picture.NONE) }
            talk(id)
        }

        override fun reject() {
            note("reject $id")
            if (snapshot(id)?.state == CallState.RingingHere) end(id, EndReason.WE_DECLINED)
        }

        override fun hangUp() {
            note("hangUp $id")
            val talks = snapshot(id)?.state is CallState.Talking
            end(id, if (talks) EndReason.WE_HUNG_UP else EndReason.WE_CANCELLED)
        }

        override fun setMuted(muted: Boolean) {
            note("setMuted $id $muted")
            change(id) { it.copy(isMuted = muted) }
        }

        override fun show(picture: Picture) {
            note("show $id $picture")
            change(id) { it.copy(picture = picture) }
        }

        override fun setHeld(held: Boolean) {
            note("setHeld $id $held")
            if (!held) hold(except = id)
            change(id) { it.copy(isHeld = held) }
        }

        override fun dismiss() {
            note("dismiss $id")
            allSnapshots.change { all -> all.copy(calls = all.calls.filterNot { it.id == id && it.state is CallState.Ended }) }
        }

        override suspend fun stats(): CallStats {
            note("stats $id")
            return stats
        }

        override suspend fun report(): String {
            note("report $id")
            return "nothing is known of this call\n"
        }

        private fun hold(except: Long) = allSnapshots.change { all ->
            all.copy(calls = all.calls.map { if (it.id != except && it.state is CallState.Talking) it.copy(isHeld = true) else it })
        }
    }

    private companion object {
        /** As long as it rings in the engine. */
        val RINGS_FOR: Duration = Duration.ofSeconds(45)
        val A_MOMENT: Duration = Duration.ofMillis(100)
    }
}

private inline fun <T> MutableStateFlow<T>.change(change: (T) -> T) {
    value = change(value)
}
