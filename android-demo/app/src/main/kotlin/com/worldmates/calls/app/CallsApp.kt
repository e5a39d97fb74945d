// Puts the parts around the calls together: each sees the same snapshots, none knows another.
package com.worldmates.calls.app

import android.content.Context
import android.content.Intent
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.ServerLink
import com.worldmates.calls.app.audio.CallSound
import com.worldmates.calls.app.audio.PhoneAudio
import com.worldmates.calls.app.audio.phoneAudio
import com.worldmates.calls.app.device.FrameLimit
import com.worldmates.calls.app.device.NetworkWatcher
import com.worldmates.calls.app.device.frameLimit
import com.worldmates.calls.app.device.frameLimits
import com.worldmates.calls.app.guards.PhoneLocks
import com.worldmates.calls.app.guards.guardsFor
import com.worldmates.calls.app.guards.holdWhile
import com.worldmates.calls.app.notify.CallNotice
import com.worldmates.calls.app.notify.CallNotifications
import com.worldmates.calls.app.notify.missedOf
import com.worldmates.calls.app.notify.noticesOf
import com.worldmates.calls.app.permissions.CallPermission
import com.worldmates.calls.app.permissions.grantedPermissions
import com.worldmates.calls.app.push.PushReceiver
import com.worldmates.calls.app.service.CallUse
import com.worldmates.calls.app.service.ServiceLink
import com.worldmates.calls.app.service.ServiceWish
import com.worldmates.calls.app.service.use
import com.worldmates.calls.app.telecom.TelecomAudio
import com.worldmates.calls.app.telecom.TelecomCalls
import com.worldmates.calls.app.telecom.TelecomWishes
import com.worldmates.calls.showsScreen
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch

