// Draws notices of calls as Android's notifications.
package com.worldmates.calls.app.notify

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.Person
import android.content.Context
import android.graphics.drawable.Icon
import android.media.AudioAttributes
import android.media.RingtoneManager
import android.os.Build
import com.worldmates.calls.CallType
import com.worldmates.calls.app.Words

/** The ids of the channels. A channel cannot be changed once made: another sound needs another id. */
public object CallChannels {
    public const val INCOMING: String = "calls.incoming.1"
    public const val WAITING: String = "calls.waiting.1"
    public const val ONGOING: String = "calls.ongoing.1"
    public const val MISSED: String = "calls.missed.1"
}

/** Makes, posts and takes back the notifications of calls. What is there already is not posted again. */
public class CallNotifications(
    private val context: Context,
    private val words: () -> Words,
    private val smallIcon: Int = android.R.drawable.sym_action_call,
) {
    private val system = context.getSystemService(NotificationManager::class.java)
    private val intents = CallIntents(context)
    private val posted = mutableMapOf<Int, CallNotice>()

    /** Makes the channels; said again, it only brings their names into the present language. */
    public fun createChannels() {
        val words = words()
        val incoming = channel(CallChannels.INCOMING, words.incomingChannel, NotificationManager.IMPORTANCE_HIGH)
        // The owner's ring tone at the ringer's volume, silent when the phone is: the engine plays none of its own here.
        incoming.setSound(
            RingtoneManager.getDefaultUri(RingtoneManager.TYPE_RINGTONE),
            AudioAttributes.Builder()
                .setUsage(AudioAttributes.USAGE_NOTIFICATION_RINGTONE)
                .setContentType(AudioAttributes.CONTENT_TYPE_SONIFICATION)
                .build(),
        )
        incoming.enableVibration(true)
        incoming.vibrationPattern = longArrayOf(0, 1_000, 1_000)
        // The engine plays the tone of a call that waits.
        val waiting = channel(CallChannels.WAITING, words.waitingChannel, NotificationManager.IMPORTANCE_HIGH)
        waiting.setSound(null, null)
        val ongoing = channel(CallChannels.ONGOING, words.ongoingChannel, NotificationManager.IMPORTANCE_LOW)
        val missed = channel(CallChannels.MISSED, words.missedChannel, NotificationManager.IMPORTANCE_DEFAULT)
        system.createNotificationChannels(listOf(incoming, waiting, ongoing, missed))
    }

    /** Takes away what a process that died left: a call that rings on and cannot be answered any more. */
    public fun clearOld() {
        listOf(ONGOING_ID, INCOMING_ID, PLAIN_ID, SECOND_ID).forEach(system::cancel)
    }

    /** Shows exactly [notices]; the service shows the one with [ofService] itself. */
    public fun show(notices: List<CallNotice>, ofService: CallNotice?) {
        val wanted = notices.filter { it != ofService }.associateBy { idOf(it) + BESIDE }
        for (id in posted.keys - wanted.keys) {
            posted -= id
            system.cancel(id)
        }
        for ((id, notice) in wanted) {
            if (posted.put(id, notice) != notice) {
                system.notify(id, draw(notice, isOfService = false))
            }
        }
    }

    /** Shows a missed call. Two reports of one call are one notification. */
    public fun show(missed: MissedNotice) {
        val words = words()
        val text = if (missed.type == CallType.VIDEO) words.missedVideo else words.missedAudio
        val builder = Notification.Builder(context, CallChannels.MISSED)
            .setSmallIcon(android.R.drawable.sym_call_missed)
            .setContentTitle(missed.who.ifEmpty { words.somebody })
            .setContentText(text)
            .setCategory(if (Build.VERSION.SDK_INT >= 31) Notification.CATEGORY_MISSED_CALL else Notification.CATEGORY_CALL)
            .setVisibility(Notification.VISIBILITY_PRIVATE)
            .setContentIntent(intents.show(NO_CALL))
            .setAutoCancel(true)
            .setOnlyAlertOnce(true)
        missed.from?.let { builder.addAction(action(words.callBack, intents.callBack(it, missed.type))) }
        system.notify(missed.room, MISSED_ID, builder.build())
    }

    /** Takes the notifications of missed calls away: the person saw the history. */
    public fun clearMissed() {
        system.activeNotifications.filter { it.id == MISSED_ID }.forEach { system.cancel(it.tag, it.id) }
    }

    /**
     * Draws [notice]. Android takes the style of a call only from a foreground service, or with a full-screen intent;
     * else it throws, so that [isOfService] decides.
     */
    public fun draw(notice: CallNotice, isOfService: Boolean): Notification = when (notice) {
        is CallNotice.Incoming -> draw(notice)
        is CallNotice.Ongoing -> draw(notice, isOfService)
    }

    private fun draw(notice: CallNotice.Incoming): Notification {
        val words = words()
        val isVideo = notice.type == CallType.VIDEO
        val show = intents.show(notice.call)
        val channel = if (notice.isQuiet) CallChannels.WAITING else CallChannels.INCOMING
        val builder = Notification.Builder(context, channel)
            .setSmallIcon(smallIcon)
            .setContentTitle(notice.name())
            .setContentText(if (isVideo) words.incomingVideo else words.incomingAudio)
            .setContentIntent(show)
            .setCategory(Notification.CATEGORY_CALL)
            .setVisibility(Notification.VISIBILITY_PUBLIC)
            .setOngoing(true)
            // Asked for even where it is not allowed: Android then shows it as a banner, and keeps the style.
            .setFullScreenIntent(show, true)
        if (Build.VERSION.SDK_INT >= 31) {
            val style = Notification.CallStyle.forIncomingCall(
                notice.person(), intents.decline(notice.call), intents.answer(notice.call),
            )
            builder.setStyle(style.setIsVideo(isVideo))
        } else {
            builder.addAction(action(words.decline, intents.decline(notice.call)))
            builder.addAction(action(words.answer, intents.answer(notice.call)))
        }
        // It rings until somebody does something, not once.
        return builder.build().apply { if (!notice.isQuiet) flags = flags or Notification.FLAG_INSISTENT }
    }

    private fun draw(notice: CallNotice.Ongoing, isOfService: Boolean): Notification {
        val words = words()
        // A quiet channel cannot open a screen.
        val channel = if (notice.opensScreen) CallChannels.WAITING else CallChannels.ONGOING
        val builder = Notification.Builder(context, channel)
            .setSmallIcon(smallIcon)
            .setContentTitle(notice.name())
            .setContentIntent(intents.show(notice.call))
            .setCategory(Notification.CATEGORY_CALL)
            .setVisibility(Notification.VISIBILITY_PUBLIC)
            .setOngoing(true)
            .setOnlyAlertOnce(true)
            .setShowWhen(false)
        when (val stage = notice.stage) {
            Stage.Calling -> builder.setContentText(words.calling)
            Stage.Connecting -> builder.setContentText(words.connecting)
            Stage.Held -> builder.setContentText(words.held)
            // Android counts the time itself: no notification a second.
            is Stage.Talking -> builder.setContentText(words.talking)
                .setWhen(stage.since.toEpochMilli()).setShowWhen(true).setUsesChronometer(true)
        }
        if (notice.opensScreen) builder.setFullScreenIntent(intents.show(notice.call), true)
        val mute = action(if (notice.isMuted) words.unmute else words.mute, intents.toggleMute(notice.call))
        if (Build.VERSION.SDK_INT >= 31 && isOfService) {
            builder.setStyle(Notification.CallStyle.forOngoingCall(notice.person(), intents.hangUp(notice.call)))
            builder.addAction(mute)
            // The service may show itself at once; Android 12 would wait for ten seconds.
            builder.setForegroundServiceBehavior(Notification.FOREGROUND_SERVICE_IMMEDIATE)
        } else {
            builder.addAction(mute)
            builder.addAction(action(words.hangUp, intents.hangUp(notice.call)))
        }
        return builder.build()
    }

    private fun channel(id: String, name: String, importance: Int): NotificationChannel =
        NotificationChannel(id, name, importance).apply {
            setShowBadge(id == CallChannels.MISSED)
            lockscreenVisibility = Notification.VISIBILITY_PUBLIC
            if (id == CallChannels.ONGOING) setSound(null, null)
        }

    private fun CallNotice.name(): String = who.ifEmpty { words().somebody }

    private fun CallNotice.person(): Person = Person.Builder().setName(name()).setImportant(true).build()

    private fun action(title: String, intent: PendingIntent): Notification.Action =
        Notification.Action.Builder(Icon.createWithResource(context, smallIcon), title, intent).build()

    public companion object {
        /** What the service shows: a call that goes on, or one that comes in. */
        public const val ONGOING_ID: Int = 4_301
        public const val INCOMING_ID: Int = 4_302
        private const val MISSED_ID = 4_303

        /** What is shown beside the service's has ids of its own: Android takes the service's away when that changes. */
        private const val BESIDE = 10

        /** A call that rings beside the one of the service. */
        public const val SECOND_ID: Int = INCOMING_ID + BESIDE

        /** A call that goes on without a service. */
        public const val PLAIN_ID: Int = ONGOING_ID + BESIDE

        /** No call has this id. */
        private const val NO_CALL = 0L

        /** Under which id the service shows [notice]. */
        public fun idOf(notice: CallNotice): Int = when (notice) {
            is CallNotice.Incoming -> INCOMING_ID
            is CallNotice.Ongoing -> ONGOING_ID
        }
    }
}
