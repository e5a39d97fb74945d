package com.worldmates.calls.app.device

import android.content.Context
import android.net.ConnectivityManager
import android.net.LinkProperties
import android.net.Network
import android.os.Handler
import android.os.Looper
import kotlin.time.Duration
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

/** Listens to the network on the main thread, and tells [onChanged] by the rule of [NetworkState]. */
public class NetworkWatcher(
    context: Context,
    private val scope: CoroutineScope,
    time: TimeSource = TimeSource.Monotonic,
    private val onChanged: () -> Unit,
) : AutoCloseable {
    private val system = context.getSystemService(ConnectivityManager::class.java)
    private val began = time.markNow()
    private var isListening = false
    private var state = NetworkState()
    private var timer: Job? = null

    private val callback = object : ConnectivityManager.NetworkCallback() {
        override fun onLinkPropertiesChanged(network: Network, link: LinkProperties) {
            val addresses = link.linkAddresses.mapTo(mutableSetOf()) { it.address.hostAddress.orEmpty() }
            sees(NetworkFace(network.networkHandle, addresses))
        }

        override fun onLost(network: Network) = sees(null)
    }

    /** Begins to listen. */
    public fun start() {
        isListening = true
        // Without a network Android calls nothing back, and the first one that comes would be taken for the one at the start.
        if (system.activeNetwork == null) sees(null)
        system.registerDefaultNetworkCallback(callback, Handler(Looper.getMainLooper()))
    }

    override fun close() {
        if (!isListening) return
        isListening = false
        system.unregisterNetworkCallback(callback)
        timer?.cancel()
    }

    internal fun sees(face: NetworkFace?) {
        state = state.sees(now(), face)
        timer?.cancel()
        timer = state.due?.let { due ->
            scope.launch {
                delay(due - now())
                val (next, isTold) = state.tick(now())
                state = next
                if (isTold) onChanged()
            }
        }
    }

    private fun now(): Duration = began.elapsedNow()
}
