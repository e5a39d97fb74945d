package com.worldmates.calls.audio

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRoutes
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

@OptIn(ExperimentalCoroutinesApi::class)
class RouteActorTest {
    private val asked = mutableListOf<AudioRoute>()
    private val failed = mutableListOf<AudioRoute>()

    @Test
    fun `a route that nobody confirms is given up in time`() = runTest {
        val actor = actor { }
        actor.on(RouteEvent.Devices(listOf(EARPIECE, BUDS)))
        actor.on(RouteEvent.CallBegan(isVideo = false))

        advanceTimeBy(BLUETOOTH_PATIENCE * MOST_TRIES)
        runCurrent()

        assertEquals(listOf(BUDS, BUDS, BUDS, EARPIECE), asked)
        assertEquals(listOf(BUDS), failed)
    }

    @Test
    fun `an answer that comes while it is asked is taken after it`() = runTest {
        lateinit var actor: RouteActor
        actor = actor { route -> actor.on(RouteEvent.Confirmed(route)) }
        actor.on(RouteEvent.Devices(listOf(EARPIECE, SPEAKER)))
        actor.on(RouteEvent.CallBegan(isVideo = true))

        assertEquals(AudioRoutes(listOf(EARPIECE, SPEAKER), current = SPEAKER, pending = null), actor.routes.value)
    }

    @Test
    fun `no timer is left when the call is over`() = runTest {
        val actor = actor { }
        actor.on(RouteEvent.Devices(listOf(EARPIECE, BUDS)))
        actor.on(RouteEvent.CallBegan(isVideo = false))

        actor.on(RouteEvent.CallOver)
        testScheduler.advanceUntilIdle()

        assertEquals(0, currentTime)
    }

    private fun TestScope.actor(onAsk: (AudioRoute) -> Unit): RouteActor {
        val system = object : AudioSystem {
            override fun ask(route: AudioRoute) {
                asked += route
                onAsk(route)
            }

            override fun release() = Unit
        }
        return RouteActor(this, system, onFailed = { failed += it }, time = testScheduler.timeSource)
    }
}
