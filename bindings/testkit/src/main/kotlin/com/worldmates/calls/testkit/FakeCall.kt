package com.worldmates.calls.testkit

import com.worldmates.calls.Call
import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.Look
import com.worldmates.calls.Picture
import com.worldmates.calls.Reaction

/** What an app asks of one call: it is written down, and shows in the snapshot as the engine would show it. */
internal class FakeCall(private val calls: FakeCalls, override val id: Long) : Call {
    private val room get() = calls.room(id)

    override fun accept(type: CallType) {
        calls.note("accept $id $type")
        if (calls.snapshot(id)?.state != CallState.RingingHere) return
        calls.hold(except = id)
        calls.change(id) { it.copy(picture = if (type == CallType.VIDEO) Picture.CAMERA else Picture.NONE) }
        calls.talk(id)
    }

    override fun reject() {
        calls.note("reject $id")
        if (calls.snapshot(id)?.state == CallState.RingingHere) calls.end(id, EndReason.WE_DECLINED)
    }

    override fun hangUp() {
        calls.note("hangUp $id")
        val talks = calls.snapshot(id)?.state is CallState.Talking
        calls.end(id, if (talks) EndReason.WE_HUNG_UP else EndReason.WE_CANCELLED)
    }

    override fun setMuted(muted: Boolean) {
        calls.note("setMuted $id $muted")
        calls.change(id) { it.copy(isMuted = muted, mutedBy = it.mutedBy.takeIf { muted }) }
    }

    override fun show(picture: Picture) {
        calls.note("show $id $picture")
        calls.change(id) { it.copy(picture = picture) }
    }

    override fun shareScreen(on: Boolean) {
        calls.note("shareScreen $id $on")
        calls.change(id) { it.copy(isSharing = on && calls.hasScreen) }
    }

    override fun look(looks: List<Look>) {
        calls.note("look $id " + looks.joinToString { "${it.user}${if (it.screen) " screen" else ""} ${it.height}" })
        calls.looks[id] = looks
    }

    override fun raiseHand(raised: Boolean) {
        calls.note("raiseHand $id $raised")
        calls.change(id) { it.copy(isHandUp = raised) }
    }

    override fun react(reaction: Reaction) {
        calls.note("react $id $reaction")
        room.shows(calls.user, reaction)
    }

    override fun write(text: String) {
        calls.note("write $id $text")
        room.hears(text)
    }

    override fun muteParticipant(user: Long) {
        calls.note("muteParticipant $id $user")
        if (room.isOurs) room.edit(user) { it.copy(audio = false) }
    }

    override fun removeParticipant(user: Long) {
        calls.note("removeParticipant $id $user")
        if (room.isOurs) room.loses(user)
    }

    override fun setLocked(locked: Boolean) {
        calls.note("setLocked $id $locked")
        if (room.isOurs) calls.change(id) { it.copy(isLocked = locked) }
    }

    override fun setWaitingRoom(on: Boolean) {
        calls.note("setWaitingRoom $id $on")
        if (room.isOurs) calls.change(id) { it.copy(hasWaitingRoom = on) }
    }

    override fun admit(user: Long, admitted: Boolean) {
        calls.note("admit $id $user $admitted")
        if (room.isOurs) room.admits(user, admitted)
    }

    override fun setHeld(held: Boolean) {
        calls.note("setHeld $id $held")
        if (!held) calls.hold(except = id)
        calls.change(id) { it.copy(isHeld = held) }
    }

    override fun dismiss() {
        calls.note("dismiss $id")
        calls.forget(id)
    }

    override suspend fun stats(): CallStats {
        calls.note("stats $id")
        return calls.stats
    }

    override suspend fun report(): String {
        calls.note("report $id")
        return "nothing is known of this call\n"
    }
}
