// The sound of calls: its mode, its focus, its route. Lives as long as the app; begins and ends with the calls it sees.
package com.worldmates.calls.app.audio

import android.content.Context
import android.media.AudioAttributes
import android.media.AudioFocusRequest
import android.media.AudioManager
import android.os.Build
import android.os.Handler
import android.os.Looper
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRoutes
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.ServerLink
import com.worldmates.calls.audio.AudioSystem
import com.worldmates.calls.audio.RouteActor
import com.worldmates.calls.audio.RouteEvent
import com.worldmates.calls.hasPictures
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.StateFlow

/** Follows the calls on the main thread. */
public class CallSound(
    private val context: Context,
    scope: CoroutineScope,
    private val phone: PhoneAudio = phoneAudio(context),
    time: TimeSource = TimeSource.Monotonic,
    onFailed: (AudioRoute) -> Unit = {},
    private val setHeld: (call: Long, held: Boolean) -> Unit,
) : AutoCloseable {
    private val system = context.getSystemService(AudioManager::class.java)
    private var telecom: PhoneAudio? = null
    private var devices: RouteEvent? = null
    private var confirmed: RouteEvent? = null
    private val switch = object : AudioSystem {
        override fun ask(route: AudioRoute) = (telecom ?: phone).ask(route)
        override fun release() = (telecom ?: phone).release()
    }
    private val actor = RouteActor(scope, switch, onFailed, time)
    private var calls = CallsSnapshot(ServerLink.DOWN, emptyList())
    private var interruption: Interruption = Interruption.None
    private var isStarted = false
    private var isOn = false
    private var isVideo = false

    private val focus = AudioFocusRequest.Builder(AudioManager.AUDIOFOCUS_GAIN_TRANSIENT_EXCLUSIVE)
        .setAudioAttributes(
            AudioAttributes.Builder()
                .setUsage(AudioAttributes.USAGE_VOICE_COMMUNICATION)
                .setContentType(AudioAttributes.CONTENT_TYPE_SPEECH)
                .build(),
        )
        .setAcceptsDelayedFocusGain(true)
        .setOnAudioFocusChangeListener(::focusChanged, Handler(Looper.getMainLooper()))
        .build()

    private val mode: ModeListener? = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) ModeListener(system, ::modeChanged) else null

    /** The routes as the system confirmed them. */
    public val routes: StateFlow<AudioRoutes> = actor.routes

    /** Begins to listen to the phone. */
    public fun start() {
        isStarted = true
        phone.start(::tellsPhone)
        mode?.start(context)
    }

    /** What the phone says counts while Telecom has no say, and afterwards again. */
    private fun tellsPhone(event: RouteEvent) {
        when (event) {
            is RouteEvent.Devices -> devices = event
            is RouteEvent.Confirmed -> confirmed = event
            else -> {}
        }
        if (telecom == null) actor.on(event)
    }

    /** Takes the present calls. */
    public fun sees(now: CallsSnapshot) {
        calls = now
        run(interruption.sees(now))
        val ours = now.calls.filter(CallSnapshot::wantsSound)
        val looks = ours.any { it.hasPictures }
        when {
            ours.isNotEmpty() && !isOn -> begin(looks)
            ours.isEmpty() && isOn -> end()
            isOn && looks != isVideo -> actor.on(RouteEvent.PictureChanged(looks))
        }
        isVideo = looks
    }

    /** The person chose a route. */
    public fun choose(route: AudioRoute): Unit = actor.on(RouteEvent.Chosen(route))

    /** While Telecom has a call of ours it also has its sound, and nobody else may move it; null when it has none. */
    public fun moveBy(telecom: PhoneAudio?) {
        if (this.telecom == telecom) {
            return
        }
        this.telecom?.close()
        this.telecom = telecom
        if (telecom != null) telecom.start(actor::on) else listOfNotNull(devices, confirmed).forEach(actor::on)
    }

    /** Telecom put [call] on hold for somebody else: it is taken up when that is over. */
    public fun heldByTelecom(call: Long): Unit = run(interruption.held(call))

    /** Gives everything back. Said twice it is as well. */
    override fun close() {
        if (isOn) end()
        moveBy(null)
        if (isStarted) {
            isStarted = false
            mode?.close()
            phone.close()
        }
    }

    private fun begin(looks: Boolean) {
        isOn = true
        val isTaken = system.mode == AudioManager.MODE_IN_CALL
        system.mode = AudioManager.MODE_IN_COMMUNICATION
        // Delayed during a call of the mobile network; the end of that is heard as the gain, or as the change of the mode.
        system.requestAudioFocus(focus)
        actor.on(RouteEvent.CallBegan(looks))
        if (isTaken) run(interruption.taken(calls))
    }

    private fun end() {
        isOn = false
        interruption = Interruption.None
        actor.on(RouteEvent.CallOver)
        system.abandonAudioFocusRequest(focus)
        system.mode = AudioManager.MODE_NORMAL
    }

    internal fun focusChanged(change: Int) {
        when (change) {
            AudioManager.AUDIOFOCUS_GAIN -> back()
            // An alarm or a voice that tells the way takes it for a moment as well; only a call of the network silences us.
            AudioManager.AUDIOFOCUS_LOSS, AudioManager.AUDIOFOCUS_LOSS_TRANSIENT ->
                if (system.mode == AudioManager.MODE_IN_CALL) modeChanged(system.mode)
            else -> {}
        }
    }

    internal fun modeChanged(mode: Int) {
        if (!isOn) {
            return
        }
        when {
            mode == AudioManager.MODE_IN_CALL -> run(interruption.taken(calls))
            (interruption as? Interruption.By)?.isMobileNetwork == true -> back()
        }
    }

    private fun back() {
        if (isOn && interruption is Interruption.By) {
            system.mode = AudioManager.MODE_IN_COMMUNICATION
            system.requestAudioFocus(focus)
            run(interruption.over(calls))
        }
    }

    private fun run(step: InterruptionStep) {
        interruption = step.state
        for (command in step.commands) {
            when (command) {
                is InterruptionCommand.SetHeld -> setHeld(command.call, command.held)
                InterruptionCommand.SoundTaken -> actor.on(RouteEvent.Interrupted)
                InterruptionCommand.SoundBack -> actor.on(RouteEvent.Resumed)
            }
        }
    }
}

private fun CallSnapshot.wantsSound(): Boolean = when (state) {
    CallState.Dialing, is CallState.RingingThere, CallState.Answering, is CallState.Talking -> true
    // It rings by the notification, at the ringer's volume.
    // Before a door there is nothing to hear.
    CallState.RingingHere, CallState.AtTheDoor, is CallState.Ended -> false
}

/** Apart, as the type does not exist before Android 12. */
private class ModeListener(private val system: AudioManager, onMode: (Int) -> Unit) : AutoCloseable {
    private val listener = AudioManager.OnModeChangedListener(onMode)

    fun start(context: Context) = system.addOnModeChangedListener(context.mainExecutor, listener)

    override fun close() = system.removeOnModeChangedListener(listener)
}
