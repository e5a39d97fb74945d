// What a push does. The class that Firebase wants is in src/fcm and only hands its data over.
package com.worldmates.calls.app.push

import com.worldmates.calls.Calls
import com.worldmates.calls.app.notify.MissedNotice
import com.worldmates.calls.app.unlessClosed
import java.time.Instant

/** What became of a push; for tests, and for the log, which names nobody. */
public enum class PushOutcome { RINGS, STALE, MISSED, DUPLICATE, NOT_FOR_US, MALFORMED, OTHER }

/**
 * Hands pushes to [calls]. It decides only what the engine cannot know: whether the push is for the person signed in here,
 * was seen before, or came too late. Whether the call still rings is the server's word.
 */
public class PushReceiver(
    private val calls: Calls,
    /** Who is signed in here; null if nobody is. */
    private val me: () -> Long?,
    /** Shows a missed call. */
    private val onMissed: (MissedNotice) -> Unit,
    /** Keeps the phone awake until the service of the call has begun. */
    private val onRings: () -> Unit,
) {
    private val seen = ArrayDeque<PushMessage>()

    /** Takes the data of one push. */
    @Synchronized
    public fun take(data: Map<String, String>, now: Instant): PushOutcome = when (val push = readPush(data)) {
        is PushMessage.Ring -> take(push, push.to) { rings(push, now) }
        is PushMessage.Missed -> take(push, push.to) { missed(push) }
        is PushMessage.Malformed -> PushOutcome.MALFORMED
        is PushMessage.Other -> PushOutcome.OTHER
    }

    private fun take(push: PushMessage, to: Long?, act: () -> PushOutcome): PushOutcome {
        val mine = me()
        if (mine == null || to != null && to != mine) {
            return PushOutcome.NOT_FOR_US
        }
        if (seen.any { it.isAbout(push) }) {
            return PushOutcome.DUPLICATE
        }
        seen.addLast(push)
        if (seen.size > REMEMBERED) {
            seen.removeFirst()
        }
        return act()
    }

    private fun rings(push: PushMessage.Ring, now: Instant): PushOutcome {
        val ringsFor = push.ringsFor(now)
        if (ringsFor != null) {
            onRings()
        }
        unlessClosed { calls.woken(push.room, push.from, push.name, push.type, ringsFor) }
        return if (ringsFor == null) PushOutcome.STALE else PushOutcome.RINGS
    }

    private fun missed(push: PushMessage.Missed): PushOutcome {
        onMissed(MissedNotice(push.room, push.from, push.name, push.type))
        return PushOutcome.MISSED
    }

    private companion object {
        /** Firebase delivers again within minutes; nobody is called this often meanwhile. */
        const val REMEMBERED = 64
    }
}

private fun PushMessage.isAbout(other: PushMessage): Boolean = when (this) {
    is PushMessage.Ring -> other is PushMessage.Ring && other.room == room
    is PushMessage.Missed -> other is PushMessage.Missed && other.room == room
    is PushMessage.Malformed, is PushMessage.Other -> false
}
