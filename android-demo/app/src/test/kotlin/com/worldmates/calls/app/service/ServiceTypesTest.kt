package com.worldmates.calls.app.service

import com.worldmates.calls.CallState
import com.worldmates.calls.EndReason
import com.worldmates.calls.Picture
import com.worldmates.calls.app.TALKING
import com.worldmates.calls.app.call
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

class ServiceTypesTest {
    /**
     * Every kind of phone and moment that differs. Columns: versions of Android, what is granted (Mic, Cam, Own calls),
     * what the call uses (m, c, s), whether the app is seen, whether the screen was agreed to, what the service has;
     * then the types (P, M, C, S) and what the call goes without, or why there is no service.
     */
    private val table = """
        sdk   | granted | uses | seen | agreed | held || types | without
        26-28 | MCO     | -    | yes  | no     | -    || no call
        26-28 |         |      | no   | no     | -    || -     | -
        26-28 | MCO     | mcs  | yes  | yes    | -    || -     | -
        26-28 |         | mcs  | no   | no     | -    || -     | -
        29    | MCO     | mc   | yes  | no     | -    || P     | -
        29    | MCO     | mcs  | yes  | yes    | -    || PS    | -
        29    | MCO     | mcs  | no   | yes    | -    || PS    | -
        29    | MCO     | mcs  | yes  | no     | -    || P     | S
        29    |         |      | no   | no     | -    || P     | -
        29-36 | MCO     | -    | yes  | yes    | PMCS || no call
        30-33 |         |      | no   | no     | -    || P     | -
        30-33 |         | mc   | yes  | no     | -    || P     | MC
        30-33 | M       | mc   | yes  | no     | -    || PM    | C
        30-33 | C       | mc   | yes  | no     | -    || PC    | M
        30-36 | MCO     |      | yes  | no     | -    || P     | -
        30-36 | MCO     | m    | yes  | no     | -    || PM    | -
        30-36 | MCO     | mc   | yes  | no     | -    || PMC   | -
        30-36 | MCO     | mcs  | yes  | yes    | -    || PMCS  | -
        30-36 | MCO     | mcs  | yes  | no     | -    || PMC   | S
        30-36 | MCO     | mc   | no   | no     | -    || P     | MC
        30-36 | MCO     | mc   | no   | no     | P    || P     | MC
        30-36 | MCO     | mc   | no   | no     | PM   || PM    | C
        30-36 | MCO     | mc   | no   | no     | PMC  || PMC   | -
        30-36 | MCO     | m    | no   | no     | PMC  || PMC   | -
        30-36 | MCO     | m    | yes  | no     | PMC  || PM    | -
        30-36 | CO      | mc   | no   | no     | PMC  || PC    | M
        30-36 | MCO     | ms   | no   | yes    | PM   || PMS   | -
        30-36 | MCO     | ms   | no   | no     | PMS  || PMS   | -
        30-36 | MCO     | ms   | yes  | no     | PMS  || PM    | S
        30-36 | O       | m    | yes  | no     | -    || P     | M
        30-36 | MO      | mc   | yes  | no     | -    || PM    | C
        34-36 | MC      | mc   | yes  | no     | -    || MC    | P
        34-36 | MC      | m    | no   | no     | -    || nothing allowed
        34-36 | MC      |      | yes  | no     | -    || nothing allowed
        34-36 |         | mc   | yes  | no     | -    || nothing allowed
        34-36 |         | s    | yes  | yes    | -    || S     | P
        30-33 |         |      | no   | no     | PMC  || P     | -
        34-36 | MC      | m    | no   | no     | M    || M     | P
    """.trimIndent().lines().drop(1)

    @Test
    fun `the types follow the table`() {
        for (row in table) {
            val (left, right) = row.split("||").map(String::trim)
            val (sdks, granted, uses, seen, agreed, held) = left.split("|").map(String::trim)
            for (sdk in versions(sdks)) {
                val question = ServiceQuestion(
                    sdk, grants(granted), use(uses), seen == "yes", agreed == "yes", types(held),
                )

                assertEquals("Android $sdk: $row", answer(right), serviceTypes(question))
            }
        }
    }

