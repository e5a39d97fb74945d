package com.worldmates.calls.app

import android.app.Activity
import android.os.Looper
import com.worldmates.calls.Calls
import kotlin.concurrent.thread
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

/** An app that writes down for whom it opens the engine. */
class DemoLikeApplication : CallsApplication() {
    val opened = mutableListOf<String>()
    override val screen: Class<out Activity> = TestCallsActivity::class.java

    override fun open(me: Long, pushToken: String?): Calls {
        opened += "$me $pushToken"
        return ScriptedCalls()
    }
}

@RunWith(RobolectricTestRunner::class)
@Config(application = DemoLikeApplication::class)
class CallsApplicationTest {
    private val application = RuntimeEnvironment.getApplication() as DemoLikeApplication

    @Test
    fun `nobody is signed in at first, and whoever signs in has calls`() {
        assertNull(application.app)

        application.signIn(456)

        assertNotNull(application.app)
        assertEquals(listOf("456 null"), application.opened)
        application.signOut()
        assertNull(application.app)
        assertNull(application.me)
    }

    @Test
    fun `a process that a push woke finds the calls of whoever is signed in`() {
        application.signIn(456)

        application.onCreate()

        assertEquals(listOf("456 null", "456 null"), application.opened)
        application.signOut()
    }

    private val asked: List<String>
        get() = (application.app?.calls as ScriptedCalls).asked

    @Test
    fun `a new address for pushes is told to the server, the same one is not, and the calls stay as they are`() {
        application.signIn(456)
        (application.app?.calls as ScriptedCalls).show(call())
        val first = application.app

        application.pushTokenChanged("token")
        application.pushTokenChanged("token")

        assertEquals(listOf("push token token"), asked)
        assertEquals(listOf("456 null"), application.opened)
        assertSame(first, application.app)
        application.signOut()
    }

    @Test
    fun `an address that comes while nobody is signed in is there for whoever signs in`() {
        application.pushTokenChanged("token")

        application.signIn(456)

        assertEquals(listOf("456 token"), application.opened)
        application.signOut()
    }

    @Test
    fun `Firebase tells the address on a thread of its own`() {
        application.signIn(456)

        thread { application.pushTokenChanged("token") }.join()
        assertEquals(emptyList<String>(), asked)
        shadowOf(Looper.getMainLooper()).idle()

        assertEquals(listOf("push token token"), asked)
        application.signOut()
        assertNull(application.apps.value)
    }
}
