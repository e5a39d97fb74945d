package com.worldmates.calls.app.telecom

import android.Manifest.permission.RECORD_AUDIO
import android.app.Activity
import android.content.ContextWrapper
import android.content.pm.PackageManager
import android.telecom.CallAudioState
import android.telecom.Connection
import android.telecom.DisconnectCause
import android.telecom.TelecomManager
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import com.worldmates.calls.app.notify.noticesOf
import com.worldmates.calls.audio.RouteEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf

class TelecomCallsTest : AppTest() {
    private val rings = call(id = 7, state = CallState.RingingHere)

    override fun before() {
        shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_TELECOM, true)
        grant(RECORD_AUDIO)
    }

    @Test
    fun `Telecom is told of a call that rings, by a number and no name`() {
        calls.show(rings)

        val told = shadowOf(service<TelecomManager>()).allIncomingCalls.single()
        assertEquals(addressOf(7), told.extras?.getParcelable(TelecomManager.EXTRA_INCOMING_CALL_ADDRESS, android.net.Uri::class.java))
        assertEquals("sip:call-7", addressOf(7).toString())
        assertEquals(7L, callOf(addressOf(7)))
    }

    @Test
    fun `Telecom takes a call by way of the service that it knows`() {
        calls.show(rings)
        val telecom = shadowOf(service<TelecomManager>())
        telecom.setConnectionService(Robolectric.buildService(CallConnectionService::class.java).create().get())

        val connection = requireNotNull(telecom.allowIncomingCall(telecom.onlyIncomingCall))

        assertEquals(Connection.STATE_RINGING, connection.state)
        assertEquals(7L, (connection as CallConnection).call)
        assertTrue(connection.connectionProperties and Connection.PROPERTY_SELF_MANAGED != 0)
    }

    @Test
    fun `a call that Telecom denies rings all the same, and is not waited for`() {
        calls.show(rings)
        val telecom = shadowOf(service<TelecomManager>())
        telecom.setConnectionService(Robolectric.buildService(CallConnectionService::class.java).create().get())

        telecom.denyIncomingCall(telecom.onlyIncomingCall)
        calls.show(call(id = 7))

        assertNotNull(app.service.wish.value)
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `Telecom is told of a call of ours`() {
        calls.show(call(id = 7, state = CallState.Dialing, direction = Direction.OUTGOING))

        assertEquals(1, shadowOf(service<TelecomManager>()).allOutgoingCalls.size)
    }

    @Test
    fun `a call goes through its states at Telecom and is destroyed there`() {
        calls.show(rings)
        val connection = app.telecom.connect(7)
        assertEquals(Connection.STATE_RINGING, connection.state)

        calls.show(call(id = 7))
        assertEquals(Connection.STATE_ACTIVE, connection.state)

        calls.show(call(id = 7, isHeld = true))
        assertEquals(Connection.STATE_HOLDING, connection.state)

        calls.show(call(id = 7, state = CallState.Ended(EndReason.THEY_HUNG_UP)))
        assertEquals(Connection.STATE_DISCONNECTED, connection.state)
        assertEquals(DisconnectCause.REMOTE, connection.disconnectCause.code)
    }

    @Test
    fun `answered from a headset with nobody looking, the screen opens, as only then anybody is heard`() {
        shadowOf(context).denyPermissions(RECORD_AUDIO)
        calls.show(rings)
        app.telecom.connect(7).onAnswer(0)
        calls.show(call(id = 7))

        val notice = requireNotNull(app.service.wish.value).notice
        assertEquals(listOf("7: accept AUDIO", "no microphone"), calls.asked)
        assertNotNull(app.notifications.draw(notice, isOfService = true).fullScreenIntent)

        val activity = Robolectric.buildActivity(Activity::class.java).setup()
        activity.pause().stop()
        val later = requireNotNull(app.service.wish.value).notice
        assertNull(app.notifications.draw(later, isOfService = true).fullScreenIntent)
        activity.close()
    }

    @Test
    fun `a car or a watch answers, declines, holds and hangs up`() {
        calls.show(call(id = 7, state = CallState.RingingHere, type = CallType.VIDEO))
        val connection = app.telecom.connect(7)
        connection.onAnswer(0)
        connection.onReject()
        connection.onDisconnect()
        calls.show(call(id = 7))
        connection.onHold()
        connection.onUnhold()
        connection.onDisconnect()

        assertEquals(
            listOf("7: accept AUDIO", "7: reject", "7: reject", "7: held true", "7: held false", "7: hang up"), calls.asked,
        )
    }

    @Test
    fun `the volume key silences a call that rings`() {
        calls.show(rings)
        val connection = app.telecom.connect(7)

        connection.onSilence()

        assertEquals(noticesOf(calls(rings), silenced = setOf(7)).single(), app.service.wish.value?.notice)
    }

    @Test
    fun `while Telecom has the call its sound is what is shown and asked for`() {
        calls.show(call(id = 7))
        val connection = app.telecom.connect(7)
        connection.onCallAudioStateChanged(
            CallAudioState(false, CallAudioState.ROUTE_SPEAKER, CallAudioState.ROUTE_SPEAKER or CallAudioState.ROUTE_EARPIECE),
        )

        val routes = app.sound.routes.value
        assertEquals(AudioRouteKind.SPEAKER, routes.current?.kind)
        assertEquals(listOf(AudioRouteKind.EARPIECE, AudioRouteKind.SPEAKER), routes.available.map { it.kind })
        assertEquals("it was asked for the ear", AudioRouteKind.EARPIECE, routes.pending?.kind)
        assertEquals(emptyList<String>(), phone.asked)
    }

    @Test
    fun `afterwards the phone's own word counts again`() {
        calls.show(call(id = 7))
        val connection = app.telecom.connect(7)
        connection.onCallAudioStateChanged(CallAudioState(false, CallAudioState.ROUTE_SPEAKER, CallAudioState.ROUTE_SPEAKER))

        val ear = AudioRoute(AudioRouteKind.EARPIECE, "EARPIECE", "")
        phone.tell(RouteEvent.Devices(listOf(ear)))
        phone.tell(RouteEvent.Confirmed(ear))
        assertEquals(listOf(AudioRouteKind.SPEAKER), app.sound.routes.value.available.map { it.kind })
        assertEquals(AudioRouteKind.SPEAKER, app.sound.routes.value.current?.kind)

        calls.show(call(id = 7, state = CallState.Ended(EndReason.WE_HUNG_UP)))
        assertEquals(ear, app.sound.routes.value.current)
    }

    @Test
    fun `a call that Telecom asks for after the app was started anew is none`() {
        val connection = app.telecom.connect(99)

        assertEquals(Connection.STATE_DISCONNECTED, connection.state)
    }

    @Test
    fun `where Telecom throws the call goes on without`() {
        val throwing = object : ContextWrapper(context) {
            override fun getSystemService(name: String): Any? =
                if (name == TELECOM_SERVICE) null else super.getSystemService(name)
        }
        val without = TelecomCalls(throwing, scope, NoWishes, scheduler.timeSource)
        without.register("Calls")
        assertFalse(without.isThere)

        without.sees(calls(rings))
        assertNull("nothing waits", app.service.wish.value)
    }

    private object NoWishes : TelecomWishes {
        override fun answer(call: Long, isVideo: Boolean) = error("nobody asked")
        override fun reject(call: Long) = error("nobody asked")
        override fun hangUp(call: Long) = error("nobody asked")
        override fun hold(call: Long) = error("nobody asked")
        override fun unhold(call: Long) = error("nobody asked")
        override fun silence(call: Long) = error("nobody asked")
        override fun sound(by: TelecomAudio?) = error("nobody asked")
    }
}
