package com.worldmates.calls.app.notify

import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Intent
import android.net.Uri
import android.content.pm.PackageManager
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.SINCE
import com.worldmates.calls.app.call
import com.worldmates.calls.app.languageOf
import com.worldmates.calls.app.wordsOf
import com.worldmates.calls.Language
import com.worldmates.calls.app.TestCallsActivity
import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

class CallNotificationsTest : AppTest() {
    private val incoming = CallNotice.Incoming(7, "Олена", CallType.VIDEO, isQuiet = false)
    private val ongoing = CallNotice.Ongoing(7, "Олена", Stage.Talking(SINCE), isMuted = false)

    @Test
    fun `the channels ring, are quiet, or only mark, as their names say`() {
        val channels = service<NotificationManager>().notificationChannels.associateBy { it.id }

        val rings = requireNotNull(channels[CallChannels.INCOMING])
        assertEquals(NotificationManager.IMPORTANCE_HIGH, rings.importance)
        assertNotNull(rings.sound)
        assertTrue(rings.shouldVibrate())
        assertNull(requireNotNull(channels[CallChannels.WAITING]).sound)
        assertEquals(NotificationManager.IMPORTANCE_HIGH, channels[CallChannels.WAITING]?.importance)
        assertEquals(NotificationManager.IMPORTANCE_LOW, channels[CallChannels.ONGOING]?.importance)
        assertEquals(NotificationManager.IMPORTANCE_DEFAULT, channels[CallChannels.MISSED]?.importance)
    }

    @Test
    fun `a call that comes in fills the screen, in the style of a call, with both answers`() {
        val notification = app.notifications.draw(incoming, isOfService = true)

        assertEquals("Олена", notification.extras.getString(Notification.EXTRA_TITLE))
        assertEquals("Incoming video call", notification.extras.getString(Notification.EXTRA_TEXT))
        assertEquals(CALL_STYLE, notification.extras.getString(Notification.EXTRA_TEMPLATE))
        assertEquals(Notification.CATEGORY_CALL, notification.category)
        assertEquals(CallChannels.INCOMING, notification.channelId)
        assertEquals(CallRequest.About(CallAction.SHOW, 7), read(notification.fullScreenIntent))
        val answer = notification.extras.getParcelable(Notification.EXTRA_ANSWER_INTENT, PendingIntent::class.java)
        val decline = notification.extras.getParcelable(Notification.EXTRA_DECLINE_INTENT, PendingIntent::class.java)
        assertEquals(CallRequest.About(CallAction.ANSWER, 7), read(requireNotNull(answer)))
        assertTrue(requireNotNull(answer).isActivity)
        assertEquals(CallRequest.About(CallAction.DECLINE, 7), read(requireNotNull(decline)))
        assertTrue(requireNotNull(decline).isBroadcast)
        assertNotEquals(0, notification.flags and Notification.FLAG_INSISTENT)
    }

    @Test
    fun `a quiet one does not ring`() {
        val notification = app.notifications.draw(incoming.copy(isQuiet = true), isOfService = true)

        assertEquals(CallChannels.WAITING, notification.channelId)
        assertEquals(0, notification.flags and Notification.FLAG_INSISTENT)
    }

    @Test
    fun `a call that goes on counts its time and can be hung up and muted`() {
        val notification = app.notifications.draw(ongoing, isOfService = true)

        assertEquals(CALL_STYLE, notification.extras.getString(Notification.EXTRA_TEMPLATE))
        assertEquals(SINCE.toEpochMilli(), notification.`when`)
        assertTrue(notification.extras.getBoolean(Notification.EXTRA_SHOW_CHRONOMETER))
        val hangUp = notification.extras.getParcelable(Notification.EXTRA_HANG_UP_INTENT, PendingIntent::class.java)
        assertEquals(CallRequest.About(CallAction.HANG_UP, 7), read(requireNotNull(hangUp)))
        assertTrue(notification.actions.any { it.title == "Mute" })
    }

    @Test
    fun `outside a service a call has no style that Android would refuse, but the same actions`() {
        val notification = app.notifications.draw(ongoing, isOfService = false)

        assertNull(notification.extras.getString(Notification.EXTRA_TEMPLATE))
        assertEquals(listOf("Mute", "Hang up"), notification.actions.map { it.title })
        assertNull(notification.fullScreenIntent)
    }

    @Test
    @Config(sdk = [29])
    fun `before Android 12 the answers are actions`() {
        val notification = app.notifications.draw(incoming, isOfService = true)

        assertNull(notification.extras.getString(Notification.EXTRA_TEMPLATE))
        assertEquals(listOf("Decline", "Answer"), notification.actions.map { it.title })
        assertNotNull(notification.fullScreenIntent)
    }

    @Test
    fun `nobody else can send or change what the buttons do`() {
        val notification = app.notifications.draw(incoming, isOfService = true)
        val intents = listOf("answerIntent", "declineIntent").map { key ->
            requireNotNull(notification.extras.getParcelable("android.$key", PendingIntent::class.java))
        } + notification.fullScreenIntent

        for (intent in intents) {
            assertTrue(intent.isImmutable)
            assertNotNull(shadowOf(intent).savedIntent.component)
        }
    }

