package com.worldmates.calls.app

import android.app.Application
import android.content.Context
import android.os.Handler
import android.os.Looper
import com.worldmates.calls.Calls
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * An `Application` with calls: remembers who is signed in, so that a push that wakes the process finds the calls there.
 * A messenger that has an `Application` of its own implements [CallsOwner] in it and does the same.
 */
public abstract class CallsApplication : Application(), CallsOwner {
    private val account by lazy { getSharedPreferences("calls.account", Context.MODE_PRIVATE) }

    private lateinit var visibility: Visibility

    private val present = MutableStateFlow<CallsApp?>(null)

    override val apps: StateFlow<CallsApp?> = present.asStateFlow()

    /** Who is signed in; null if nobody is. */
    public val me: Long?
        get() = account.getLong(ME, 0).takeIf { it > 0 }

    /** Where a push wakes this phone, as `call:register` says it; null until Firebase has told. */
    public val pushToken: String?
        get() = account.getString(PUSH_TOKEN, null)

    /** Opens the engine for [me], who is reached by [pushToken]; of another one later the engine is told. */
    protected abstract fun open(me: Long, pushToken: String?): Calls

    /** Everything around the calls is there as well: who draws screens begins here. */
    protected open fun opened(app: CallsApp): Unit = Unit

    /** The calls were closed. */
    protected open fun closed(): Unit = Unit

    override fun onCreate() {
        super.onCreate()
        visibility = Visibility(this)
        me?.let(::begin)
    }

    /** Takes calls for [user] from now on. */
    public fun signIn(user: Long) {
        signOut()
        account.edit().putLong(ME, user).apply()
        begin(user)
    }

    /** Takes no calls any more. */
    public fun signOut() {
        account.edit().remove(ME).apply()
        val last = app
        present.value = null
        last?.close()
        closed()
    }

    /**
     * Firebase gave this phone another address: the server learns of it at once, or as soon as it is there. May be said on
     * any thread, Firebase says it on one of its own.
     */
    public fun pushTokenChanged(token: String) {
        val main = Looper.getMainLooper()
        if (main.isCurrentThread) takes(token) else Handler(main).post { takes(token) }
    }

    private fun takes(token: String) {
        if (token == pushToken) {
            return
        }
        account.edit().putString(PUSH_TOKEN, token).apply()
        unlessClosed { app?.calls?.setPushToken(token) }
    }

    private fun begin(user: Long) {
        val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
        val calls = open(user, pushToken)
        val app = CallsApp(this, calls, scope, visibility, me = { me }, onClose = {
            scope.cancel()
            calls.close()
        })
        app.start()
        opened(app)
        // Last: whoever sees it finds the screens' state there as well.
        present.value = app
    }

    private companion object {
        const val ME = "user"
        const val PUSH_TOKEN = "pushToken"
    }
}
