package com.worldmates.calls.testkit

import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Reaction
import java.time.Duration

/** What somebody does when they are called. */
public sealed interface WhenCalled {
    /** They answer. */
    public data class Answers(val after: Duration = Duration.ofSeconds(2)) : WhenCalled

    /** They say no. */
    public data class Declines(val after: Duration = Duration.ofSeconds(2)) : WhenCalled

    /** It rings until it has rung for too long. */
    public data object NeverAnswers : WhenCalled

    /** They talk to somebody else. */
    public data object IsBusy : WhenCalled

    /** None of their devices can be reached. */
    public data object IsUnreachable : WhenCalled
}

/** Somebody on the other side, who does what the test says. */
public class FakePerson internal constructor(
    private val calls: FakeCalls,
    /** Who. */
    public val user: Long,
    /** How they are called. */
    public val name: String,
) {
    /** What they do when they are called; they answer if nothing else was said. */
    public var whenCalled: WhenCalled = WhenCalled.Answers()

    /** At how many devices it rings when they are called. */
    public var devices: Int = 1

    /** They call us: it rings here. */
    public fun calls(type: CallType): Long = calls.rings(this, type)

    /** They hang up, whether we talk or it still rings. */
    public fun hangsUp(): Unit = calls.ends(this) { talks -> if (talks) EndReason.THEY_HUNG_UP else EndReason.MISSED }

    /** Their microphone is off, or on again. */
    public fun mutes(muted: Boolean): Unit = calls.edit(this) { it.copy(audio = !muted) }

    /** They show a picture, or nothing any more. */
    public fun shows(picture: Boolean): Unit = calls.edit(this) { it.copy(video = picture) }

    /** They are heard, as loud as that, from 0 to 1. */
    public fun speaks(level: Float): Unit = calls.heard(this, level)

    /** Nothing comes from them any more; it is being repaired. */
    public fun losesConnection(): Unit = calls.edit(this) { it.copy(path = MediaPath.REPAIRING, isAway = true) }

    /** They are back. */
    public fun comesBack(): Unit = calls.edit(this) { it.copy(path = MediaPath.UP, isAway = false) }

    /** They raise their hand, or take it down. */
    public fun raisesHand(raised: Boolean): Unit =
        calls.edit(this) { it.copy(handRaisedAt = if (raised) calls.now.toEpochMilli() else null) }

    /** They share their screen, or not any more. */
    public fun sharesScreen(shares: Boolean): Unit = calls.edit(this) { it.copy(screen = shares) }

    /** They are as loud as that by the word of the media server, from 0 to 10. */
    public fun isAsLoudAs(loudness: Int): Unit = calls.edit(this) { it.copy(loudness = loudness) }

    /** They send up a reaction. */
    public fun reacts(reaction: Reaction): Unit = calls.inRoom(this) { shows(user, reaction) }

    /** They write to everybody in the room. */
    public fun writes(text: String): Unit = calls.inRoom(this) { hears(this@FakePerson, text) }

    /** They leave a call that others go on with. */
    public fun leaves(): Unit = calls.inRoom(this) { loses(user) }
}
