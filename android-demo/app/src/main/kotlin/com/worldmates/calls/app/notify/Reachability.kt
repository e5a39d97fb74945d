// "Can I be reached?": what of the phone stands in the way of a ring, and the way to put it right.
package com.worldmates.calls.app.notify

import android.app.NotificationManager
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.os.PowerManager
import android.provider.Settings
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.app.ReachWords
import com.worldmates.calls.app.permissions.CallPermission
import com.worldmates.calls.app.permissions.grantedPermissions

/** What the phone says about ringing. */
public data class ReachFacts(
    val areNotificationsOn: Boolean,
    /** Whether the channel of incoming calls is loud enough to be seen at once. */
    val isChannelOn: Boolean,
    val mayFillScreen: Boolean,
    val isFreeOfBatteryLimits: Boolean,
    val hasMicrophone: Boolean,
)

/** Where a finding can be put right. */
public enum class ReachSetting { NOTIFICATIONS, CHANNEL, FULL_SCREEN, BATTERY, APP }

/** One finding: a line as the check of the engine has them, and where to go. */
public data class ReachLine(val line: CheckLine, val setting: ReachSetting?)

/** The lines about the phone, worst first; they stand above those of the engine's own check. */
public fun reachLines(facts: ReachFacts, words: ReachWords): List<ReachLine> = listOf(
    finding(
        words.notifications, words.notificationsAdvice, facts.areNotificationsOn && facts.isChannelOn, CheckOutcome.BAD,
        if (facts.areNotificationsOn) ReachSetting.CHANNEL else ReachSetting.NOTIFICATIONS, words,
    ),
    finding(words.microphone, words.microphoneAdvice, facts.hasMicrophone, CheckOutcome.BAD, ReachSetting.APP, words),
    finding(words.fullScreen, words.fullScreenAdvice, facts.mayFillScreen, CheckOutcome.WARNING, ReachSetting.FULL_SCREEN, words),
    finding(words.battery, words.batteryAdvice, facts.isFreeOfBatteryLimits, CheckOutcome.WARNING, ReachSetting.BATTERY, words),
).sortedByDescending { it.line.outcome }

private fun finding(
    what: String,
    advice: String,
    isGood: Boolean,
    otherwise: CheckOutcome,
    setting: ReachSetting,
    words: ReachWords,
): ReachLine = when {
    isGood -> ReachLine(CheckLine(what, CheckOutcome.GOOD, words.allowed, advice = ""), setting = null)
    else -> ReachLine(CheckLine(what, otherwise, words.notAllowed, advice), setting)
}

/** Asks the phone. */
public fun reachFacts(context: Context): ReachFacts {
    val notifications = context.getSystemService(NotificationManager::class.java)
    val channel = notifications.getNotificationChannel(CallChannels.INCOMING)
    return ReachFacts(
        areNotificationsOn = notifications.areNotificationsEnabled(),
        isChannelOn = channel == null || channel.importance >= NotificationManager.IMPORTANCE_HIGH,
        mayFillScreen = mayFillScreen(Build.VERSION.SDK_INT, notifications),
        isFreeOfBatteryLimits = context.getSystemService(PowerManager::class.java)
            .isIgnoringBatteryOptimizations(context.packageName),
        hasMicrophone = CallPermission.MICROPHONE in context.grantedPermissions(),
    )
}

/** The screen of Android's settings for [setting]. Each exists since the version of Android that has the setting. */
public fun settingsIntent(context: Context, setting: ReachSetting): Intent {
    val app = Uri.fromParts("package", context.packageName, null)
    val intent = when (setting) {
        ReachSetting.NOTIFICATIONS -> Intent(Settings.ACTION_APP_NOTIFICATION_SETTINGS)
            .putExtra(Settings.EXTRA_APP_PACKAGE, context.packageName)
        ReachSetting.CHANNEL -> Intent(Settings.ACTION_CHANNEL_NOTIFICATION_SETTINGS)
            .putExtra(Settings.EXTRA_APP_PACKAGE, context.packageName)
            .putExtra(Settings.EXTRA_CHANNEL_ID, CallChannels.INCOMING)
        ReachSetting.FULL_SCREEN -> when {
            Build.VERSION.SDK_INT >= 34 -> Intent(Settings.ACTION_MANAGE_APP_USE_FULL_SCREEN_INTENT, app)
            else -> Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app)
        }
        // The list, and not the question at once: shops of apps accept that only from few kinds of apps.
        ReachSetting.BATTERY -> Intent(Settings.ACTION_IGNORE_BATTERY_OPTIMIZATION_SETTINGS)
        ReachSetting.APP -> Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app)
    }
    return intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
}

/**
 * Opens the screen for [setting]; where a phone lacks it, the app's own page of the settings, from which all others are
 * reached. False if there is neither.
 */
public fun openSetting(context: Context, setting: ReachSetting): Boolean = listOf(setting, ReachSetting.APP).any {
    try {
        context.startActivity(settingsIntent(context, it))
        true
    } catch (nobody: ActivityNotFoundException) {
        // Asking beforehand would say no for every app that the manifest does not name.
        false
    }
}

/** From Android 14 on the person may take the right to fill the locked screen away; before, the manifest is enough. */
private fun mayFillScreen(sdk: Int, notifications: NotificationManager): Boolean =
    sdk < 34 || notifications.canUseFullScreenIntent()
