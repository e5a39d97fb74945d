package com.worldmates.calls.app

import android.app.Activity
import android.app.Application
import android.os.Bundle
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * Whether the person sees any activity of the app. Made when the process starts: one that is made later, for example when
 * somebody signs in, knows nothing of the activity that is there already.
 */
public class Visibility(private val application: Application) : AutoCloseable {
    private val started = mutableSetOf<Activity>()
    private val seen = MutableStateFlow(false)

    private val callbacks = object : Application.ActivityLifecycleCallbacks {
        override fun onActivityStarted(activity: Activity) {
            started += activity
            seen.value = true
        }

        override fun onActivityStopped(activity: Activity) {
            started -= activity
            seen.value = started.isNotEmpty()
        }

        override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit
        override fun onActivityResumed(activity: Activity) = Unit
        override fun onActivityPaused(activity: Activity) = Unit
        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit
        override fun onActivityDestroyed(activity: Activity) = Unit
    }

    /** Whether it is seen, the present value first. */
    public val isSeen: StateFlow<Boolean> = seen.asStateFlow()

    init {
        application.registerActivityLifecycleCallbacks(callbacks)
    }

    override fun close(): Unit = application.unregisterActivityLifecycleCallbacks(callbacks)
}
