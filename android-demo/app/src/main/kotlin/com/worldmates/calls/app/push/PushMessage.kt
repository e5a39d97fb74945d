// What a push about calls says. Its words are those of the events `call:incoming` and `group_call:incoming`, as text,
// without the offer and the ICE servers: a push carries 4 KB and is read by whoever delivers it.
package com.worldmates.calls.app.push

import com.worldmates.calls.CallType
import java.time.Duration
import java.time.Instant

/** A push, understood. */
public sealed interface PushMessage {
    /** It rings. [to] is whom it rings for, if the server said so. */
    public data class Ring(
        val room: String,
        val from: Long,
        val name: String,
        val type: CallType,
        val to: Long?,
        val createdAt: Instant?,
        val expiresAt: Instant,
    ) : PushMessage

    /** It rang, and nobody answered. */
    public data class Missed(val room: String, val from: Long, val name: String, val type: CallType, val to: Long?) :
        PushMessage

    /** Not about calls, or of a server newer than this app. */
    public data class Other(val type: String) : PushMessage

    /** About a call, but it cannot be read. [field] is what is wrong; its content is not kept, as it may name people. */
    public data class Malformed(val field: String) : PushMessage
}

/** Reads the data of a push. Fields that are not known are left alone. */
public fun readPush(data: Map<String, String>): PushMessage = when (val type = data["type"].orEmpty()) {
    "call:incoming" -> ring(data, from = "fromId", name = "fromName")
    "group_call:incoming" -> ring(data, from = "initiatorId", name = "initiatorName")
    "missed_call" -> missed(data)
    else -> PushMessage.Other(type)
}

/** For how long it still rings; null if that time is over. */
public fun PushMessage.Ring.ringsFor(now: Instant): Duration? {
    val left = Duration.between(now, expiresAt)
    // A phone whose clock is slow would ring for longer than anybody waits.
    val most = createdAt?.let { Duration.between(it, expiresAt) } ?: MOST
    return minOf(left, most, MOST).takeUnless { it.isNegative || it.isZero }
}

/** A server may be told to ring for longer than the usual 45 s, but nobody waits for more than this. */
private val MOST: Duration = Duration.ofSeconds(120)

/** As in the protocol. */
private val ROOM = Regex("[A-Za-z0-9_.:-]{1,100}")

private fun ring(data: Map<String, String>, from: String, name: String): PushMessage {
    return PushMessage.Ring(
        room = data.room() ?: return PushMessage.Malformed("roomName"),
        from = data.id(from) ?: return PushMessage.Malformed(from),
        name = data[name].orEmpty(),
        type = data.callType(),
        to = data.id("toId"),
        createdAt = data.moment("createdAt"),
        expiresAt = data.moment("expiresAt") ?: return PushMessage.Malformed("expiresAt"),
    )
}

private fun missed(data: Map<String, String>): PushMessage {
    return PushMessage.Missed(
        room = data.room() ?: return PushMessage.Malformed("roomName"),
        from = data.id("fromId") ?: return PushMessage.Malformed("fromId"),
        name = data["fromName"].orEmpty(),
        type = data.callType(),
        to = data.id("toId"),
    )
}

private fun Map<String, String>.room(): String? = get("roomName")?.takeIf(ROOM::matches)

private fun Map<String, String>.id(key: String): Long? = get(key)?.toLongOrNull()?.takeIf { it > 0 }

/** A kind that is not known is taken for the plainest. */
private fun Map<String, String>.callType(): CallType = if (get("callType") == "video") CallType.VIDEO else CallType.AUDIO

/** Milliseconds since 1970. `Instant.ofEpochMilli` takes every `Long`. */
private fun Map<String, String>.moment(key: String): Instant? = get(key)?.toLongOrNull()?.let(Instant::ofEpochMilli)
