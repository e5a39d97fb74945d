// What the activity of calls does, apart from its screens: a plain class, so that it needs no androidx and is tested.
package com.worldmates.calls.app.window

import android.app.Activity
import android.app.KeyguardManager
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.provider.Settings
import android.view.WindowManager
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsException
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Picture
import com.worldmates.calls.app.CallsApp
import com.worldmates.calls.app.notify.CallAction
import com.worldmates.calls.app.notify.CallIntents
import com.worldmates.calls.app.notify.CallRequest
import com.worldmates.calls.app.permissions.AskedBefore
import com.worldmates.calls.app.permissions.CallPermission
import com.worldmates.calls.app.permissions.Moment
import com.worldmates.calls.app.permissions.PermissionStep
import com.worldmates.calls.app.permissions.Turn
import com.worldmates.calls.app.permissions.permissionFacts
import com.worldmates.calls.app.permissions.permissionStep
import com.worldmates.calls.app.unlessClosed
import com.worldmates.calls.again
import com.worldmates.calls.hasPictures
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/** A question that the screen shows before, or in place of, Android's own. */
public data class PermissionQuestion(
    /** What it is about, in the words of the phone's language. */
    val text: List<String>,
    /** Whether yes leads to the settings, and not to Android's question. */
    val isInSettings: Boolean,
)

/** The activity hands its life on to this; see `src/compose`. */
public class CallsWindow(private val activity: Activity, private val app: CallsApp) {
    private class Walk(val moment: Moment, val then: (without: Set<CallPermission>) -> Unit)

    private val asked = AskedBefore(activity)
    private val small = SmallWindowKeeper(activity) { app.words }
    private val screen = ScreenShare(activity, app)
    private val smallNow = MutableStateFlow(false)
    private val questionNow = MutableStateFlow<PermissionQuestion?>(null)
    private val troubleNow = MutableStateFlow<CallsException?>(null)
    private var walk: Walk? = null
    private var job: Job? = null

    /** Whether the screen is Android's small window: then it shows pictures and nothing to press. */
    public val isSmall: StateFlow<Boolean> = smallNow.asStateFlow()

    /** A question for the person; null if there is none. */
    public val question: StateFlow<PermissionQuestion?> = questionNow.asStateFlow()

    /** Why a call could not even begin; null if it could. */
    public val trouble: StateFlow<CallsException?> = troubleNow.asStateFlow()

    /** `onCreate`. [isNew] is false when Android made the activity again: what was pressed then is done already. */
    public fun created(isNew: Boolean) {
        job = app.scope.launch { app.calls.snapshots.collect(::sees) }
        if (isNew) {
            newIntent(activity.intent)
        }
    }

    /** `onNewIntent`. */
    public fun newIntent(intent: Intent) {
        if (!isOurs(intent)) {
            return
        }
        when (val request = CallIntents.read(intent)) {
            is CallRequest.About -> if (request.action == CallAction.ANSWER) answer(request.call)
            is CallRequest.Dial -> dial(request.user, request.type)
            null -> return
        }
        // Android keeps it for as long as the activity, and would hand it to one that it makes again.
        activity.intent = Intent(activity, activity.javaClass)
    }

    /**
     * Whether somebody asks for something now who may. The activity itself is closed to other apps; the launcher's door to it
     * is not, and whoever comes through that can have put anything into the intent. What comes from the list of recent apps
     * was asked for, and done, at some time before.
     */
    private fun isOurs(intent: Intent): Boolean =
        intent.component?.className == activity.javaClass.name && intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY == 0

