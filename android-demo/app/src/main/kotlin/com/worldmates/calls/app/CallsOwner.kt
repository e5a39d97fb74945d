package com.worldmates.calls.app

import android.app.Activity
import android.content.Context
import kotlinx.coroutines.flow.StateFlow

/** What the app's `Application` is: Android makes services and receivers by itself, and this is where they find the calls. */
public interface CallsOwner {
    /** The calls of whoever is signed in; null if nobody is. Changes on the main thread, with the one that is signed in. */
    public val apps: StateFlow<CallsApp?>

    /** The calls as they are now. */
    public val app: CallsApp?
        get() = apps.value

    /** The activity that shows calls. */
    public val screen: Class<out Activity>
}

/** The owner of the calls in this process. */
public val Context.callsOwner: CallsOwner
    get() = applicationContext as? CallsOwner ?: error("the Application of an app with calls is a CallsOwner")
