package com.worldmates.calls.app.notify

import android.Manifest
import android.app.NotificationManager
import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.Language
import com.worldmates.calls.app.AppTest
import com.worldmates.calls.app.wordsOf
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

class ReachabilityTest : AppTest() {
    private val words = wordsOf(Language.EN).reach
    private val good = ReachFacts(
        areNotificationsOn = true, isChannelOn = true, mayFillScreen = true, isFreeOfBatteryLimits = true, hasMicrophone = true,
    )

    @Test
    fun `a phone where all is well has nothing to put right`() {
        val lines = reachLines(good, words)

        assertEquals(4, lines.size)
        assertTrue(lines.all { it.line.outcome == CheckOutcome.GOOD && it.setting == null && it.line.advice.isEmpty() })
    }

    @Test
    fun `what keeps a call from ringing is bad, what only makes it smaller or later is a warning, the worst first`() {
        val lines = reachLines(ReachFacts(false, true, false, false, false), words)

        assertEquals(
            listOf(CheckOutcome.BAD, CheckOutcome.BAD, CheckOutcome.WARNING, CheckOutcome.WARNING), lines.map { it.line.outcome },
        )
        assertEquals(
            listOf(ReachSetting.NOTIFICATIONS, ReachSetting.APP, ReachSetting.FULL_SCREEN, ReachSetting.BATTERY),
            lines.map { it.setting },
        )
        assertTrue(lines.all { it.line.advice.isNotEmpty() })
    }

    @Test
    fun `a channel that was switched off leads to that channel`() {
        val line = reachLines(good.copy(isChannelOn = false), words).first()

        assertEquals(ReachSetting.CHANNEL, line.setting)
        val intent = settingsIntent(context, ReachSetting.CHANNEL)
        assertEquals(CallChannels.INCOMING, intent.getStringExtra("android.provider.extra.CHANNEL_ID"))
    }

    @Test
    fun `the right to fill the screen is given in a setting of its own since Android 14`() {
        val intent = settingsIntent(context, ReachSetting.FULL_SCREEN)

        assertEquals("android.settings.MANAGE_APP_USE_FULL_SCREEN_INTENT", intent.action)
        assertEquals("package:${context.packageName}", intent.dataString)
    }

    @Test
    @Config(sdk = [29])
    fun `before, the manifest is enough`() {
        assertTrue(reachFacts(context).mayFillScreen)
        assertEquals("android.settings.APPLICATION_DETAILS_SETTINGS", settingsIntent(context, ReachSetting.FULL_SCREEN).action)
    }

    @Test
    fun `the phone is asked, and asked again after a change`() {
        grant(Manifest.permission.RECORD_AUDIO)
        assertTrue(reachFacts(context).hasMicrophone)
        assertTrue(reachFacts(context).areNotificationsOn)
        assertTrue(reachFacts(context).isChannelOn)

        notifications.setNotificationsEnabled(false)
        service<NotificationManager>().deleteNotificationChannel(CallChannels.INCOMING)
        assertFalse(reachFacts(context).areNotificationsOn)
    }

    private fun hasScreenFor(setting: ReachSetting) {
        val intent = settingsIntent(context, setting)
        val there = ComponentName("com.android.settings", setting.name)
        shadowOf(context.packageManager).addActivityIfNotPresent(there)
        val filter = IntentFilter(intent.action).apply {
            addCategory(Intent.CATEGORY_DEFAULT)
            intent.data?.scheme?.let(::addDataScheme)
        }
        shadowOf(context.packageManager).addIntentFilterForActivity(there, filter)
    }

    @Test
    fun `a finding leads to its own setting, or to the app's page where the phone lacks it, or nowhere`() {
        shadowOf(context).checkActivities(true)
        assertFalse(openSetting(context, ReachSetting.BATTERY))

        hasScreenFor(ReachSetting.APP)
        assertTrue(openSetting(context, ReachSetting.BATTERY))
        assertEquals("android.settings.APPLICATION_DETAILS_SETTINGS", shadowOf(context).nextStartedActivity.action)

        hasScreenFor(ReachSetting.BATTERY)
        assertTrue(openSetting(context, ReachSetting.BATTERY))
        assertEquals("android.settings.IGNORE_BATTERY_OPTIMIZATION_SETTINGS", shadowOf(context).nextStartedActivity.action)
    }

    @Test
    fun `every setting that is named is a screen of the phone`() {
        for (setting in ReachSetting.entries) {
            assertTrue(requireNotNull(settingsIntent(context, setting).action).startsWith("android.settings."))
        }
    }
}
