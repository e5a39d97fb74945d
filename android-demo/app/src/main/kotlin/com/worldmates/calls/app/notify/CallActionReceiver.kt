package com.worldmates.calls.app.notify

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import com.worldmates.calls.app.callsOwner
import com.worldmates.calls.app.unlessClosed

/** Takes what was pressed in a notification or in the small window, where no screen has to open. */
public class CallActionReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val request = CallIntents.read(intent) as? CallRequest.About ?: return
        val app = context.callsOwner.app ?: return
        val call = app.calls.call(request.call)
        unlessClosed {
            when (request.action) {
                CallAction.DECLINE -> call.reject()
                CallAction.HANG_UP -> call.hangUp()
                CallAction.TOGGLE_MUTE -> app.snapshot(request.call)?.let { call.setMuted(!it.isMuted) }
                // These open the screen, and come to it.
                CallAction.SHOW, CallAction.ANSWER, CallAction.DIAL -> {}
            }
        }
    }
}
