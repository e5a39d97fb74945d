package com.worldmates.calls.app.telecom

import android.telecom.CallAudioState
import android.telecom.Connection
import android.telecom.DisconnectCause

/** What Telecom wants of a call: a car, a watch, or a call of the mobile network that needs the sound. */
public interface ConnectionEvents {
    public fun answer(call: Long, isVideo: Boolean)
    public fun reject(call: Long)
    public fun hangUp(call: Long)
    public fun hold(call: Long)
    public fun unhold(call: Long)
    public fun silence(call: Long)
    public fun sound(call: Long, state: CallAudioState)
    public fun gone(call: Long)
}

/** One of our calls, as Telecom holds it. It only hands on; what it is told comes from the snapshots. */
public class CallConnection(public val call: Long, private val events: ConnectionEvents) : Connection() {
    init {
        connectionProperties = PROPERTY_SELF_MANAGED
        connectionCapabilities = CAPABILITY_HOLD or CAPABILITY_SUPPORT_HOLD or CAPABILITY_MUTE
        audioModeIsVoip = true
    }

    /** Says how the call stands. */
    public fun show(stage: TelecomStage) {
        when (stage) {
            TelecomStage.RINGING -> setRinging()
            TelecomStage.DIALING -> setDialing()
            TelecomStage.ACTIVE -> setActive()
            TelecomStage.HELD -> setOnHold()
        }
    }

    /** Says that it is over. */
    public fun end(why: TelecomEnd) {
        val cause = when (why) {
            TelecomEnd.HERE -> DisconnectCause.LOCAL
            TelecomEnd.THERE -> DisconnectCause.REMOTE
            TelecomEnd.MISSED -> DisconnectCause.MISSED
            TelecomEnd.REJECTED -> DisconnectCause.REJECTED
            TelecomEnd.ELSEWHERE -> DisconnectCause.ANSWERED_ELSEWHERE
            TelecomEnd.ERROR -> DisconnectCause.ERROR
        }
        setDisconnected(DisconnectCause(cause))
        destroy()
        events.gone(call)
    }

    override fun onAnswer(videoState: Int): Unit = events.answer(call, videoState != 0)
    override fun onAnswer(): Unit = events.answer(call, isVideo = false)
    override fun onReject(): Unit = events.reject(call)
    override fun onDisconnect(): Unit = events.hangUp(call)
    override fun onAbort(): Unit = events.hangUp(call)
    override fun onHold(): Unit = events.hold(call)
    override fun onUnhold(): Unit = events.unhold(call)
    override fun onSilence(): Unit = events.silence(call)

    /** Our notification stands already: it is made of the snapshot. */
    override fun onShowIncomingCallUi(): Unit = Unit

    @Deprecated("Android 14 has a newer form, and calls this one as well")
    override fun onCallAudioStateChanged(state: CallAudioState?) {
        if (state != null) events.sound(call, state)
    }
}
