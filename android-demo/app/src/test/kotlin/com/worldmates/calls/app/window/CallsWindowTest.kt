package com.worldmates.calls.app.window

import android.Manifest.permission.CAMERA
import android.Manifest.permission.POST_NOTIFICATIONS
import android.Manifest.permission.RECORD_AUDIO
import android.app.Activity
import android.app.KeyguardManager
import android.content.ComponentName
import android.content.Intent
import android.content.pm.PackageManager
import android.view.WindowManager
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.Picture
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.TestCallsActivity
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import com.worldmates.calls.app.notify.CallActionReceiver
import com.worldmates.calls.app.notify.CallIntents
import com.worldmates.calls.app.notify.MissedNotice
import com.worldmates.calls.app.service.ServiceType
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

class CallsWindowTest : AppTest() {
    private val rings = call(id = 7, state = CallState.RingingHere)
    private val ringsWithPictures = call(id = 7, state = CallState.RingingHere, type = CallType.VIDEO)

    private val open = mutableListOf<ActivityController<*>>()

    override fun before() {
        shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_PICTURE_IN_PICTURE, true)
    }

    @Test
    fun `a call is shown over the locked screen and lights it, and nothing else is`() {
        val activity = opened().get()
        assertFalse(shadowOf(activity).showWhenLocked)

        calls.show(rings)
        assertTrue(shadowOf(activity).showWhenLocked)
        assertTrue(shadowOf(activity).turnScreenOn)

        calls.show(call(id = 7, state = CallState.Ended(EndReason.MISSED)))
        assertFalse(shadowOf(activity).showWhenLocked)
        assertFalse(shadowOf(activity).turnScreenOn)
    }

    @Test
    fun `over the locked screen the app closes with the call`() {
        shadowOf(service<KeyguardManager>()).setKeyguardLocked(true)
        calls.show(rings)
        val activity = opened().get()
        assertFalse(activity.isFinishing)

        calls.show()

        assertTrue(activity.isFinishing)
    }

    @Test
    fun `the screen stays on while there is something to look at`() {
        val activity = opened().get()
        calls.show(call())
        assertFalse(activity.staysOn())

        calls.show(call(showsVideo = true))
        assertTrue(activity.staysOn())
    }

    @Test
    fun `answer in the notification answers as the call came`() {
        grant(RECORD_AUDIO, CAMERA)
        calls.show(ringsWithPictures)

        opened(pressed(CallIntents(context).answer(7)))

        assertEquals(listOf("7: accept VIDEO"), calls.asked)
    }

    @Test
    fun `the intent that shows a call answers nothing`() {
        grant(RECORD_AUDIO)
        calls.show(rings)

        opened(pressed(CallIntents(context).show(7)))

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `an activity that Android makes again does not answer again`() {
        grant(RECORD_AUDIO)
        calls.show(rings)
        opened(pressed(CallIntents(context).answer(7))).recreate()

        assertEquals(listOf("7: accept AUDIO"), calls.asked)
    }

    @Test
    fun `an answer to a call that is gone does nothing`() {
        opened(pressed(CallIntents(context).answer(7)))

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `without the microphone Android asks first, and the answer waits for it`() {
        calls.show(rings)
        val activity = opened(pressed(CallIntents(context).answer(7))).get()

        assertEquals(listOf(RECORD_AUDIO), shadowOf(activity).lastRequestedPermission.requestedPermissions.toList())
        assertEquals(emptyList<String>(), calls.asked)

        grant(RECORD_AUDIO)
        answered(activity)

        assertEquals(listOf("7: accept AUDIO"), calls.asked)
    }

    @Test
    fun `who allows the microphone but not the camera answers without pictures of theirs`() {
        calls.show(ringsWithPictures)
        val activity = opened(pressed(CallIntents(context).answer(7))).get()

        grant(RECORD_AUDIO)
        answered(activity)

        assertEquals(listOf("7: accept VIDEO", "no camera"), calls.asked)
    }

    @Test
    fun `what a call without a microphone means is left to the engine`() {
        calls.show(rings)
        val activity = opened(pressed(CallIntents(context).answer(7))).get()

        answered(activity)

        assertEquals(listOf("7: accept AUDIO", "no microphone"), calls.asked)
    }

    @Test
    fun `the button in a chat starts a call by itself`() {
        grant(RECORD_AUDIO, CAMERA)

        opened(CallIntents(context).dial(456, CallType.VIDEO))

        assertEquals(listOf("dial 456 VIDEO"), calls.asked)
    }

    @Test
    fun `a second press reaches the activity that is there`() {
        grant(RECORD_AUDIO)
        val activity = opened()

        activity.newIntent(CallIntents(context).dial(456, CallType.AUDIO))

        assertEquals(listOf("dial 456 AUDIO"), calls.asked)
    }

    @Test
    fun `what another app puts into the launcher's intent calls nobody and answers nothing`() {
        grant(RECORD_AUDIO)
        calls.show(rings)
        val launcher = ComponentName(context, "com.worldmates.calls.app.Launcher")

        val activity = opened(CallIntents(context).dial(456, CallType.AUDIO).setComponent(launcher))
        activity.newIntent(pressed(CallIntents(context).answer(7)).setComponent(launcher))

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `the list of recent apps calls nobody again`() {
        grant(RECORD_AUDIO)
        val dial = CallIntents(context).dial(456, CallType.AUDIO)

        opened(Intent(dial).addFlags(Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY))
        assertEquals(emptyList<String>(), calls.asked)

        val activity = opened(dial).get()
        assertEquals(listOf("dial 456 AUDIO"), calls.asked)
        assertNull(CallIntents.read(activity.intent))
    }

    @Test
    fun `calling again asks for what calling asks for`() {
        val ended = call(id = 7, state = CallState.Ended(EndReason.NO_ANSWER))
        calls.show(ended)
        val activity = opened().get()

        activity.callsWindow.callAgain(ended)
        assertEquals(emptyList<String>(), calls.asked)
        grant(RECORD_AUDIO)
        answered(activity)

        assertEquals(listOf("7: dismiss", "dial 456 AUDIO"), calls.asked)
    }

    @Test
    fun `a group is called once the microphone was asked for`() {
        val activity = opened().get()

        activity.callsWindow.dialGroup(9, CallType.AUDIO)
        assertEquals(emptyList<String>(), calls.asked)
        grant(RECORD_AUDIO)
        answered(activity)

        assertEquals(listOf("dial group 9 AUDIO"), calls.asked)
    }

    @Test
    fun `what is pressed after the person signed out does nothing`() {
        grant(RECORD_AUDIO)
        calls.show(rings)
        val window = opened().get().callsWindow
        app.close()

        window.answer(7)
        window.dial(456, CallType.AUDIO)
        CallActionReceiver().onReceive(context, pressed(CallIntents(context).decline(7)))

        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `who wants to know whether they can be reached is asked for notifications first`() {
        var isChecked = false
        val activity = opened().get()

        activity.callsWindow.beReachable { isChecked = true }
        assertEquals(listOf(POST_NOTIFICATIONS), shadowOf(activity).lastRequestedPermission.requestedPermissions.toList())
        assertFalse(isChecked)
        answered(activity)

        assertTrue(isChecked)
    }

    @Test
    fun `missed calls are taken away by who can see them, not by a locked screen that lights up`() {
        app.notifications.show(MissedNotice("room-1", from = 456, who = "Олена", CallType.AUDIO))
        val window = opened().get().callsWindow
        shadowOf(service<KeyguardManager>()).setKeyguardLocked(true)
        window.seen()
        assertEquals(1, notifications.size())

        shadowOf(service<KeyguardManager>()).setKeyguardLocked(false)
        window.seen()
        assertEquals(0, notifications.size())
    }

    @Test
    fun `who said no once is told why, and may still say no`() {
        val activity = opened().get()
        activity.callsWindow.dial(456, CallType.AUDIO)
        answered(activity)
        calls.asked.clear()
        shadowOf(context.packageManager).setShouldShowRequestPermissionRationale(RECORD_AUDIO, true)

        activity.callsWindow.dial(456, CallType.AUDIO)
        val question = requireNotNull(activity.callsWindow.question.value)
        assertEquals(1, question.text.size)
        assertFalse(question.isInSettings)

        activity.callsWindow.questionAnswered(isYes = false)
        assertNull(activity.callsWindow.question.value)
        assertEquals(listOf("dial 456 AUDIO", "no microphone"), calls.asked)
    }

    @Test
    fun `who said never is led to the settings`() {
        val activity = opened().get()
        activity.callsWindow.dial(456, CallType.AUDIO)
        answered(activity)
        calls.asked.clear()

        activity.callsWindow.dial(456, CallType.AUDIO)
        assertTrue(requireNotNull(activity.callsWindow.question.value).isInSettings)
        activity.callsWindow.questionAnswered(isYes = true)

        val settings = shadowOf(activity).nextStartedActivity
        assertEquals("android.settings.APPLICATION_DETAILS_SETTINGS", settings.action)
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    @Config(sdk = [29])
    fun `a call with pictures goes on in a small window, one by voice does not`() {
        calls.show(call())
        val activity = opened()
        activity.userLeaving()
        assertFalse(activity.get().isInPictureInPictureMode)

        calls.show(call(showsVideo = true))
        activity.userLeaving()
        assertTrue(activity.get().isInPictureInPictureMode)
    }

    @Test
    fun `what goes into the small window is a call with pictures that is talked in`() {
        assertNull(smallWindowOf(calls(call())))
        assertNull(smallWindowOf(calls(ringsWithPictures)))
        assertNull(smallWindowOf(calls(call(picture = Picture.CAMERA, isHeld = true))))
        assertEquals(SmallWindow(1, isMuted = true), smallWindowOf(calls(call(picture = Picture.CAMERA, isMuted = true))))
        assertNotNull(smallWindowOf(calls(call(id = 1, isHeld = true), call(id = 2, showsVideo = true))))
    }

    @Test
    fun `the screen of the activity knows when it is small`() {
        val activity = opened().get()

        activity.callsWindow.smallChanged(true)

        assertTrue(activity.callsWindow.isSmall.value)
    }

    @Test
    fun `our screen is shown once the person agreed and the service is a projection`() {
        calls.show(call())
        val activity = opened().get()
        activity.callsWindow.screenOn(1)
        assertEquals(emptyList<String>(), calls.asked)

        val asked = shadowOf(activity).nextStartedActivityForResult
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent())
        assertEquals(emptyList<String>(), calls.asked)

        app.service.runs(setOf(ServiceType.PHONE_CALL, ServiceType.MEDIA_PROJECTION))
        assertEquals(listOf("1: share screen true"), calls.asked)
        calls.show(call(picture = Picture.CAMERA, isSharing = true))
        scheduler.advanceTimeBy(10_000)
        assertNotNull(app.screenConsent.value)
    }

    @Test
    fun `a consent that nothing was shown with does not outlive the attempt`() {
        calls.show(call())
        val activity = opened().get()
        activity.callsWindow.screenOn(1)
        shadowOf(activity).receiveResult(shadowOf(activity).nextStartedActivityForResult.intent, Activity.RESULT_OK, Intent())
        app.service.runs(setOf(ServiceType.PHONE_CALL, ServiceType.MEDIA_PROJECTION))
        assertNotNull(app.screenConsent.value)

        scheduler.advanceTimeBy(10_000)

        assertNull(app.screenConsent.value)
    }

    @Test
    fun `who does not agree shows nothing`() {
        calls.show(call())
        val activity = opened().get()
        activity.callsWindow.screenOn(1)

        val asked = shadowOf(activity).nextStartedActivityForResult
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_CANCELED, null)

        assertEquals(emptyList<String>(), calls.asked)
        assertNull(app.screenConsent.value)
    }

    @Test
    fun `a service that does not become a projection ends the wish to share`() {
        calls.show(call())
        val activity = opened().get()
        activity.callsWindow.screenOn(1)
        shadowOf(activity).receiveResult(shadowOf(activity).nextStartedActivityForResult.intent, Activity.RESULT_OK, Intent())

        scheduler.advanceTimeBy(10_000)

        assertEquals(emptyList<String>(), calls.asked)
        assertNull(app.screenConsent.value)
    }

    private fun opened(intent: Intent = Intent()): ActivityController<TestCallsActivity> =
        Robolectric.buildActivity(TestCallsActivity::class.java, intent).setup().also { open += it }

    @After
    fun closeActivities() = open.forEach { it.close() }

    private fun pressed(intent: android.app.PendingIntent): Intent = shadowOf(intent).savedIntent

    private fun answered(activity: TestCallsActivity) {
        val asked = shadowOf(activity).lastRequestedPermission
        activity.onRequestPermissionsResult(asked.requestCode, asked.requestedPermissions, IntArray(asked.requestedPermissions.size))
    }

    private fun Activity.staysOn(): Boolean =
        window.attributes.flags and WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON != 0
}
