package com.worldmates.calls.app

import android.app.Activity
import android.app.Application
import android.app.NotificationManager
import android.content.Context
import android.content.Intent
import com.worldmates.calls.AudioRoute
import com.worldmates.calls.app.audio.PhoneAudio
import com.worldmates.calls.app.window.CallsWindow
import com.worldmates.calls.audio.RouteEvent
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.test.TestCoroutineScheduler
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import org.junit.After
import org.junit.Before
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowNotificationManager

/** The owner of calls in tests. */
class TestApplication : Application(), CallsOwner {
    override val apps = MutableStateFlow<CallsApp?>(null)
    override var app: CallsApp?
        get() = apps.value
        set(value) {
            apps.value = value
        }
    override val screen: Class<out Activity> = TestCallsActivity::class.java
}

/** Hands its life to the window, as the activity of src/compose does. */
class TestCallsActivity : Activity() {
    lateinit var callsWindow: CallsWindow

    override fun onCreate(state: android.os.Bundle?) {
        super.onCreate(state)
        callsWindow = CallsWindow(this, requireNotNull(callsOwner.app))
        callsWindow.created(isNew = state == null)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        callsWindow.newIntent(intent)
    }

    override fun onUserLeaveHint() = callsWindow.userLeaves()

    override fun onRequestPermissionsResult(code: Int, permissions: Array<out String>, results: IntArray) =
        callsWindow.permissionsAnswered(code)

    override fun onActivityResult(code: Int, result: Int, data: Intent?) = callsWindow.activityAnswered(code, result, data)

    override fun onDestroy() {
        super.onDestroy()
        callsWindow.destroyed()
    }
}

/** Sound that a test moves by hand. */
class ScriptedPhone : PhoneAudio {
    val asked = mutableListOf<String>()
    var tell: (RouteEvent) -> Unit = {}
        private set

    override fun start(tell: (RouteEvent) -> Unit) {
        this.tell = tell
    }

    override fun ask(route: AudioRoute) {
        asked += route.id
    }

    override fun release() {
        asked += "release"
    }

    override fun close() {
        asked += "close"
    }
}

/** A whole app around an engine that a test scripts. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(RobolectricTestRunner::class)
abstract class AppTest {
    protected val calls = ScriptedCalls()
    protected val phone = ScriptedPhone()
    protected val scheduler = TestCoroutineScheduler()
    protected val scope = CoroutineScope(SupervisorJob() + UnconfinedTestDispatcher(scheduler))
    private lateinit var visibility: Visibility
    protected lateinit var app: CallsApp

    protected val context: TestApplication
        get() = RuntimeEnvironment.getApplication() as TestApplication

    protected val notifications: ShadowNotificationManager
        get() = shadowOf(context.getSystemService(NotificationManager::class.java))

    @Before
    fun startApp() {
        before()
        visibility = Visibility(context)
        app = CallsApp(context, calls, scope, visibility, me = { 456 }, audio = phone, time = scheduler.timeSource, onClose = calls::close)
        context.app = app
        app.start()
    }

    @After
    fun closeApp() {
        // A test may have closed it: said twice it is as well.
        app.close()
        visibility.close()
        context.app = null
        scope.cancel()
    }

    /** What the phone is like before the app starts. */
    protected open fun before() = Unit

    protected fun grant(vararg permissions: String) = shadowOf(context).grantPermissions(*permissions)

    protected inline fun <reified T> service(): T = context.getSystemService(T::class.java)
}

/** For tests outside a class. */
val Context.words: Words get() = requireNotNull(callsOwner.app).words
