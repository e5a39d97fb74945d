package com.worldmates.calls.app

import android.app.Activity
import android.os.Looper
import com.worldmates.calls.Calls
import kotlin.concurrent.thread
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertNull
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

    @Test
    fun `a new address for pushes is told to the server, the same one is not`() {
        application.signIn(456)

        application.pushTokenChanged("token")
        application.pushTokenChanged("token")

        assertEquals(listOf("456 null", "456 token"), application.opened)
        application.signOut()
    }

    @Test
    fun `during a call the address waits`() {
        application.signIn(456)
        (application.app?.calls as ScriptedCalls).show(call())

        application.pushTokenChanged("token")

        assertEquals(listOf("456 null"), application.opened)
        assertEquals("token", application.pushToken)
        application.signOut()
    }

    @Test
    fun `Firebase tells the address on a thread of its own, and whoever shows calls sees the new ones`() {
        application.signIn(456)
        val first = application.app

        thread { application.pushTokenChanged("token") }.join()
        assertEquals(listOf("456 null"), application.opened)
        shadowOf(Looper.getMainLooper()).idle()

        assertEquals(listOf("456 null", "456 token"), application.opened)
        assertNotSame(first, application.apps.value)
        application.signOut()
        assertNull(application.apps.value)
    }
}
