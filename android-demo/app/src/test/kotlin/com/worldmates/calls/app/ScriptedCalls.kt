package com.worldmates.calls.app

import com.worldmates.calls.Call
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsException
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.CameraPicture
import com.worldmates.calls.CheckReport
import com.worldmates.calls.Direction
import com.worldmates.calls.Language
import com.worldmates.calls.Look
import com.worldmates.calls.MediaPath
import com.worldmates.calls.NoPictures
import com.worldmates.calls.Participant
import com.worldmates.calls.Picture
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.Reaction
import com.worldmates.calls.ServerLink
import com.worldmates.calls.SoundLevels
import java.nio.ByteBuffer
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.flow.MutableStateFlow

/** An engine that shows what a test says and writes down what it is asked. */
class ScriptedCalls : Calls {
    override val user = 123L
    override val snapshots = MutableStateFlow(CallsSnapshot(ServerLink.UP, emptyList()))
    override val levels = MutableStateFlow(SoundLevels(0f, emptyMap()))
    val asked = mutableListOf<String>()
    var feed: PictureFeed = NoPictures
    private var isClosed = false

    /** As the engine does: nothing can be asked of it once it is closed. */
    private fun ask(what: String) {
        if (isClosed) throw CallsException.Closed("the calls were closed")
        asked += what
    }

    fun show(vararg calls: CallSnapshot) {
        snapshots.value = CallsSnapshot(ServerLink.UP, calls.toList())
    }

    override suspend fun dial(user: Long, type: CallType): Call {
        ask("dial $user $type")
        return call(DIALED)
    }

    override fun call(id: Long): Call = object : Call {
        override val id = id
        override fun accept(type: CallType) = ask("$id: accept $type")
        override fun reject() = ask("$id: reject")
        override fun hangUp() = ask("$id: hang up")
        override fun setMuted(muted: Boolean) = ask("$id: muted $muted")
        override fun show(picture: Picture) = ask("$id: show $picture")
        override fun shareScreen(on: Boolean) = ask("$id: share screen $on")
        override fun look(looks: List<Look>) = ask("$id: look ${looks.size}")
        override fun raiseHand(raised: Boolean) = ask("$id: hand $raised")
        override fun react(reaction: Reaction) = ask("$id: react $reaction")
        override fun write(text: String) = ask("$id: write $text")
        override fun muteParticipant(user: Long) = ask("$id: mute $user")
        override fun removeParticipant(user: Long) = ask("$id: remove $user")
        override fun setLocked(locked: Boolean) = ask("$id: locked $locked")
        override fun setWaitingRoom(on: Boolean) = ask("$id: waiting room $on")
        override fun admit(user: Long, admitted: Boolean) = ask("$id: admit $user $admitted")
        override fun setHeld(held: Boolean) = ask("$id: held $held")
        override fun dismiss() = ask("$id: dismiss")
        override suspend fun stats(): CallStats = error("not asked for in these tests")
        override suspend fun report(): String = error("not asked for in these tests")
    }

    override fun woken(room: String, from: Long, name: String, type: CallType, ringsFor: Duration?) {
        ask("woken $room $from $name $type ${ringsFor?.toMillis()}")
    }

    override fun setPushToken(token: String) {
        ask("push token $token")
    }

    override fun networkChanged() {
        ask("network changed")
    }

    override fun noMicrophone() {
        ask("no microphone")
    }

    override fun noCamera() {
        ask("no camera")
    }

    override fun switchCamera() = error("not asked for in these tests")
    override suspend fun dialGroup(group: Long, type: CallType): Call {
        ask("dial group $group $type")
        return call(DIALED)
    }

    override suspend fun join(room: String, type: CallType): Call = error("not asked for in these tests")
    override suspend fun check(language: Language): CheckReport = error("not asked for in these tests")
    override fun pictures(call: Long, user: Long): PictureFeed = feed
    override fun push(source: Long, picture: CameraPicture) = Unit
    override fun pushRgba(source: Long, width: Int, height: Int, pixels: ByteBuffer, row: Int) = Unit
    override suspend fun shutdown() = Unit
    override fun close() {
        isClosed = true
    }

    companion object {
        const val DIALED = 77L
    }
}

val SINCE: Instant = Instant.parse("2026-11-21T12:00:00Z")
val TALKING = CallState.Talking(SINCE)

/** A call with Olena. */
fun call(
    id: Long = 1,
    state: CallState = TALKING,
    type: CallType = CallType.AUDIO,
    direction: Direction = Direction.INCOMING,
    title: String = "Олена",
    isHeld: Boolean = false,
    isMuted: Boolean = false,
    picture: Picture = Picture.NONE,
    showsVideo: Boolean = false,
    isSharing: Boolean = false,
) = CallSnapshot(
    id, "room-$id", direction, type, CallKind.OneToOne, title, state, isMuted, picture, isHeld,
    listOf(Participant(456, title, avatar = null, audio = true, video = showsVideo, MediaPath.UP, isAway = false)),
    isSharing = isSharing,
)

fun calls(vararg calls: CallSnapshot) = CallsSnapshot(ServerLink.UP, calls.toList())
