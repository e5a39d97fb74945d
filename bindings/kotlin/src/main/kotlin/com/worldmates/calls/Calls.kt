package com.worldmates.calls

import java.nio.ByteBuffer
import java.time.Duration
import kotlinx.coroutines.flow.StateFlow

/**
 * The calls of one user on this device.
 *
 * Everything can be called at any time and from any thread. After [close] each function throws
 * [CallsException.Closed]. [connect] makes one for an app; `FakeCalls` of the test kit makes one for its tests.
 */
public interface Calls : AutoCloseable {
    /** Whose calls these are. */
    public val user: Long

    /** What is so now, and whenever it changes. */
    public val snapshots: StateFlow<CallsSnapshot>

    /** How loud everyone is, ten times a second while somebody can be heard. */
    public val levels: StateFlow<SoundLevels>

    /** Calls somebody. How it goes is in [snapshots]. */
    public suspend fun dial(user: Long, type: CallType): Call

    /** Calls a group of the messenger. */
    public suspend fun dialGroup(group: Long, type: CallType): Call

    /** Comes into a room by its name. */
    public suspend fun join(room: String, type: CallType): Call

    /** The call that a snapshot names so. */
    public fun call(id: Long): Call

    /** A push said that a call rings. [ringsFor] is null when its time is over by now. */
    public fun woken(room: String, from: Long, name: String, type: CallType, ringsFor: Duration?)

    /** The device has another network, or the same with another address. */
    public fun networkChanged()

    /**
     * Pushes reach this device by [token] from now on. The server is told at once, or as soon as it is there; calls that go
     * on do not notice.
     */
    public fun setPushToken(token: String)

    /** There is no microphone, or it may not be used. */
    public fun noMicrophone()

    /** There is no camera, or it may not be used. */
    public fun noCamera()

    /** The camera that looks the other way, from now on. */
    public fun switchCamera()

    /** Tries everything that a call needs, before anybody is called. Takes seconds; cancelling it ends it. */
    public suspend fun check(language: Language): CheckReport

    /**
     * What is seen of somebody in a call; of ourselves with [PictureFeed.OURSELVES], of the screen that somebody shares
     * beside their camera with [PictureFeed.screenOf].
     */
    public fun pictures(call: Long, user: Long): PictureFeed

    /**
     * Hands in a picture of what [Platform.openCamera] or [Platform.openScreen] opened as [source]. It is copied before this
     * returns. One that comes late, when nobody wants it any more, is dropped.
     */
    public fun push(source: Long, picture: CameraPicture)

    /** Likewise, as red, green, blue and one more byte in a direct buffer, in rows that are [row] bytes apart. */
    public fun pushRgba(source: Long, width: Int, height: Int, pixels: ByteBuffer, row: Int)

    /** Ends everything. When it returns, no thread, socket or device is left. */
    public suspend fun shutdown()

    /** Begins to end everything, and does not wait. Twice is fine. */
    override fun close()

    public companion object {
        /**
         * Begins to connect, and goes on trying until it is closed. Returns at once.
         *
         * @throws CallsException if [config] makes no sense
         */
        @JvmStatic
        @JvmOverloads
        public fun connect(config: CallsConfig, proofs: ProofSource, platform: Platform = NoPlatform): Calls =
            EngineCalls(config, proofs, platform)
    }
}

/** Puts [ended] away and calls again whom it was with. Null if it was with nobody. */
public suspend fun Calls.again(ended: CallSnapshot): Call? {
    call(ended.id).dismiss()
    return when (val kind = ended.kind) {
        CallKind.OneToOne -> ended.participants.firstOrNull()?.let { dial(it.user, ended.callType) }
        is CallKind.Group -> dialGroup(kind.group, ended.callType)
        CallKind.Room -> join(ended.room, ended.callType)
    }
}

/** Whether others see our screen, beside the camera or in its place. */
public val CallSnapshot.showsScreen: Boolean
    get() = isSharing || picture == Picture.SCREEN

/** Whether there is anything to look at: a picture of somebody, or one that we show. */
public val CallSnapshot.hasPictures: Boolean
    get() = picture != Picture.NONE || isSharing || participants.any { it.video || it.screen }

/**
 * Whether what [Calls.pictures] shows of [user] is a screen, to be seen whole: that which comes beside a camera, or, straight
 * from device to device, in its place.
 */
public fun CallSnapshot.isScreen(user: Long): Boolean =
    user < 0 || !isByServer && participants.any { it.user == user && it.screen }

/** One call. What makes no sense any more changes nothing: buttons are pressed late. */
public interface Call {
    /** By which snapshots name it. */
    public val id: Long

    /** Answers it. */
    public fun accept(type: CallType)

    /** Says no to it. */
    public fun reject()

    /** Ends it, or leaves it if others go on. */
    public fun hangUp()

    /** Silences the microphone, or not. */
    public fun setMuted(muted: Boolean)

    /** Shows the camera, the screen, or nothing. */
    public fun show(picture: Picture)

    /**
     * Shares the screen beside the camera, or no longer: [CallSnapshot.isSharing]. Where there is no place for a second
     * picture, in a call that goes straight between devices, others see it instead of the camera for as long.
     */
    public fun shareScreen(on: Boolean)

    /**
     * These pictures of others are on the screen, instead of those before: others are not decoded, and the media server does
     * not send them larger than they are shown. Until the first time, it chooses. Say it when what is on the screen has
     * settled; `CallsViewModel.look` waits for that.
     */
    public fun look(looks: List<Look>)

    /** Raises the hand in a room of many, or takes it down. */
    public fun raiseHand(raised: Boolean)

    /** Sends up a reaction; everybody sees it for five seconds. */
    public fun react(reaction: Reaction)

    /** Writes to everybody in a room of many. How far it came is in [CallSnapshot.chat]. */
    public fun write(text: String)

    /** As the host: closes somebody's microphone. They open it again themselves. */
    public fun muteParticipant(user: Long)

    /** As the host: sends somebody out. They do not come back until they are admitted. */
    public fun removeParticipant(user: Long)

    /** As the host: nobody new comes in any more, or again. */
    public fun setLocked(locked: Boolean)

    /** As the host: whoever is new waits until they are admitted, or does not. */
    public fun setWaitingRoom(on: Boolean)

    /** As the host: lets in somebody of [CallSnapshot.waiting], or does not. */
    public fun admit(user: Long, admitted: Boolean = true)

    /** Puts it on hold, or takes it back. Another one that is going on is put on hold then. */
    public fun setHeld(held: Boolean)

    /** Its end was seen: it leaves the snapshot. */
    public fun dismiss()

    /** How it does. */
    public suspend fun stats(): CallStats

    /** What happened in it, for a person to read and to send to somebody: no names, addresses or words of it. */
    public suspend fun report(): String
}

/** A platform that plays nothing and has no camera. */
public object NoPlatform : Platform {
    override fun plays(sound: Ringing): Boolean = false
    override fun openCamera(lens: Lens, source: Long): Boolean = false
    override fun openScreen(source: Long): Boolean = false
    override fun closePicture(source: Long): Unit = Unit
}
