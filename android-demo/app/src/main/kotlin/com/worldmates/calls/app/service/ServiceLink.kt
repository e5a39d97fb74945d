package com.worldmates.calls.app.service

import android.content.Context
import android.content.Intent
import com.worldmates.calls.app.notify.CallNotice
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/** What the service shows and may use. */
public data class ServiceWish(
    val notice: CallNotice,
    val use: CallUse,
    val isInForeground: Boolean,
    val isScreenAgreed: Boolean,
)

/** Between the calls and the service: says what is wanted, starts the service, learns whether Android let it. */
public class ServiceLink(private val context: Context) {
    private val wanted = MutableStateFlow<ServiceWish?>(null)
    private val kept = MutableStateFlow(false)
    private val granted = MutableStateFlow(emptySet<ServiceType>())
    private var hasFailed = false

    /** What is wanted now; null: the service ends. */
    public val wish: StateFlow<ServiceWish?> = wanted.asStateFlow()

    /** Whether the service runs, or is about to. */
    public val isKept: StateFlow<Boolean> = kept.asStateFlow()

    /** With which types it runs. */
    public val types: StateFlow<Set<ServiceType>> = granted.asStateFlow()

    /**
     * Says what is wanted. Returns whether the service shows its notification; if not, somebody else has to. A start that
     * Android refused is tried again when the person sees the app, and with the next call.
     */
    public fun wants(wish: ServiceWish?): Boolean {
        val wasSeen = wanted.value?.isInForeground ?: false
        wanted.value = wish
        if (wish == null) {
            hasFailed = false
            kept.value = false
            return false
        }
        val mayTry = !hasFailed || wish.isInForeground && !wasSeen
        if (!kept.value && mayTry) {
            hasFailed = !starts()
            kept.value = !hasFailed
        }
        return kept.value
    }

    /** The service runs with [types]. */
    internal fun runs(types: Set<ServiceType>) {
        granted.value = types
    }

    /** Android would not let it run. */
    internal fun failed() {
        hasFailed = true
        ended()
    }

    /** The service is gone. */
    internal fun ended() {
        granted.value = emptySet()
        kept.value = false
    }

    private fun starts(): Boolean = try {
        context.startForegroundService(Intent(context, CallService::class.java)) != null
    } catch (refused: IllegalStateException) {
        // From the background, without one of the reasons that Android 12 knows: the notification alone has to do.
        false
    } catch (refused: SecurityException) {
        false
    }
}
