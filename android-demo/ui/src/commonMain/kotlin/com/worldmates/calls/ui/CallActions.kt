package com.worldmates.calls.ui

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.CallType
import com.worldmates.calls.CheckLine
import com.worldmates.calls.Look
import com.worldmates.calls.Reaction

/** What a person can ask for on the screens of a call. Nothing here decides anything: the engine does. */
public interface CallActions : RoomActions {
    /** Calls somebody. */
    public fun dial(user: Long, type: CallType)

    /** Calls a group. */
    public fun dialGroup(group: Long, type: CallType)

    /** Answers, with sound alone or with a picture. */
    public fun accept(type: CallType)

    /** Says no. */
    public fun reject()

    /** Ends the call, or gives up calling. */
    public fun hangUp()

    /** Closes or opens the microphone. */
    public fun toggleMute()

    /** Shows our camera, or nothing. */
    public fun toggleCamera()

    /** Takes the other camera. */
    public fun switchCamera()

    /** Shows our screen, or nothing. */
    public fun toggleScreen()

    /** Puts the call on hold, or takes it up again. */
    public fun toggleHold()

    /** Holds this call and takes up the other. */
    public fun swap()

    /** Puts away a call that ended. */
    public fun dismiss()

    /** Calls again whom the call that ended was with. */
    public fun callAgain()

    /** Asks for statistics, or no more. */
    public fun setStatsShown(shown: Boolean)

    /** Finds out whether we can be reached. */
    public fun check()

    /** Leads to where what [line] says can be put right. */
    public fun mend(line: CheckLine) {}

    /** Asks for another way of the sound; shown once the system confirms it. */
    public fun chooseRoute(route: AudioRoute)

    /** The list of ways of the sound opens: the moment to ask for what it needs. */
    public fun routesOpened() {}
}

/** What a person can ask for in a room of many besides; the last five only as its host. */
public interface RoomActions {
    /** These pictures of others are on the screen, so high. Said whenever a tile moves. */
    public fun look(looks: List<Look>)

    /** Raises our hand, or lowers it. */
    public fun toggleHand()

    /** Sends up a reaction. */
    public fun react(reaction: Reaction)

    /** Writes to everybody. */
    public fun write(text: String)

    /** Closes somebody's microphone. */
    public fun muteParticipant(user: Long)

    /** Sends somebody out. */
    public fun removeParticipant(user: Long)

    /** Lets nobody new in any more, or does again. */
    public fun setLocked(locked: Boolean)

    /** Lets whoever is new wait, or not. */
    public fun setWaitingRoom(on: Boolean)

    /** Lets somebody in who waits, or does not. */
    public fun admit(user: Long, admitted: Boolean)
}

/** For previews: whatever is pressed, nothing happens. */
public open class NoCallActions : CallActions {
    override fun dial(user: Long, type: CallType) {}
    override fun dialGroup(group: Long, type: CallType) {}
    override fun accept(type: CallType) {}
    override fun reject() {}
    override fun hangUp() {}
    override fun toggleMute() {}
    override fun toggleCamera() {}
    override fun switchCamera() {}
    override fun toggleScreen() {}
    override fun toggleHold() {}
    override fun swap() {}
    override fun dismiss() {}
    override fun callAgain() {}
    override fun setStatsShown(shown: Boolean) {}
    override fun check() {}
    override fun chooseRoute(route: AudioRoute) {}
    override fun look(looks: List<Look>) {}
    override fun toggleHand() {}
    override fun react(reaction: Reaction) {}
    override fun write(text: String) {}
    override fun muteParticipant(user: Long) {}
    override fun removeParticipant(user: Long) {}
    override fun setLocked(locked: Boolean) {}
    override fun setWaitingRoom(on: Boolean) {}
    override fun admit(user: Long, admitted: Boolean) {}
}
