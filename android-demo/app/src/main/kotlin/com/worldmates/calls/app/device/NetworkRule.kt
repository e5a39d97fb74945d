// When a change of the network is told to the engine: not the first network, not each of five callbacks of one change.
package com.worldmates.calls.app.device

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** What tells one way into the world from another. Addresses are compared and never logged. */
public data class NetworkFace(val id: Long, val addresses: Set<String>)

/** What is known of the network. */
public data class NetworkState(
    /** The network that the engine knows of; null while there is none. */
    val told: NetworkFace? = null,
    /** The one that is there. */
    val present: NetworkFace? = null,
    val hasBegun: Boolean = false,
    /** When it is told, unless it changes again before. */
    val due: Duration? = null,
    /** Since when something waits to be told. */
    val since: Duration? = null,
)

/** The callbacks of one change come within this time. */
public val NETWORK_QUIET: Duration = 250.milliseconds

/** However restless the network is, the engine is told after this time: it looks for a way before the old one dies. */
public val NETWORK_LATEST: Duration = 1_000.milliseconds

/** The network is [face] now; null if there is none. */
public fun NetworkState.sees(now: Duration, face: NetworkFace?): NetworkState {
    if (!hasBegun) {
        // Android tells the present network as soon as one listens; the engine began with it.
        return NetworkState(told = face, present = face, hasBegun = true)
    }
    if (face == present) {
        return this
    }
    val next = copy(present = face)
    if (face == null || face == told) {
        // With no network there is nothing to try; a network that came back as it was changed nothing.
        return next.copy(due = null, since = null)
    }
    val begun = since ?: now
    return next.copy(since = begun, due = minOf(now + NETWORK_QUIET, begun + NETWORK_LATEST))
}

/** Whether the engine is to be told now, and the state afterwards. */
public fun NetworkState.tick(now: Duration): Pair<NetworkState, Boolean> = when {
    due == null || now < due -> this to false
    else -> copy(told = present, due = null, since = null) to true
}
