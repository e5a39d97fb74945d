package com.worldmates.calls.testkit

import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.ChatLine
import com.worldmates.calls.ChatState
import com.worldmates.calls.EndReason
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Participant
import com.worldmates.calls.Reaction
import com.worldmates.calls.ShownReaction
import com.worldmates.calls.WaitingPerson
import java.time.Duration

/**
 * A room of many as the server keeps it. What people do there stands at [FakePerson]; here is what the server does, and the
 * script of a door with a host behind it:
 * ```
 * val call = calls.join("lesson", CallType.VIDEO)
 * val room = calls.room(call.id)
 * room.fills(24)                               // 24 people, through the media server
 * room.puts(bob)                               // Bob comes in
 * bob.raisesHand(true)
 * room.waits(eve)                              // Eve stands at our door
 * call.admit(eve.user)                         // and is in
 * ```
 */
public class FakeRoom internal constructor(private val calls: FakeCalls, private val call: Long) {
    internal val isOurs: Boolean
        get() = calls.snapshot(call)?.host == calls.user

    /** Somebody is the host from now on; null: nobody. */
    public fun hostIs(user: Long?): Unit = change { it.copy(host = user) }

    /** It goes through the media server from now on, or straight again. */
    public fun goesByServer(byServer: Boolean = true): Unit =
        change { it.copy(isByServer = byServer, dominant = it.dominant.takeIf { byServer }) }

    /** The one to show large, by the word of the media server. */
    public fun dominantIs(user: Long?): Unit = change { it.copy(dominant = user) }

    /** So many people are in it, with numbers from [from] on; two in three of them show a picture. It goes by the server. */
    public fun fills(count: Int, from: Long = 1_000) {
        repeat(count) { index -> puts(calls.person(from + index, "Person ${index + 1}"), video = index % 3 != 2) }
        goesByServer()
    }

    /** Somebody comes in. */
    public fun puts(person: FakePerson, video: Boolean = false) {
        calls.comesIn(call, person)
        if (video) edit(person.user) { it.copy(video = true) }
    }

    /** Somebody stands at our door: only a host sees it. */
    public fun waits(person: FakePerson): Unit = change {
        val since = calls.now.toEpochMilli()
        it.copy(waiting = it.waiting + WaitingPerson(person.user, person.name, avatar = null, since))
    }

    /** They do not wait any more. */
    public fun waitsNoMore(person: FakePerson): Unit = change { room -> room.copy(waiting = room.waiting.filterNot { it.user == person.user }) }

    /** The host closes our microphone. */
    public fun mutesUs(): Unit = change { it.copy(isMuted = true, mutedBy = it.host) }

    /** We stood at the door, and are let in to these. */
    public fun letsUsIn(vararg people: FakePerson) {
        if (calls.snapshot(call)?.state != CallState.AtTheDoor) return
        change { it.copy(state = CallState.Talking(calls.now)) }
        people.forEach { puts(it) }
    }

    /** The host sends us out, or does not let us in. */
    public fun sendsUsOut(reason: EndReason): Unit = calls.end(call, reason)

    /** Whether it takes what we write from now on; what it does not take is [ChatState.FAILED]. */
    public fun takesChat(takes: Boolean) {
        if (takes) calls.mute -= call else calls.mute += call
    }

    internal fun edit(user: Long, change: (Participant) -> Participant) =
        change { room -> room.copy(participants = room.participants.map { if (it.user == user) change(it) else it }) }

    internal fun loses(user: Long) = change { room ->
        room.copy(
            participants = room.participants.filterNot { it.user == user },
            dominant = room.dominant.takeIf { it != user }, host = room.host.takeIf { it != user },
        )
    }

    internal fun admits(user: Long, admitted: Boolean) {
        val person = calls.snapshot(call)?.waiting?.firstOrNull { it.user == user } ?: return
        change { room -> room.copy(waiting = room.waiting.filterNot { it.user == user }) }
        if (admitted) change { it.copy(participants = it.participants + calls.participant(calls.person(user, person.name), MediaPath.UP)) }
    }

    /** For as long as the engine shows it. */
    internal fun shows(user: Long, reaction: Reaction) {
        val shown = ShownReaction(user, reaction, calls.number())
        change { it.copy(reactions = it.reactions + shown) }
        calls.happens(REACTION_SHOWN) { change { it.copy(reactions = it.reactions - shown) } }
    }

    /** A line of somebody else's. */
    internal fun hears(person: FakePerson, text: String) = change {
        val line = ChatLine("line-${calls.number()}", person.user, person.name, text, calls.now.toEpochMilli(), ChatState.SENT)
        it.copy(chat = it.chat + line)
    }

    /** A line of our own: on its way until the server took it. */
    internal fun hears(text: String) {
        val line = ChatLine("line-${calls.number()}", calls.user, name = "", text, at = null, ChatState.SENDING)
        change { it.copy(chat = it.chat + line) }
        if (calls.isServerThere) calls.happens(FakeCalls.A_MOMENT) { takesWords() }
    }

    /** What is on its way arrives, if the server is there. */
    internal fun takesWords() {
        if (!calls.isServerThere) return
        val state = if (call in calls.mute) ChatState.FAILED else ChatState.SENT
        change { room ->
            room.copy(chat = room.chat.map { if (it.state == ChatState.SENDING) it.copy(state = state, at = calls.now.toEpochMilli()) else it })
        }
    }

    private fun change(change: (CallSnapshot) -> CallSnapshot) = calls.change(call, change)

    private companion object {
        val REACTION_SHOWN: Duration = Duration.ofSeconds(5)
    }
}
