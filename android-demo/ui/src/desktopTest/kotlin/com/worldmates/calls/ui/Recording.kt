package com.worldmates.calls.ui

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.CallType
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.Look
import com.worldmates.calls.Reaction
import com.worldmates.calls.ServerLink
import java.time.Instant
import kotlinx.coroutines.flow.MutableStateFlow

/** Writes down what was asked for. */
internal open class RecordingActions : CallActions {
    val asked = mutableListOf<String>()

    override fun dial(user: Long, type: CallType) { asked += "dial $user $type" }
    override fun dialGroup(group: Long, type: CallType) { asked += "dial group $group $type" }
    override fun accept(type: CallType) { asked += "accept $type" }
    override fun reject() { asked += "reject" }
    override fun hangUp() { asked += "hang up" }
    override fun toggleMute() { asked += "mute" }
    override fun toggleCamera() { asked += "camera" }
    override fun switchCamera() { asked += "switch camera" }
    override fun toggleScreen() { asked += "screen" }
    override fun toggleHold() { asked += "hold" }
    override fun swap() { asked += "swap" }
    override fun dismiss() { asked += "dismiss" }
    override fun callAgain() { asked += "call again" }
    override fun setStatsShown(shown: Boolean) { asked += "statistics $shown" }
    override fun check() { asked += "check" }
    override fun mend(line: CheckLine) { asked += "mend ${line.what}" }
    override fun chooseRoute(route: AudioRoute) { asked += "route ${route.id}" }
    override fun toggleHand() { asked += "hand" }
    override fun react(reaction: Reaction) { asked += "react $reaction" }
    override fun write(text: String) { asked += "write $text" }
    override fun muteParticipant(user: Long) { asked += "mute $user" }
    override fun removeParticipant(user: Long) { asked += "remove $user" }
    override fun setLocked(locked: Boolean) { asked += "lock $locked" }
    override fun setWaitingRoom(on: Boolean) { asked += "waiting room $on" }
    override fun admit(user: Long, admitted: Boolean) { asked += "admit $user $admitted" }

    /** Apart from the others: it is said whenever something moves. */
    var looks: List<Look>? = null

    override fun look(looks: List<Look>) { this.looks = looks }
}

/** A holder whose states the test sets. */
internal class FakeHolder : RecordingActions(), CallsHolder {
    override val state = MutableStateFlow<CallsUiState>(CallsUiState.Idle(ServerLink.UP))
    override val surroundings = MutableStateFlow(Fixtures.surroundings)
    override val check = MutableStateFlow<CheckState>(CheckState.NotAsked)
    override val people = MutableStateFlow(People(Fixtures.contacts, Fixtures.history))
    override val preferences = MutableStateFlow(Preferences(appearance = Appearance.LIGHT))
    override fun setPreferences(preferences: Preferences) { this.preferences.value = preferences }
    override val problem = MutableStateFlow<Problem?>(null)
    override fun tell(problem: Problem) { this.problem.value = problem }
    override fun problemSeen() { problem.value = null }
    override fun routesOpened() { asked += "routes opened" }
    override fun now(): Instant = Fixtures.now
}
