package com.worldmates.calls.app.push

import com.google.firebase.messaging.FirebaseMessagingService
import com.google.firebase.messaging.RemoteMessage
import com.worldmates.calls.app.CallsApplication
import com.worldmates.calls.app.callsOwner
import java.time.Instant

/** What Firebase calls. It only hands on: [PushReceiver] decides, and is tested. */
public class CallsMessagingService : FirebaseMessagingService() {
    override fun onMessageReceived(message: RemoteMessage) {
        callsOwner.app?.pushes?.take(message.data, Instant.now())
    }

    override fun onNewToken(token: String) {
        (application as? CallsApplication)?.pushTokenChanged(token)
    }
}
