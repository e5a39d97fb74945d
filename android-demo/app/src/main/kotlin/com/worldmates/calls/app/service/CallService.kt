package com.worldmates.calls.app.service

import android.Manifest
import android.app.NotificationManager
import android.app.Service
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import android.os.IBinder
import com.worldmates.calls.app.CallsApp
import com.worldmates.calls.app.callsOwner
import com.worldmates.calls.app.languageOf
import com.worldmates.calls.app.notify.CallNotice
import com.worldmates.calls.app.notify.CallNotifications
import com.worldmates.calls.app.notify.Stage
import com.worldmates.calls.app.wordsOf
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch

/** Keeps the app alive while a call goes on or rings. It holds no call: it shows what [ServiceLink] says, and ends with it. */
public class CallService : Service() {
    private var app: CallsApp? = null
    private var job: Job? = null
    private var shown: Pair<CallNotice, Set<ServiceType>>? = null
    private var lastStart = 0

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        lastStart = startId
        val app = callsOwner.app
        this.app = app
        val wish = app?.service?.wish?.value
        if (wish == null) {
            // The call was over before we were there, or nobody is signed in any more. Android still waits for the
            // notification, and ends apps without.
            enter(app, GONE, setOf(ServiceType.PHONE_CALL))
            leave()
            return START_NOT_STICKY
        }
        show(app, wish)
        if (job == null) {
            job = app.scope.launch { app.service.wish.collect { if (it == null) leave() else show(app, it) } }
        }
        // A call that the process did not survive is not there again after a restart; a push would start one.
        return START_NOT_STICKY
    }

    override fun onDestroy() {
        job?.cancel()
        job = null
        app?.service?.ended()
    }

    private fun show(app: CallsApp, wish: ServiceWish) {
        val held = shown?.second.orEmpty()
        val question = ServiceQuestion(
            Build.VERSION.SDK_INT, grants(), wish.use, wish.isInForeground, wish.isScreenAgreed, held,
        )
        when (val answer = serviceTypes(question)) {
            is ServiceAnswer.Start -> {
                if (shown == wish.notice to answer.types || updates(app, wish.notice, answer.types)) {
                    return
                }
                // If Android takes away what we thought it gave, what it gave before may still do.
                if (triesFor(answer.types, held).none { enter(app, wish.notice, it) }) fail(app)
            }
            is ServiceAnswer.Refused -> fail(app)
        }
    }

    /** With the types as they are only the notification changes. A start anew might be refused out of sight. */
    private fun updates(app: CallsApp, notice: CallNotice, types: Set<ServiceType>): Boolean {
        val (before, had) = shown ?: return false
        val id = CallNotifications.idOf(notice)
        if (had != types || CallNotifications.idOf(before) != id) {
            return false
        }
        getSystemService(NotificationManager::class.java).notify(id, app.notifications.draw(notice, isOfService = true))
        shown = notice to types
        return true
    }

    private fun enter(app: CallsApp?, notice: CallNotice, types: Set<ServiceType>): Boolean = try {
        val id = CallNotifications.idOf(notice)
        val notification = (app?.notifications ?: ownNotifications()).draw(notice, isOfService = true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            startForeground(id, notification, types.fold(0) { all, type -> all or type.flag })
        } else {
            startForeground(id, notification)
        }
        shown = notice to types
        app?.service?.runs(types)
        true
    } catch (refused: IllegalStateException) {
        false
    } catch (refused: SecurityException) {
        false
    }

    /** For the moment in which a service without calls stands there. */
    private fun ownNotifications(): CallNotifications {
        val words = wordsOf(languageOf(resources.configuration.locales[0]))
        return CallNotifications(this, { words }).apply { createChannels() }
    }

    private fun fail(app: CallsApp) {
        app.service.failed()
        leave()
    }

    private fun leave() {
        shown = null
        stopForeground(STOP_FOREGROUND_REMOVE)
        // Only if nobody started it again meanwhile.
        stopSelf(lastStart)
    }

    private fun grants(): Set<ServiceGrant> = buildSet {
        if (has(Manifest.permission.RECORD_AUDIO)) add(ServiceGrant.MICROPHONE)
        if (has(Manifest.permission.CAMERA)) add(ServiceGrant.CAMERA)
        if (has(Manifest.permission.MANAGE_OWN_CALLS)) add(ServiceGrant.OWN_CALLS)
    }

    private fun has(permission: String): Boolean = checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED

    private companion object {
        /** What stands for a moment in place of a call that is over. */
        val GONE = CallNotice.Ongoing(call = 0, who = "", Stage.Connecting, isMuted = false)
    }
}