    @Test
    fun `of all questions none is answered with what Android would refuse`() {
        var asked = 0
        for (question in all()) {
            asked += 1
            val answer = serviceTypes(question)
            if (answer !is ServiceAnswer.Start) {
                assertTrue("$question", question.use == null || question.sdk >= 34)
                continue
            }
            val use = requireNotNull(question.use) { "started without a call: $question" }
            val all = answer.types + answer.without
            fun check(isRight: Boolean) = assertTrue("$question -> $answer", isRight)

            check(answer.types.none { it in answer.without })
            check(question.sdk >= 29 || all.isEmpty())
            check(question.sdk >= 30 || ServiceType.MICROPHONE !in all && ServiceType.CAMERA !in all)
            check(question.sdk < 29 || answer.types.isNotEmpty())
            val kept = if (question.isInForeground) emptySet() else question.held
            check(ServiceType.MICROPHONE !in answer.types || ServiceGrant.MICROPHONE in question.granted)
            check(ServiceType.MICROPHONE !in answer.types - kept || use.microphone)
            check(ServiceType.CAMERA !in answer.types || ServiceGrant.CAMERA in question.granted)
            check(ServiceType.CAMERA !in answer.types - kept || use.camera)
            check(ServiceType.MEDIA_PROJECTION !in answer.types - kept || use.screen && question.isScreenAgreed)
            check(answer.without.none { it == ServiceType.MICROPHONE && !use.microphone || it == ServiceType.CAMERA && !use.camera })
            check(question.sdk < 34 || ServiceType.PHONE_CALL !in answer.types || ServiceGrant.OWN_CALLS in question.granted)
            val begins = answer.types - question.held
            check(question.isInForeground || ServiceType.MICROPHONE !in begins && ServiceType.CAMERA !in begins)
        }
        assertEquals(9 * 8 * 9 * 2 * 2 * 16, asked)
    }

    @Test
    fun `before it is answered a call uses nothing, afterwards what it shows`() {
        assertEquals(CallUse(microphone = false, camera = false, screen = false), call(state = CallState.RingingHere).use())
        assertEquals(CallUse(microphone = true, camera = false, screen = false), call(state = CallState.Dialing).use())
        assertEquals(CallUse(microphone = true, camera = true, screen = false), call(picture = Picture.CAMERA).use())
        assertEquals(CallUse(microphone = true, camera = false, screen = true), call(picture = Picture.SCREEN).use())
        assertEquals(CallUse(microphone = true, camera = true, screen = true), call(picture = Picture.CAMERA, isSharing = true).use())
        assertNull(call(state = CallState.Ended(EndReason.WE_HUNG_UP)).use())
    }

    private fun all(): Sequence<ServiceQuestion> = sequence {
        val uses = listOf(null) + (0 until 8).map { CallUse(it and 1 != 0, it and 2 != 0, it and 4 != 0) }
        for (sdk in listOf(26, 28, 29, 30, 31, 33, 34, 35, 36)) {
            for (granted in subsets(ServiceGrant.entries)) for (use in uses) {
                for (seen in listOf(false, true)) for (agreed in listOf(false, true)) {
                    for (held in subsets(ServiceType.entries)) yield(ServiceQuestion(sdk, granted, use, seen, agreed, held))
                }
            }
        }
    }

    private fun <T> subsets(of: List<T>): List<Set<T>> =
        (0 until (1 shl of.size)).map { bits -> of.filterIndexed { index, _ -> bits and (1 shl index) != 0 }.toSet() }

    private fun versions(text: String): List<Int> {
        val ends = text.split("-").map(String::toInt)
        return (ends.first()..ends.last()).toList()
    }

    private fun grants(text: String): Set<ServiceGrant> = buildSet {
        if ('M' in text) add(ServiceGrant.MICROPHONE)
        if ('C' in text) add(ServiceGrant.CAMERA)
        if ('O' in text) add(ServiceGrant.OWN_CALLS)
    }

    private fun use(text: String): CallUse? = if (text == "-") null else CallUse('m' in text, 'c' in text, 's' in text)

    private fun types(text: String): Set<ServiceType> = buildSet {
        if ('P' in text) add(ServiceType.PHONE_CALL)
        if ('M' in text) add(ServiceType.MICROPHONE)
        if ('C' in text) add(ServiceType.CAMERA)
        if ('S' in text) add(ServiceType.MEDIA_PROJECTION)
    }

    @Test
    fun `what Android refuses is asked for with less, what it gave before at first`() {
        assertEquals(listOf("PMC", "PM", "P").map(::types), triesFor(types("PMC"), types("PM")))
        assertEquals(listOf("PM", "P").map(::types), triesFor(types("PM"), emptySet()))
        assertEquals(listOf(types("P")), triesFor(types("P"), types("P")))
        assertEquals("before Android 10 there are no types", listOf(emptySet<ServiceType>()), triesFor(emptySet(), emptySet()))
    }

    private fun answer(text: String): ServiceAnswer = when (text) {
        "no call" -> ServiceAnswer.Refused(ServiceRefusal.NO_CALL)
        "nothing allowed" -> ServiceAnswer.Refused(ServiceRefusal.NOTHING_ALLOWED)
        else -> text.split("|").map(String::trim).let { (types, without) -> ServiceAnswer.Start(types(types), types(without)) }
    }

    private operator fun <T> List<T>.component6(): T = this[5]
}
