// Which permission is asked for when, and what is said about it: one function of what is so.
package com.worldmates.calls.app.permissions

import android.Manifest
import android.os.Build

/** A permission that the person decides about. */
public enum class CallPermission(public val manifestName: String, private val since: Int) {
    MICROPHONE(Manifest.permission.RECORD_AUDIO, Build.VERSION_CODES.M),
    CAMERA(Manifest.permission.CAMERA, Build.VERSION_CODES.M),
    NOTIFICATIONS(Manifest.permission.POST_NOTIFICATIONS, Build.VERSION_CODES.TIRAMISU),
    BLUETOOTH(Manifest.permission.BLUETOOTH_CONNECT, Build.VERSION_CODES.S),
    ;

    /** Whether this version of Android asks the person at all. */
    public fun isAskedOn(sdk: Int): Boolean = sdk >= since
}

/** What the person is about to do: the context of the question. */
public enum class Moment(
    /** Without these it makes no sense, so it is worth a way to the settings. */
    public val needs: Set<CallPermission>,
    /** These make it better. */
    public val likes: Set<CallPermission> = emptySet(),
    /** While it rings nobody reads an explanation. */
    public val hasTime: Boolean = true,
) {
    DIAL_AUDIO(needs = setOf(CallPermission.MICROPHONE)),
    DIAL_VIDEO(needs = setOf(CallPermission.MICROPHONE), likes = setOf(CallPermission.CAMERA)),
    ANSWER_AUDIO(needs = setOf(CallPermission.MICROPHONE), hasTime = false),
    ANSWER_VIDEO(needs = setOf(CallPermission.MICROPHONE), likes = setOf(CallPermission.CAMERA), hasTime = false),
    CAMERA_ON(needs = setOf(CallPermission.CAMERA)),
    CHOOSE_ROUTE(needs = emptySet(), likes = setOf(CallPermission.BLUETOOTH)),
    BE_REACHABLE(needs = setOf(CallPermission.NOTIFICATIONS)),
}

/** How far this one walk through the questions has come. */
public enum class Turn { FIRST, EXPLAINED, ASKED, LED }

/** Everything that the decision depends on. */
public data class PermissionFacts(
    val sdk: Int,
    val granted: Set<CallPermission>,
    /** Android says that an explanation is due: it was denied once. */
    val explain: Set<CallPermission>,
    /** Asked for at some time before. Android itself does not tell "never asked" from "never again". */
    val asked: Set<CallPermission>,
    val turn: Turn = Turn.FIRST,
)

/** What to do next. */
public sealed interface PermissionStep {
    /** Say why, then come back with [Turn.EXPLAINED]. */
    public data class Explain(val permissions: Set<CallPermission>) : PermissionStep

    /** Let Android ask, then come back with [Turn.ASKED]. */
    public data class Ask(val permissions: Set<CallPermission>) : PermissionStep

    /** Android does not ask any more: say so and offer the settings, then come back with [Turn.LED]. */
    public data class LeadToSettings(val permissions: Set<CallPermission>) : PermissionStep

    /** Do what the person wanted, [without] what they did not give. */
    public data class GoOn(val without: Set<CallPermission>) : PermissionStep
}

/** Decides the next step of a walk. Every walk ends: each step but the last moves [PermissionFacts.turn] on. */
public fun permissionStep(moment: Moment, facts: PermissionFacts): PermissionStep {
    val missing = (moment.needs + moment.likes).filter { it.isAskedOn(facts.sdk) && it !in facts.granted }.toSet()
    val denied = missing.filter { it in facts.asked && it !in facts.explain }.toSet()
    val open = missing - denied
    if (open.isNotEmpty() && facts.turn < Turn.EXPLAINED && moment.hasTime && open.any { it in facts.explain }) {
        return PermissionStep.Explain(open)
    }
    if (open.isNotEmpty() && facts.turn < Turn.ASKED) {
        return PermissionStep.Ask(open)
    }
    val lacks = denied intersect moment.needs
    // Denying a question is an answer: the settings are offered only the next time.
    if (lacks.isNotEmpty() && facts.turn < Turn.ASKED && moment.hasTime) {
        return PermissionStep.LeadToSettings(lacks)
    }
    return PermissionStep.GoOn(missing)
}
