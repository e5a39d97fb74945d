package com.worldmates.calls

import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield

/** Nothing here takes so long, even on a busy machine; it is how something missing is noticed. */
internal val PATIENCE = 60.seconds

/** What a server asks for that believes everybody. */
internal object OpenDoor : ProofSource {
    override suspend fun fetch(fresh: Boolean): Proof = Proof.Open
}

internal suspend fun Calls.until(what: String, holds: (CallsSnapshot) -> Boolean): CallsSnapshot =
    try {
        withTimeout(PATIENCE) { snapshots.first(holds) }
    } catch (late: TimeoutCancellationException) {
        throw AssertionError("$what never happened: ${snapshots.value}", late)
    }

internal suspend fun Calls.untilCall(what: String, holds: (CallSnapshot) -> Boolean): CallSnapshot =
    until(what) { it.calls.any(holds) }.calls.first(holds)

internal suspend fun PictureFeed.seen(): RgbaPicture =
    withTimeout(PATIENCE) {
        var picture = next()
        while (picture == null) {
            yield()
            picture = next()
        }
        picture
    }
