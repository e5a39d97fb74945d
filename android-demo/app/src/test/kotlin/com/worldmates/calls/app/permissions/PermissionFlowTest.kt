package com.worldmates.calls.app.permissions

import com.worldmates.calls.app.permissions.CallPermission.BLUETOOTH
import com.worldmates.calls.app.permissions.CallPermission.CAMERA
import com.worldmates.calls.app.permissions.CallPermission.MICROPHONE
import com.worldmates.calls.app.permissions.CallPermission.NOTIFICATIONS
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class PermissionFlowTest {
    private val fresh = PermissionFacts(sdk = 34, granted = emptySet(), explain = emptySet(), asked = emptySet())

    @Test
    fun `a first call by voice asks for the microphone and nothing else`() {
        assertEquals(PermissionStep.Ask(setOf(MICROPHONE)), permissionStep(Moment.DIAL_AUDIO, fresh))
    }

    @Test
    fun `a first call with pictures asks for both at once`() {
        assertEquals(PermissionStep.Ask(setOf(MICROPHONE, CAMERA)), permissionStep(Moment.DIAL_VIDEO, fresh))
    }

    @Test
    fun `with everything granted nobody is asked anything`() {
        val facts = fresh.copy(granted = CallPermission.entries.toSet())

        for (moment in Moment.entries) {
            assertEquals(PermissionStep.GoOn(emptySet()), permissionStep(moment, facts))
        }
    }

    @Test
    fun `who said no once is told why before Android asks again`() {
        val facts = fresh.copy(explain = setOf(MICROPHONE), asked = setOf(MICROPHONE))

        assertEquals(PermissionStep.Explain(setOf(MICROPHONE)), permissionStep(Moment.DIAL_AUDIO, facts))
        assertEquals(
            PermissionStep.Ask(setOf(MICROPHONE)), permissionStep(Moment.DIAL_AUDIO, facts.copy(turn = Turn.EXPLAINED)),
        )
    }

    @Test
    fun `while it rings nothing is explained`() {
        val facts = fresh.copy(explain = setOf(MICROPHONE), asked = setOf(MICROPHONE))

        assertEquals(PermissionStep.Ask(setOf(MICROPHONE)), permissionStep(Moment.ANSWER_AUDIO, facts))
    }

    @Test
    fun `who said never is led to the settings, but only for what the call cannot do without`() {
        val facts = fresh.copy(asked = setOf(MICROPHONE, CAMERA))

        assertEquals(PermissionStep.LeadToSettings(setOf(MICROPHONE)), permissionStep(Moment.DIAL_VIDEO, facts))
        assertEquals(
            PermissionStep.GoOn(setOf(CAMERA)), permissionStep(Moment.DIAL_VIDEO, facts.copy(granted = setOf(MICROPHONE))),
        )
    }

    @Test
    fun `who said never and answers a call answers it without`() {
        val facts = fresh.copy(asked = setOf(MICROPHONE))

        assertEquals(PermissionStep.GoOn(setOf(MICROPHONE)), permissionStep(Moment.ANSWER_AUDIO, facts))
    }

    @Test
    fun `a no just now is taken for an answer`() {
        val denied = fresh.copy(asked = setOf(MICROPHONE), turn = Turn.ASKED)

        assertEquals(PermissionStep.GoOn(setOf(MICROPHONE)), permissionStep(Moment.DIAL_AUDIO, denied))
    }

    @Test
    fun `what this Android does not ask for is not asked for`() {
        assertEquals(PermissionStep.GoOn(emptySet()), permissionStep(Moment.BE_REACHABLE, fresh.copy(sdk = 32)))
        assertEquals(PermissionStep.Ask(setOf(NOTIFICATIONS)), permissionStep(Moment.BE_REACHABLE, fresh.copy(sdk = 33)))
        assertEquals(PermissionStep.GoOn(emptySet()), permissionStep(Moment.CHOOSE_ROUTE, fresh.copy(sdk = 30)))
        assertEquals(PermissionStep.Ask(setOf(BLUETOOTH)), permissionStep(Moment.CHOOSE_ROUTE, fresh.copy(sdk = 31)))
    }

    @Test
    fun `every walk through the questions ends, whatever was granted, asked and denied before`() {
        val some = CallPermission.entries
        for (moment in Moment.entries) for (granted in subsets(some)) for (explain in subsets(some)) for (asked in subsets(some)) {
            var facts = PermissionFacts(34, granted, explain, asked)
            var steps = 0
            var step = permissionStep(moment, facts)
            while (step !is PermissionStep.GoOn) {
                steps += 1
                assertTrue("$moment $granted $explain $asked", steps <= 3)
                val turn = when (step) {
                    is PermissionStep.Explain -> Turn.EXPLAINED
                    is PermissionStep.Ask -> Turn.ASKED
                    is PermissionStep.LeadToSettings -> Turn.LED
                    is PermissionStep.GoOn -> error("ended")
                }
                assertTrue("$moment goes back to $turn", turn > facts.turn)
                facts = facts.copy(turn = turn)
                step = permissionStep(moment, facts)
            }
        }
    }

    private fun <T> subsets(of: List<T>): List<Set<T>> =
        (0 until (1 shl of.size)).map { bits -> of.filterIndexed { index, _ -> bits and (1 shl index) != 0 }.toSet() }
}
