package com.worldmates.calls.app.guards

import android.content.Context
import android.net.wifi.WifiManager
import android.os.Build
import android.os.PowerManager
import java.time.Duration

/** The locks of this phone. */
public class PhoneLocks(context: Context) : Locks {
    private val power = context.getSystemService(PowerManager::class.java)
    private val wifi = context.applicationContext.getSystemService(WifiManager::class.java)

    /** Kept here: Android lets go of a lock that nobody refers to. */
    private val push = wakeLock(PowerManager.PARTIAL_WAKE_LOCK, "calls:push")

    override fun lock(guard: Guard): AutoCloseable? = when (guard) {
        Guard.CPU -> wake(PowerManager.PARTIAL_WAKE_LOCK, "calls:call", LONGEST_CALL)
        Guard.PROXIMITY -> when {
            power.isWakeLockLevelSupported(PowerManager.PROXIMITY_SCREEN_OFF_WAKE_LOCK) ->
                wake(PowerManager.PROXIMITY_SCREEN_OFF_WAKE_LOCK, "calls:ear", LONGEST_CALL)
            else -> null
        }
        Guard.WIFI -> wifi()
    }

    /** Keeps the processor awake from a push until the service of the call has begun; ends by itself. */
    public fun wakeBriefly() {
        push.acquire(PUSH.toMillis())
    }

    private fun wake(level: Int, tag: String, longest: Duration): AutoCloseable {
        val lock = wakeLock(level, tag)
        lock.acquire(longest.toMillis())
        return AutoCloseable { if (lock.isHeld) lock.release() }
    }

    private fun wakeLock(level: Int, tag: String) =
        power.newWakeLock(level, tag).apply { setReferenceCounted(false) }

    private fun wifi(): AutoCloseable? {
        val mode = if (Build.VERSION.SDK_INT >= 29) WifiManager.WIFI_MODE_FULL_LOW_LATENCY else highPerformance()
        val lock = wifi?.createWifiLock(mode, "calls:call") ?: return null
        lock.setReferenceCounted(false)
        lock.acquire()
        return AutoCloseable { if (lock.isHeld) lock.release() }
    }

    @Suppress("DEPRECATION") // The only one before Android 10.
    private fun highPerformance(): Int = WifiManager.WIFI_MODE_FULL_HIGH_PERF

    private companion object {
        /** A second net under the scope: if the process hangs, the lock ends all the same. */
        val LONGEST_CALL: Duration = Duration.ofHours(12)

        /** Firebase gives a message ten seconds; the engine needs a few to connect. */
        val PUSH: Duration = Duration.ofSeconds(10)
    }
}