/** Everything that an Android app needs around [calls]. Made, used and closed on the main thread, where [scope] runs. */
public class CallsApp(
    private val context: Context,
    public val calls: Calls,
    public val scope: CoroutineScope,
    visibility: Visibility,
    me: () -> Long?,
    audio: PhoneAudio = phoneAudio(context),
    time: TimeSource = TimeSource.Monotonic,
    private val onClose: () -> Unit = {},
) : AutoCloseable {
    private val locks = PhoneLocks(context)
    private val silenced = MutableStateFlow(emptySet<Long>())
    private val unseen = MutableStateFlow(emptySet<Long>())
    private val agreed = MutableStateFlow<Agreed?>(null)
    private val consent = MutableStateFlow<Intent?>(null)
    private val network = NetworkWatcher(context, scope, time) { unlessClosed { calls.networkChanged() } }
    private val failedRoutes = MutableSharedFlow<AudioRoute>(extraBufferCapacity = 1)
    private val isSeen = visibility.isSeen
    private val jobs = mutableListOf<Job>()
    private var isClosed = false
    private var before = CallsSnapshot(calls.snapshots.value.server, emptyList())

    /** Routes that the phone would not take the sound to, as it happens. */
    public val routesFailed: SharedFlow<AudioRoute> get() = failedRoutes.asSharedFlow()

    /** The words of the phone's language. */
    public val words: Words
        get() = wordsOf(languageOf(context.resources.configuration.locales[0]))

    /** Notifications of calls. */
    public val notifications: CallNotifications = CallNotifications(context, ::words)

    /** The foreground service. */
    public val service: ServiceLink = ServiceLink(context)

    /** The sound of calls. */
    public val sound: CallSound = CallSound(context, scope, audio, time, { failedRoutes.tryEmit(it) }) { call, held ->
        unlessClosed { calls.call(call).setHeld(held) }
    }

    /** Telecom's view of the calls. */
    public val telecom: TelecomCalls = TelecomCalls(context, scope, Wishes(), time)

    /** Where pushes go. */
    public val pushes: PushReceiver = PushReceiver(calls, me, notifications::show, locks::wakeBriefly)

    /** The most that the camera gives, as warm as the phone is. Followed always, as the camera only looks at the value. */
    public val frames: StateFlow<FrameLimit> =
        frameLimits(context).stateIn(scope, SharingStarted.Eagerly, frameLimit(status = 0))

    /** Begins to follow the calls. */
    public fun start() {
        notifications.createChannels()
        notifications.clearOld()
        telecom.register(context.applicationInfo.loadLabel(context.packageManager).toString())
        sound.start()
        network.start()
        jobs += scope.launch { calls.snapshots.collect(::sees) }
        jobs += scope.launch {
            val said = combine(calls.snapshots, silenced, unseen, ::noticesOf)
            combine(calls.snapshots, said, isSeen, agreed, service.isKept) { now, notices, seen, screen, _ ->
                Shown(notices, wishOf(now, notices.firstOrNull(), seen, screen != null))
            }.collect(::show)
        }
        // Who sees the app needs no screen opened, now or later.
        jobs += scope.launch { isSeen.collect { if (it) unseen.value = emptySet() } }
        jobs += scope.launch {
            holdWhile(combine(calls.snapshots, sound.routes) { now, routes -> guardsFor(now, routes.current?.kind) }, locks)
        }
    }

    /** The call with this id as it is now. */
    public fun snapshot(call: Long): CallSnapshot? = calls.snapshots.value.calls.firstOrNull { it.id == call }

    /** What Android gave when the person agreed to show the screen: whoever takes its pictures needs it, once. */
    public val screenConsent: StateFlow<Intent?> = consent.asStateFlow()

    /** The person agreed, in Android's own question, to show the screen in [call], and in no other. */
    public fun agreeToScreen(call: Long, consent: Intent): Unit = agree(Agreed(call, consent))

    /** Nothing of the screen is shown after all. */
    public fun withdrawScreen(): Unit = agree(null)

    private fun agree(now: Agreed?) {
        consent.value = now?.consent
        agreed.value = now
    }

    /** Gives everything back, in the middle of a call as well. Said twice it is as well. */
    override fun close() {
        if (isClosed) return
        isClosed = true
        jobs.forEach(Job::cancel)
        network.close()
        // Telecom first: what it still holds of ours it would go on answering, holding and moving the sound of.
        telecom.sees(CallsSnapshot(ServerLink.DOWN, emptyList()))
        sound.close()
        withdrawScreen()
        service.wants(null)
        notifications.show(emptyList(), ofService = null)
        onClose()
    }

    private fun sees(now: CallsSnapshot) {
        sound.sees(now)
        telecom.sees(now)
        missedOf(before, now).forEach(notifications::show)
        // Android's consent is for one sharing, in one call: the next one asks anew.
        agreed.value?.let { if (!it.holds(before, now)) withdrawScreen() }
        silenced.value = silenced.value intersect now.calls.map { it.id }.toSet()
        before = now
    }

    private fun show(now: Shown) {
        val isKept = service.wants(now.wish)
        notifications.show(now.notices, ofService = now.wish?.notice.takeIf { isKept })
    }

    private fun wishOf(now: CallsSnapshot, notice: CallNotice?, isSeen: Boolean, isAgreed: Boolean): ServiceWish? {
        if (notice == null) return null
        val uses = now.calls.mapNotNull(CallSnapshot::use)
        val use = CallUse(
            microphone = uses.any { it.microphone },
            camera = uses.any { it.camera },
            // Android 14 wants the service before the first picture of the screen.
            screen = isAgreed || uses.any { it.screen },
        )
        return ServiceWish(notice, use, isSeen, isAgreed)
    }

    private class Agreed(private val call: Long, val consent: Intent) {
        fun holds(before: CallsSnapshot, now: CallsSnapshot): Boolean {
            val present = now.calls.firstOrNull { it.id == call && it.state !is CallState.Ended } ?: return false
            val wasShown = before.calls.any { it.id == call && it.showsScreen }
            return !wasShown || present.showsScreen
        }
    }

    private data class Shown(val notices: List<CallNotice>, val wish: ServiceWish?)

    private inner class Wishes : TelecomWishes {
        override fun answer(call: Long, isVideo: Boolean) {
            val type = snapshot(call)?.callType ?: return
            val wanted = if (isVideo) type else CallType.AUDIO
            if (!isSeen.value) unseen.value += call
            unlessClosed {
                calls.call(call).accept(wanted)
                // Nobody can be asked now: without a screen what was not allowed before is not allowed.
                val granted = context.grantedPermissions()
                if (CallPermission.MICROPHONE !in granted) calls.noMicrophone()
                if (wanted == CallType.VIDEO && CallPermission.CAMERA !in granted) calls.noCamera()
            }
        }

        override fun reject(call: Long) = unlessClosed { calls.call(call).reject() }

        /** Telecom's hang-up is also what it says to a call that it makes way for. */
        override fun hangUp(call: Long) = unlessClosed {
            val rings = snapshot(call)?.state == CallState.RingingHere
            if (rings) calls.call(call).reject() else calls.call(call).hangUp()
        }

        override fun hold(call: Long) = sound.heldByTelecom(call)

        override fun unhold(call: Long) = unlessClosed { calls.call(call).setHeld(false) }

        override fun silence(call: Long) {
            silenced.value += call
        }

        override fun sound(by: TelecomAudio?) = sound.moveBy(by)
    }
}