    @Test
    fun `two calls have intents of their own`() {
        val other = app.notifications.draw(incoming.copy(call = 8), isOfService = true)
        app.notifications.draw(incoming, isOfService = true)

        assertEquals(CallRequest.About(CallAction.SHOW, 8), read(other.fullScreenIntent))
    }

    @Test
    fun `somebody without a name is somebody`() {
        val notification = app.notifications.draw(incoming.copy(who = ""), isOfService = true)

        assertEquals("Somebody", notification.extras.getString(Notification.EXTRA_TITLE))
    }

    @Test
    @Config(qualifiers = "uk")
    fun `the words are those of the phone's language`() {
        assertEquals("Вхідний відеодзвінок", app.notifications.draw(incoming, true).extras.getString(Notification.EXTRA_TEXT))
        assertEquals("Вхідні дзвінки", service<NotificationManager>().getNotificationChannel(CallChannels.INCOMING).name)
    }

    @Test
    fun `every language has words, and no two say the same`() {
        assertEquals(listOf(Language.UK, Language.RU, Language.EN), listOf("uk", "ru", "de").map { languageOf(Locale(it)) })
        val words = Language.entries.map(::wordsOf)
        assertEquals(words.size, words.map { it.incomingAudio }.distinct().size)
        for (word in words) {
            assertEquals(4, word.why.size)
            assertEquals(4, word.denied.size)
        }
    }

    @Test
    fun `what stands there is not posted again`() {
        app.notifications.show(listOf(incoming), ofService = null)
        val first = notifications.getNotification(CallNotifications.SECOND_ID)

        app.notifications.show(listOf(incoming), ofService = null)
        assertSame(first, notifications.getNotification(CallNotifications.SECOND_ID))

        app.notifications.show(listOf(incoming.copy(isQuiet = true)), ofService = null)
        assertNotEquals(first, notifications.getNotification(CallNotifications.SECOND_ID))
    }

    @Test
    fun `a missed call is said once, by the engine or by a push, and can be called back`() {
        calls.show(call(state = CallState.Ended(EndReason.MISSED)))
        app.notifications.show(MissedNotice("room-1", from = 456, who = "Олена", CallType.AUDIO))

        val notification = notifications.allNotifications.single()
        assertEquals("Missed call", notification.extras.getString(Notification.EXTRA_TEXT))
        assertEquals("Call back", notification.actions.single().title)
        assertEquals(CallRequest.Dial(456, CallType.AUDIO), read(notification.actions.single().actionIntent))

        app.notifications.clearMissed()
        assertEquals(0, notifications.size())
    }

    @Test
    fun `pressing decline, hang up and mute asks the engine`() {
        calls.show(call(id = 7))
        val intents = CallIntents(context)

        for (pressed in listOf(intents.decline(7), intents.hangUp(7), intents.toggleMute(7))) {
            CallActionReceiver().onReceive(context, shadowOf(pressed).savedIntent)
        }

        assertEquals(listOf("7: reject", "7: hang up", "7: muted true"), calls.asked)
    }

    @Test
    fun `intents that say nothing of a call do nothing`() {
        for (intent in listOf(Intent(), Intent("com.worldmates.calls.DECLINE"), Intent("com.worldmates.calls.DIAL"))) {
            CallActionReceiver().onReceive(context, intent)
            assertNull(CallIntents.read(intent))
        }
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `the button in a chat opens the screen of calls with whom and how`() {
        val intent = CallIntents(context).dial(456, CallType.VIDEO)

        assertEquals(TestCallsActivity::class.java.name, intent.component?.className)
        assertEquals(CallRequest.Dial(456, CallType.VIDEO), CallIntents.read(intent))
    }

    @Test
    fun `after the app was killed a button that still stands there does no harm`() {
        context.app = null

        CallActionReceiver().onReceive(context, shadowOf(CallIntents(context).hangUp(7)).savedIntent)

        context.app = app
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `what a process that died left in a button is about no call of this one`() {
        val left = shadowOf(CallIntents(context).hangUp(7)).savedIntent.apply { data = Uri.parse("call:another/7") }

        CallActionReceiver().onReceive(context, left)

        assertNull(CallIntents.read(left))
        assertEquals(emptyList<String>(), calls.asked)
    }

    @Test
    fun `what opens no screen has no flags of one`() {
        assertEquals(0, shadowOf(CallIntents(context).decline(7)).savedIntent.flags)
        assertNotEquals(0, shadowOf(CallIntents(context).answer(7)).savedIntent.flags and Intent.FLAG_ACTIVITY_NEW_TASK)
    }

    private fun read(intent: PendingIntent): CallRequest? = CallIntents.read(shadowOf(intent).savedIntent)

    private companion object {
        const val CALL_STYLE = "android.app.Notification\$CallStyle"
    }
}