    /** `onUserLeaveHint`. */
    public fun userLeaves() {
        // From Android 12 on it enters by itself.
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
            small.leaves(smallWindowOf(app.calls.snapshots.value))
        }
    }

    /** `onPictureInPictureModeChanged`. */
    public fun smallChanged(isSmall: Boolean) {
        smallNow.value = isSmall
    }

    /** `onRequestPermissionsResult`. */
    public fun permissionsAnswered(code: Int) {
        if (code == PERMISSIONS) goOn(Turn.ASKED)
    }

    /** `onActivityResult`. */
    public fun activityAnswered(code: Int, result: Int, data: Intent?): Unit = screen.answered(code, result, data)

    /** `onStart`: who sees the app has seen what was missed, unless it stands over the locked screen. */
    public fun seen() {
        if (!activity.getSystemService(KeyguardManager::class.java).isKeyguardLocked) app.notifications.clearMissed()
    }

    /** `onDestroy`. */
    public fun destroyed() {
        job?.cancel()
        walk = null
    }

    /** Calls [user]. */
    public fun dial(user: Long, type: CallType) {
        val moment = if (type == CallType.VIDEO) Moment.DIAL_VIDEO else Moment.DIAL_AUDIO
        begin(moment) { without -> tries(without) { app.calls.dial(user, type) } }
    }

    /** Calls a group. */
    public fun dialGroup(group: Long, type: CallType) {
        val moment = if (type == CallType.VIDEO) Moment.DIAL_VIDEO else Moment.DIAL_AUDIO
        begin(moment) { without -> tries(without) { app.calls.dialGroup(group, type) } }
    }

    private fun tries(without: Set<CallPermission>, what: suspend () -> Unit) {
        app.scope.launch {
            try {
                what()
                lacks(without)
            } catch (failed: CallsException) {
                troubleNow.value = failed
            }
        }
    }

    /** Calls again whom [ended] was with, as it was. */
    public fun callAgain(ended: CallSnapshot) {
        val moment = if (ended.callType == CallType.VIDEO) Moment.DIAL_VIDEO else Moment.DIAL_AUDIO
        begin(moment) { without ->
            tries(without) { app.calls.again(ended) }
        }
    }

    /** Answers a call, as what it came as unless [type] says otherwise. */
    public fun answer(call: Long, type: CallType? = null) {
        val snapshot = app.snapshot(call) ?: return
        val wanted = type ?: snapshot.callType
        val moment = if (wanted == CallType.VIDEO) Moment.ANSWER_VIDEO else Moment.ANSWER_AUDIO
        begin(moment) { without ->
            unlessClosed {
                app.calls.call(call).accept(wanted)
                lacks(without)
            }
        }
    }

    /** Shows our camera. */
    public fun cameraOn(call: Long): Unit = begin(Moment.CAMERA_ON) { without ->
        unlessClosed {
            app.calls.call(call).show(Picture.CAMERA)
            lacks(without)
        }
    }

    /** Shows our screen, once the person agreed in Android's own question. */
    public fun screenOn(call: Long): Unit = screen.ask(call)

    /** The list of sound routes opens. */
    public fun routesOpened(): Unit = begin(Moment.CHOOSE_ROUTE) {}

    /** The person wants to be reached; [then] comes when it was asked for, whatever they said. */
    public fun beReachable(then: () -> Unit): Unit = begin(Moment.BE_REACHABLE) { then() }

    /** [trouble] was told. */
    public fun troubleSeen() {
        troubleNow.value = null
    }

    /** The person answered [question]. */
    public fun questionAnswered(isYes: Boolean) {
        val isInSettings = questionNow.value?.isInSettings ?: return
        questionNow.value = null
        if (isInSettings && isYes) {
            activity.startActivity(
                Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", activity.packageName, null)),
            )
            // What they wanted is done when they come back and press again, with what they allowed.
            walk = null
            return
        }
        goOn(if (isInSettings) Turn.LED else if (isYes) Turn.EXPLAINED else Turn.ASKED)
    }

    private fun begin(moment: Moment, then: (without: Set<CallPermission>) -> Unit) {
        walk = Walk(moment, then)
        goOn(Turn.FIRST)
    }

    private fun goOn(turn: Turn) {
        val walk = walk ?: return
        when (val step = permissionStep(walk.moment, permissionFacts(activity, asked, turn))) {
            is PermissionStep.Explain -> ask(step.permissions, app.words.why, isInSettings = false)
            is PermissionStep.LeadToSettings -> ask(step.permissions, app.words.denied, isInSettings = true)
            is PermissionStep.Ask -> {
                asked.add(step.permissions)
                activity.requestPermissions(step.permissions.map { it.manifestName }.toTypedArray(), PERMISSIONS)
            }
            is PermissionStep.GoOn -> {
                this.walk = null
                walk.then(step.without)
            }
        }
    }

    private fun ask(permissions: Set<CallPermission>, words: Map<CallPermission, String>, isInSettings: Boolean) {
        questionNow.value = PermissionQuestion(permissions.mapNotNull(words::get), isInSettings)
    }

    /** Says what was not given; what that means for a call is the engine's matter. */
    private fun lacks(without: Set<CallPermission>) {
        if (CallPermission.MICROPHONE in without) app.calls.noMicrophone()
        if (CallPermission.CAMERA in without) app.calls.noCamera()
    }

    private fun sees(now: CallsSnapshot) {
        val live = now.calls.filter { it.state !is CallState.Ended }
        overLock(live.isNotEmpty())
        keepOn(live.any { it.state == CallState.RingingHere || it.hasPictures })
        small.keeps(smallWindowOf(now))
        // Over the locked screen there is a call or nothing: not the history, and not the messages.
        if (now.calls.isEmpty() && activity.getSystemService(KeyguardManager::class.java).isKeyguardLocked) {
            activity.finish()
        }
    }

    /** Only a call is shown over the locked screen, and only a call lights it up. */
    private fun overLock(isOver: Boolean) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O_MR1) {
            activity.setShowWhenLocked(isOver)
            activity.setTurnScreenOn(isOver)
        } else {
            @Suppress("DEPRECATION") // The only way on Android 8.0.
            flag(WindowManager.LayoutParams.FLAG_SHOW_WHEN_LOCKED or WindowManager.LayoutParams.FLAG_TURN_SCREEN_ON, isOver)
        }
    }

    private fun keepOn(isOn: Boolean) = flag(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON, isOn)

    private fun flag(flags: Int, isOn: Boolean) = if (isOn) activity.window.addFlags(flags) else activity.window.clearFlags(flags)

    private companion object {
        const val PERMISSIONS = 4_310
    }
}
