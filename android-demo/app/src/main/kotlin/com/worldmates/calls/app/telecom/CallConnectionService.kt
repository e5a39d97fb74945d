package com.worldmates.calls.app.telecom

import android.telecom.Connection
import android.telecom.ConnectionRequest
import android.telecom.ConnectionService
import android.telecom.DisconnectCause
import android.telecom.PhoneAccountHandle
import com.worldmates.calls.app.callsOwner

/** Where Telecom asks for the calls that it was told of. */
public class CallConnectionService : ConnectionService() {
    private val telecom: TelecomCalls?
        get() = callsOwner.app?.telecom

    override fun onCreateIncomingConnection(account: PhoneAccountHandle?, request: ConnectionRequest?): Connection =
        connection(request)

    override fun onCreateOutgoingConnection(account: PhoneAccountHandle?, request: ConnectionRequest?): Connection =
        connection(request)

    override fun onCreateIncomingConnectionFailed(account: PhoneAccountHandle?, request: ConnectionRequest?): Unit =
        failed(request)

    override fun onCreateOutgoingConnectionFailed(account: PhoneAccountHandle?, request: ConnectionRequest?): Unit =
        failed(request)

    private fun connection(request: ConnectionRequest?): Connection {
        val call = callOf(request?.address)
        // The app was started anew in between, and the call is gone.
        return call?.let { telecom?.connect(it) }
            ?: Connection.createFailedConnection(DisconnectCause(DisconnectCause.CANCELED))
    }

    private fun failed(request: ConnectionRequest?) {
        callOf(request?.address)?.let { telecom?.refused(it) }
    }
}
