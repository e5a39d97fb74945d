package com.worldmates.calls.testkit

import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.MediaPath
import java.time.Duration

/** What somebody does when they are called. */
public sealed interface Reaction {
    /** They answer. */
    public data class Answers(val after: Duration = Duration.ofSeconds(2)) : Reaction

    /** They say no. */
    public data class Declines(val after: Duration = Duration.ofSeconds(2)) : Reaction

    /** It rings until it has rung for too long. */
    public data object NeverAnswers : Reaction

    /** They talk to somebody else. */
    public data object IsBusy : Reaction

    /** None of their devices can be reached. */
    public data object IsUnreachable : Reaction
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
    public var reaction: Reaction = Reaction.Answers()

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
}
