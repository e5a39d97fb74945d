// Tells Telecom of our calls, and hands on what it wants of them. Where Telecom does not play along, calls do without.
package com.worldmates.calls.app.telecom

import android.content.ComponentName
import android.content.Context
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.telecom.CallAudioState
import android.telecom.PhoneAccount
import android.telecom.PhoneAccountHandle
import android.telecom.TelecomManager
import android.telecom.VideoProfile
import com.worldmates.calls.CallsSnapshot
import kotlin.time.Duration
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

/** What the rest of the app does with what Telecom wants. */
public interface TelecomWishes {
    public fun answer(call: Long, isVideo: Boolean)
    public fun reject(call: Long)
    public fun hangUp(call: Long)
    public fun hold(call: Long)
    public fun unhold(call: Long)
    public fun silence(call: Long)

    /** Telecom moves the sound from now on; null: it does not. */
    public fun sound(by: TelecomAudio?)
}

/** Runs [TelecomState] on the main thread. */
public class TelecomCalls(
    private val context: Context,
    private val scope: CoroutineScope,
    private val wishes: TelecomWishes,
    time: TimeSource = TimeSource.Monotonic,
) : ConnectionEvents {
    private val system: TelecomManager? = context.getSystemService(TelecomManager::class.java)
    private val account = PhoneAccountHandle(ComponentName(context, CallConnectionService::class.java), "calls")
    private val began = time.markNow()
    private val connections = mutableMapOf<Long, CallConnection>()
    private var state = TelecomState()
    private var timer: Job? = null
    private var audio: TelecomAudio? = null

    /** Whether Telecom plays along at all on this phone. */
    public var isThere: Boolean = false
        private set

    /** Registers the app's account, each time anew: Android forgets it when the app is updated. */
    public fun register(label: String) {
        isThere = hasTelecom() && tries {
            val own = PhoneAccount.builder(account, label)
                .setCapabilities(PhoneAccount.CAPABILITY_SELF_MANAGED)
                .addSupportedUriScheme(PhoneAccount.SCHEME_SIP)
                .build()
            system?.registerPhoneAccount(own)
        }
    }

    /** Takes the present calls. */
    public fun sees(now: CallsSnapshot) {
        if (isThere) {
            run(state.sees(began.elapsedNow(), now))
        }
    }

    /** Telecom asks for the call that it was told of. */
    public fun connect(call: Long): CallConnection {
        val connection = CallConnection(call, this)
        connection.setAddress(addressOf(call), TelecomManager.PRESENTATION_ALLOWED)
        connections[call] = connection
        run(state.took(call))
        return connection
    }

    /** Telecom would not take it. */
    public fun refused(call: Long) {
        state = state.refused(call)
        wakeInTime()
    }

    override fun answer(call: Long, isVideo: Boolean): Unit = wishes.answer(call, isVideo)
    override fun reject(call: Long): Unit = wishes.reject(call)
    override fun hangUp(call: Long): Unit = wishes.hangUp(call)
    override fun hold(call: Long): Unit = wishes.hold(call)
    override fun unhold(call: Long): Unit = wishes.unhold(call)
    override fun silence(call: Long): Unit = wishes.silence(call)

    override fun sound(call: Long, state: CallAudioState) {
        val connection = connections[call] ?: return
        val present = audio?.takeIf { it.connection === connection } ?: TelecomAudio(connection).also {
            audio = it
            wishes.sound(it)
        }
        present.sees(state)
    }

    override fun gone(call: Long) {
        val connection = connections.remove(call)
        if (audio != null && audio?.connection === connection) {
            audio = null
            wishes.sound(null)
        }
    }

    private fun run(step: TelecomStep) {
        state = step.state
        for (command in step.commands) {
            when (command) {
                is TelecomCommand.Add -> if (!add(command)) refused(command.call)
                is TelecomCommand.Show -> connections[command.call]?.show(command.stage)
                is TelecomCommand.End -> connections[command.call]?.end(command.why)
            }
        }
        wakeInTime()
    }

    private fun add(command: TelecomCommand.Add): Boolean = tries {
        val manager = checkNotNull(system) { "Telecom was there when the app registered" }
        val video = if (command.isVideo) VideoProfile.STATE_BIDIRECTIONAL else VideoProfile.STATE_AUDIO_ONLY
        val address = addressOf(command.call)
        val extras = Bundle()
        if (command.isIncoming) {
            extras.putParcelable(TelecomManager.EXTRA_INCOMING_CALL_ADDRESS, address)
            extras.putInt(TelecomManager.EXTRA_INCOMING_VIDEO_STATE, video)
            manager.addNewIncomingCall(account, extras)
        } else {
            extras.putParcelable(TelecomManager.EXTRA_PHONE_ACCOUNT_HANDLE, account)
            extras.putInt(TelecomManager.EXTRA_START_CALL_WITH_VIDEO_STATE, video)
            // MANAGE_OWN_CALLS is enough for a call of one's own account, and is granted with the app.
            manager.placeCall(address, extras)
        }
    }

    private fun wakeInTime() {
        timer?.cancel()
        timer = state.deadline?.let { deadline ->
            scope.launch {
                delay(deadline - began.elapsedNow())
                state = state.passed(now())
                timer = null
                wakeInTime()
            }
        }
    }

    private fun now(): Duration = began.elapsedNow()

    private fun hasTelecom(): Boolean {
        val feature = if (Build.VERSION.SDK_INT >= 33) PackageManager.FEATURE_TELECOM else PackageManager.FEATURE_CONNECTION_SERVICE
        return system != null && context.packageManager.hasSystemFeature(feature)
    }

    /** Whether Telecom took it. Makers of phones throw what they like here; none of it is worth a call. */
    private fun tries(what: () -> Unit): Boolean = try {
        what()
        true
    } catch (refused: SecurityException) {
        false
    } catch (refused: UnsupportedOperationException) {
        false
    } catch (refused: IllegalArgumentException) {
        false
    } catch (refused: IllegalStateException) {
        false
    }
}

/** The address names the call and nobody in it: Telecom hands it to whoever shows calls. */
internal fun addressOf(call: Long): Uri = Uri.fromParts(PhoneAccount.SCHEME_SIP, "call-$call", null)

/** The call that an address names. */
internal fun callOf(address: Uri?): Long? = address?.schemeSpecificPart?.removePrefix("call-")?.toLongOrNull()
