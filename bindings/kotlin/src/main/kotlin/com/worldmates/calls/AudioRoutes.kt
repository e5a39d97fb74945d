package com.worldmates.calls

/** What kind of thing is heard from. */
public enum class AudioRouteKind {
    /** At the ear. */
    EARPIECE,

    /** For everyone in the room. */
    SPEAKER,

    /** By a cable. */
    WIRED,

    /** Without one. */
    BLUETOOTH,
}

/**
 * A way that the sound of a call can go.
 *
 * @property id by which the system knows it
 * @property name as its owner knows it; may be empty
 */
public data class AudioRoute(val kind: AudioRouteKind, val id: String, val name: String)

/**
 * The ways that there are.
 *
 * @property current what the system confirmed
 * @property pending what was asked for and is not confirmed yet
 */
public data class AudioRoutes(val available: List<AudioRoute>, val current: AudioRoute?, val pending: AudioRoute?)
