package com.worldmates.calls.app.service

import android.Manifest
import android.app.Activity
import android.app.Notification
import android.content.ContextWrapper
import android.content.Intent
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.Picture
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.call
import com.worldmates.calls.app.notify.CallNotice
import com.worldmates.calls.app.notify.CallNotifications
import com.worldmates.calls.app.service.ServiceType.CAMERA
import com.worldmates.calls.app.service.ServiceType.MEDIA_PROJECTION
import com.worldmates.calls.app.service.ServiceType.MICROPHONE
import com.worldmates.calls.app.service.ServiceType.PHONE_CALL
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ServiceController

class CallServiceTest : AppTest() {
    override fun before() = grant(Manifest.permission.MANAGE_OWN_CALLS)

    @Test
    fun `a call that rings starts the service, which neither listens nor looks`() {
        grant(Manifest.permission.RECORD_AUDIO, Manifest.permission.CAMERA)
        calls.show(call(state = CallState.RingingHere, type = CallType.VIDEO))

        assertEquals(CallService::class.java.name, shadowOf(context).nextStartedService.component?.className)
        val service = started()

        assertEquals(setOf(PHONE_CALL), app.service.types.value)
        assertEquals(CallNotifications.INCOMING_ID, shadowOf(service.get()).lastForegroundNotificationId)
    }

    @Test
    fun `the types follow what is granted, what is used and what is seen`() {
        grant(Manifest.permission.RECORD_AUDIO)
        calls.show(call(picture = Picture.CAMERA))
        started()
        assertEquals(setOf(PHONE_CALL), app.service.types.value)

        Robolectric.buildActivity(Activity::class.java).setup()
        assertEquals(setOf(PHONE_CALL, MICROPHONE), app.service.types.value)

        grant(Manifest.permission.CAMERA)
        calls.show(call(picture = Picture.CAMERA, isMuted = true))
        assertEquals(setOf(PHONE_CALL, MICROPHONE, CAMERA), app.service.types.value)
    }

    @Test
    fun `what the service has it keeps when the app goes out of sight`() {
        grant(Manifest.permission.RECORD_AUDIO)
        val activity = Robolectric.buildActivity(Activity::class.java).setup()
        calls.show(call())
        started()

        activity.pause().stop()
        calls.show(call(isMuted = true))

        assertEquals(setOf(PHONE_CALL, MICROPHONE), app.service.types.value)
    }

    @Test
    fun `an agreed screen makes it a projection before the first picture of it`() {
        calls.show(call())
        started()

        app.agreeToScreen(1, Intent())

        assertEquals(setOf(PHONE_CALL, MEDIA_PROJECTION), app.service.types.value)
    }

    @Test
    fun `the consent to show the screen ends with the sharing`() {
        app.agreeToScreen(1, Intent())
        calls.show(call(picture = Picture.CAMERA, isSharing = true))

        calls.show(call())

        assertNull(app.screenConsent.value)
    }

    @Test
    fun `the service ends with the last call and takes its notification along`() {
        calls.show(call())
        val service = started()
        assertFalse(shadowOf(service.get()).isStoppedBySelf)

        calls.show(call(state = CallState.Ended(EndReason.THEY_HUNG_UP)))

        assertTrue(shadowOf(service.get()).isStoppedBySelf)
        assertTrue(shadowOf(service.get()).isForegroundStopped)
        assertTrue(shadowOf(service.get()).notificationShouldRemoved)
        service.destroy()
        assertFalse(app.service.isKept.value)
        assertEquals(emptySet<ServiceType>(), app.service.types.value)
    }

    @Test
    fun `a start that comes after the call still shows something, and ends`() {
        val service = started()

        assertEquals(CallNotifications.ONGOING_ID, shadowOf(service.get()).lastForegroundNotificationId)
        assertTrue(shadowOf(service.get()).isForegroundStopped)
        assertTrue(shadowOf(service.get()).isStoppedBySelf)
    }

