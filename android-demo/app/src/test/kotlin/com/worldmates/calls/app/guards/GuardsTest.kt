package com.worldmates.calls.app.guards

import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.CallState
import com.worldmates.calls.EndReason
import com.worldmates.calls.Picture
import com.worldmates.calls.app.call
import com.worldmates.calls.app.calls
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

@OptIn(ExperimentalCoroutinesApi::class)
class GuardsTest {
    private val held = mutableListOf<Guard>()
    private val locks = Locks { guard ->
        held += guard
        AutoCloseable { check(held.remove(guard)) { "$guard was let go of twice" } }
    }

    @Test
    fun `the screen goes dark at the ear, for a voice and nothing else`() {
        val awake = setOf(Guard.CPU, Guard.WIFI)

        assertEquals(awake + Guard.PROXIMITY, guardsFor(calls(call()), AudioRouteKind.EARPIECE))
        assertEquals(awake + Guard.PROXIMITY, guardsFor(calls(call(state = CallState.RingingThere(1))), AudioRouteKind.EARPIECE))
        for (other in AudioRouteKind.entries - AudioRouteKind.EARPIECE) {
            assertEquals(awake, guardsFor(calls(call()), other))
        }
        assertEquals(awake, guardsFor(calls(call()), null))
        assertEquals(awake, guardsFor(calls(call(picture = Picture.CAMERA)), AudioRouteKind.EARPIECE))
        assertEquals(awake, guardsFor(calls(call(showsVideo = true)), AudioRouteKind.EARPIECE))
        assertEquals(awake, guardsFor(calls(call(isHeld = true)), AudioRouteKind.EARPIECE))
    }

    @Test
    fun `a call that only rings here, or is over, locks nothing`() {
        assertEquals(emptySet<Guard>(), guardsFor(calls(call(state = CallState.RingingHere)), AudioRouteKind.EARPIECE))
        assertEquals(emptySet<Guard>(), guardsFor(calls(call(state = CallState.Ended(EndReason.NO_PATH))), AudioRouteKind.EARPIECE))
        assertEquals(emptySet<Guard>(), guardsFor(calls(), AudioRouteKind.EARPIECE))
    }

    @Test
    fun `exactly what is wanted is locked, and nothing when the scope ends`() = runTest(UnconfinedTestDispatcher()) {
        val wanted = MutableStateFlow(setOf(Guard.CPU))
        val job = launch { holdWhile(wanted, locks) }

        assertEquals(listOf(Guard.CPU), held)
        wanted.value = setOf(Guard.CPU, Guard.PROXIMITY)
        assertEquals(listOf(Guard.CPU, Guard.PROXIMITY), held)
        wanted.value = setOf(Guard.PROXIMITY)
        assertEquals(listOf(Guard.PROXIMITY), held)

        job.cancelAndJoin()
        assertEquals(emptyList<Guard>(), held)
    }

    @Test
    fun `nothing stays locked when what says what to lock breaks`() {
        assertThrows(IllegalStateException::class.java) {
            runTest {
                holdWhile(
                    flow {
                        emit(setOf(Guard.CPU, Guard.WIFI))
                        error("broken")
                    },
                    locks,
                )
            }
        }

        assertEquals(emptyList<Guard>(), held)
    }

    @Test
    fun `a lock that this phone does not have is done without`() = runTest(UnconfinedTestDispatcher()) {
        val job = launch { holdWhile(MutableStateFlow(setOf(Guard.PROXIMITY)), locks = { null }) }

        job.cancelAndJoin()
    }
}
