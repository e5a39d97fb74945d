package com.worldmates.calls.app

import android.Manifest
import android.app.Activity
import android.app.Notification
import android.app.NotificationManager
import android.content.pm.PackageManager
import android.net.ConnectivityManager
import android.os.PowerManager
import android.telecom.Connection
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.device.FrameLimit
import com.worldmates.calls.app.device.NetworkFace
import com.worldmates.calls.app.device.NetworkWatcher
import com.worldmates.calls.app.notify.CallChannels
import com.worldmates.calls.app.notify.CallNotice
import com.worldmates.calls.app.notify.CallNotifications
import com.worldmates.calls.app.push.PushOutcome
import com.worldmates.calls.app.service.CallService
import com.worldmates.calls.app.service.ServiceType
import java.time.Instant
import kotlinx.coroutines.ExperimentalCoroutinesApi
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf

@OptIn(ExperimentalCoroutinesApi::class)
class CallsAppTest : AppTest() {
    override fun before() {
        grant(Manifest.permission.MANAGE_OWN_CALLS, Manifest.permission.RECORD_AUDIO)
        shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_TELECOM, true)
        val ghost = Notification.Builder(context, CallChannels.INCOMING).build()
        service<NotificationManager>().notify(CallNotifications.INCOMING_ID, ghost)
        service<NotificationManager>().notify(CallNotifications.SECOND_ID, ghost)
        assertEquals(2, notifications.size())
    }

    @Test
    fun `from the push to the end of the call`() {
        val push = mapOf(
            "type" to "call:incoming", "roomName" to "room-1", "fromId" to "123", "fromName" to "Олена",
            "callType" to "audio", "expiresAt" to "1638360045000",
        )
        assertEquals(PushOutcome.RINGS, app.pushes.take(push, Instant.ofEpochMilli(1_638_360_000_000)))
        assertEquals(listOf("woken room-1 123 Олена AUDIO 45000"), calls.asked)

        calls.show(call(state = CallState.RingingHere))
        assertEquals(CallService::class.java.name, shadowOf(context).nextStartedService.component?.className)
        val service = Robolectric.buildService(CallService::class.java).create().startCommand(0, 1)
        assertEquals(setOf(ServiceType.PHONE_CALL), app.service.types.value)

        val activity = Robolectric.buildActivity(Activity::class.java).setup()
        calls.show(call())
        assertEquals(setOf(ServiceType.PHONE_CALL, ServiceType.MICROPHONE), app.service.types.value)

        calls.show(call(state = CallState.Ended(EndReason.THEY_HUNG_UP)))
        assertTrue(shadowOf(service.get()).isStoppedBySelf)
        assertNull(app.service.wish.value)
        activity.close()
    }

    @Test
    fun `a push that came too late leaves one missed call and rings nothing`() {
        calls.show(call(state = CallState.Ended(EndReason.MISSED)))

        assertEquals(1, notifications.size())
        assertNull(app.service.wish.value)
        assertNull(shadowOf(context).nextStartedService)
    }

    @Test
    fun `when Android lets no service start, the ringing is shown all the same`() {
        app.service.failed()
        calls.show(call(state = CallState.RingingHere, type = CallType.VIDEO))
        app.service.failed()

        assertEquals(CallNotice.Incoming(1, "Олена", CallType.VIDEO, isQuiet = false), app.service.wish.value?.notice)
        assertTrue(notifications.getNotification(CallNotifications.SECOND_ID).fullScreenIntent != null)
    }

    @Test
    fun `closed in the middle of a call it leaves nothing behind`() {
        calls.show(call(state = CallState.RingingHere))
        app.service.failed()

        app.close()
        calls.show(call())

        assertEquals(0, notifications.size())
        assertNull(app.service.wish.value)
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `a change of the network is told once, when it has come to rest`() {
        var told = 0
        val watcher = NetworkWatcher(context, scope, scheduler.timeSource) { told += 1 }
        watcher.sees(NetworkFace(1, setOf("192.0.2.7")))
        watcher.sees(NetworkFace(2, setOf("198.51.100.9")))
        watcher.sees(NetworkFace(2, setOf("198.51.100.9", "2001:db8::9")))
        scheduler.advanceTimeBy(200)
        assertEquals(0, told)

        scheduler.advanceTimeBy(5_000)
        assertEquals(1, told)
    }

    @Test
    fun `who signs out in a call leaves it to nobody, not to Telecom either`() {
        calls.show(call())
        val connection = app.telecom.connect(1)

        app.close()
        connection.onHold()
        connection.onUnhold()
        connection.onDisconnect()
        val push = mapOf("type" to "call:incoming", "roomName" to "r", "fromId" to "1", "callType" to "audio", "expiresAt" to "5000")
        app.pushes.take(push, Instant.ofEpochMilli(1_000))

        assertEquals(Connection.STATE_DISCONNECTED, connection.state)
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `a process that begins takes away what one that died left ringing`() {
        // They stood there before this app began.
        assertEquals(0, notifications.size())
    }

    @Test
    fun `a phone that grows warm is heard of though nobody waits for it`() {
        assertEquals(FrameLimit(720, 30), app.frames.value)

        shadowOf(service<PowerManager>()).setCurrentThermalStatus(PowerManager.THERMAL_STATUS_SEVERE)

        assertEquals(FrameLimit(360, 15), app.frames.value)
    }

    @Test
    fun `started without a network, the first one that comes is a change`() {
        shadowOf(service<ConnectivityManager>()).setDefaultNetworkActive(false)
        shadowOf(service<ConnectivityManager>()).setActiveNetworkInfo(null)
        var told = 0
        val watcher = NetworkWatcher(context, scope, scheduler.timeSource) { told += 1 }
        watcher.start()

        watcher.sees(NetworkFace(1, setOf("192.0.2.7")))
        scheduler.advanceTimeBy(5_000)

        assertEquals(1, told)
        watcher.close()
    }
}