    @Test
    fun `from ringing to talking one notification takes the place of the other`() {
        calls.show(call(state = CallState.RingingHere))
        val service = started()

        calls.show(call())

        assertEquals(CallNotifications.ONGOING_ID, shadowOf(service.get()).lastForegroundNotificationId)
        assertEquals(CallStyles.ONGOING, style(shadowOf(service.get()).lastForegroundNotification))
    }

    @Test
    fun `nothing is posted again that stands there already`() {
        calls.show(call())
        val service = started()
        val first = shadowOf(service.get()).lastForegroundNotification

        calls.show(call(showsVideo = true))

        assertSame(first, shadowOf(service.get()).lastForegroundNotification)
    }

    @Test
    fun `what only reads differently is posted under the same number, and nothing is started anew`() {
        calls.show(call())
        val service = started()
        val first = shadowOf(service.get()).lastForegroundNotification

        calls.show(call(isMuted = true))

        assertSame(first, shadowOf(service.get()).lastForegroundNotification)
        val now = notifications.getNotification(CallNotifications.ONGOING_ID)
        assertEquals(CallStyles.ONGOING, style(now))
        assertTrue(now.actions.any { it.title == "Unmute" })
    }

    @Test
    fun `a second call that rings is shown beside the service's`() {
        calls.show(call())
        started()

        calls.show(call(), call(id = 2, state = CallState.RingingHere, title = "Ігор"))

        val second = notifications.getNotification(CallNotifications.SECOND_ID)
        assertEquals("Ігор", second.extras.getString(Notification.EXTRA_TITLE))

        calls.show(call())
        assertNull(notifications.getNotification(CallNotifications.SECOND_ID))
    }

    @Test
    fun `a start that comes after the person signed out shows something as well`() {
        context.app = null
        val service = started()

        assertEquals(CallNotifications.ONGOING_ID, shadowOf(service.get()).lastForegroundNotificationId)
        assertTrue(shadowOf(service.get()).isStoppedBySelf)
    }

    @Test
    fun `the consent ends with the call it was given in, though nothing was shown`() {
        calls.show(call())
        app.agreeToScreen(1, Intent())

        calls.show(call(state = CallState.Ended(EndReason.THEY_HUNG_UP)), call(id = 2))

        assertNull(app.screenConsent.value)
    }

    @Test
    fun `where Android lets no service run the call goes on with a plain notification`() {
        calls.show(call())
        val service = Robolectric.buildService(CallService::class.java).create()
        shadowOf(service.get()).setThrowInStartForeground(SecurityException("not allowed"))
        service.startCommand(0, 1)

        assertTrue(shadowOf(service.get()).isStoppedBySelf)
        assertFalse(app.service.isKept.value)
        assertNull(style(notifications.getNotification(CallNotifications.PLAIN_ID)))
    }

    @Test
    fun `a start that Android refuses is tried again when the person sees the app, and not before`() {
        var tries = 0
        val refusing = object : ContextWrapper(context) {
            override fun startForegroundService(intent: Intent) = if (++tries < 2) {
                throw IllegalStateException("from the background")
            } else {
                super.startForegroundService(intent)
            }
        }
        val link = ServiceLink(refusing)
        val wish = ServiceWish(
            CallNotice.Incoming(1, "Олена", CallType.AUDIO, isQuiet = false), CallUse(false, false, false),
            isInForeground = false, isScreenAgreed = false,
        )

        assertFalse(link.wants(wish))
        assertFalse(link.wants(wish.copy(use = CallUse(true, false, false))))
        assertEquals(1, tries)

        assertTrue(link.wants(wish.copy(isInForeground = true)))
    }

    private fun started(): ServiceController<CallService> =
        Robolectric.buildService(CallService::class.java).create().startCommand(0, 1)

    private fun style(notification: Notification): String? = notification.extras.getString(Notification.EXTRA_TEMPLATE)

    private object CallStyles {
        const val ONGOING = "android.app.Notification\$CallStyle"
    }
}
