package com.worldmates.calls.ui.people

import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.ServerLink
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.Fixtures
import com.worldmates.calls.ui.PastCall
import java.time.Duration
import java.time.Instant
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** What is written down of calls, as an app sees it happen. */
internal class CallLogTest {
    private var now = Fixtures.now
    private val kept = mutableListOf<String>()
    private val log = log()

    private fun log(kept: String? = null, own: List<Contact> = emptyList()) = CallLog(own, kept, { now }, { this.kept += it })

    private fun CallLog.sees(vararg calls: CallSnapshot) = sees(CallsSnapshot(ServerLink.UP, calls.toList()))

    private fun call(state: CallState, direction: Direction = Direction.OUTGOING, id: Long = 1) =
        Fixtures.call(state, direction = direction, id = id)

    private val talking = CallState.Talking(Fixtures.now)

    private fun CallLog.rows() = people.value.history.map { Triple(it.direction, it.lasted?.seconds, it.isMissed) }

    @Test
    fun a_call_is_written_down_once_with_when_and_how_long() {
        log.sees(call(CallState.Dialing))
        log.sees(call(talking))
        now += Duration.ofSeconds(90)
        assertEquals(emptyList<PastCall>(), log.people.value.history)

        log.sees(call(CallState.Ended(EndReason.THEY_HUNG_UP)))
        log.sees(call(CallState.Ended(EndReason.THEY_HUNG_UP)))
        log.sees()

        val person = Contact(1, "Олена Ковальчук")
        assertEquals(
            listOf(PastCall(1, person, Direction.OUTGOING, CallType.AUDIO, Fixtures.now, Duration.ofSeconds(90))),
            log.people.value.history,
        )
        assertEquals(listOf(person), log.people.value.contacts)
    }

    @Test
    fun missed_is_what_rang_here_and_nobody_answered_anywhere() {
        val ends = mapOf(
            EndReason.MISSED to true, EndReason.WE_WERE_BUSY to true, EndReason.WE_DECLINED to false, EndReason.ANSWERED_ELSEWHERE to false,
            EndReason.DECLINED_ELSEWHERE to false,
        )
        ends.forEach { (reason, isMissed) ->
            val log = log()
            log.sees(call(CallState.RingingHere, Direction.INCOMING))
            log.sees(call(CallState.Ended(reason), Direction.INCOMING))
            assertEquals("$reason", listOf(Triple(Direction.INCOMING, null, isMissed)), log.rows())
        }

        log.sees(call(CallState.Dialing))
        log.sees(call(CallState.Ended(EndReason.NO_ANSWER)))
        assertEquals(listOf(Triple(Direction.OUTGOING, null, false)), log.rows())
    }

    @Test
    fun a_call_that_a_push_told_of_too_late_is_missed_and_whoever_called_is_known() {
        log.sees(call(CallState.Ended(EndReason.MISSED), Direction.INCOMING))

        assertEquals(listOf(Triple(Direction.INCOMING, null, true)), log.rows())
        assertEquals(listOf(1L), log.people.value.contacts.map { it.user })
    }

    @Test
    fun what_ended_and_was_put_away_between_two_looks_is_over_as_well() {
        log.sees(call(talking), call(CallState.RingingHere, Direction.INCOMING, id = 2))
        now += Duration.ofSeconds(5)
        log.sees()

        assertEquals(listOf(Triple(Direction.INCOMING, null, false), Triple(Direction.OUTGOING, 5L, false)), log.rows())
    }

    @Test
    fun a_number_that_is_nobodys_is_written_down_and_is_no_contact() {
        log.sees(call(CallState.Dialing))
        log.sees(call(CallState.Ended(EndReason.NOT_FOUND)))

        assertEquals(1, log.rows().size)
        assertEquals(emptyList<Contact>(), log.people.value.contacts)
    }

    @Test
    fun everyone_in_a_call_of_a_group_is_known_and_the_call_is_the_groups() {
        val group = Fixtures.group(3).copy(kind = CallKind.Group(9), title = "Рада", state = talking)
        log.sees(group)
        log.sees(group.copy(state = CallState.Ended(EndReason.WE_HUNG_UP), participants = emptyList()))

        assertEquals(setOf(1L, 2L, 3L), log.people.value.contacts.map { it.user }.toSet())
        val row = log.people.value.history.single()
        assertEquals(9L to Contact(9, "Рада"), row.group to row.with)
    }

    @Test
    fun a_room_is_come_into_and_nobody_called() {
        val room = call(talking).copy(kind = CallKind.Room)
        log.sees(room)
        log.sees(room.copy(state = CallState.Ended(EndReason.WE_HUNG_UP)))

        assertEquals(emptyList<PastCall>(), log.people.value.history)
        assertEquals(listOf(1L), log.people.value.contacts.map { it.user })
    }

    @Test
    fun names_of_the_app_win_and_one_that_was_known_is_not_forgotten() {
        val log = log(own = listOf(Contact(2, "Мама")))
        fun one(user: Long, name: String, id: Long) {
            val person = Fixtures.participant(0).copy(user = user, name = name)
            log.sees(Fixtures.call(talking, people = listOf(person), id = id))
            log.sees(Fixtures.call(CallState.Ended(EndReason.WE_HUNG_UP), people = listOf(person), id = id))
        }

        one(2, "Ganna Petrivna", id = 1)
        one(3, "Тарас", id = 2)
        one(3, "User 3", id = 3)

        assertEquals(listOf("Мама", "Тарас"), log.people.value.contacts.map { it.name })
        assertEquals(listOf("Тарас", "Тарас", "Мама"), log.people.value.history.map { it.with.name })
        assertEquals(3, log.people.value.history.map { it.id }.toSet().size)
    }

    @Test
    fun all_of_it_is_there_after_a_restart_and_goes_on() {
        log.sees(call(talking))
        now += Duration.ofSeconds(7)
        log.sees(call(CallState.Ended(EndReason.WE_HUNG_UP)))
        log.sees()

        val again = log(kept.last())
        assertEquals(log.people.value, again.people.value)
        again.sees(call(CallState.RingingHere, Direction.INCOMING))
        again.sees(call(CallState.Ended(EndReason.MISSED), Direction.INCOMING))

        assertEquals(listOf(Triple(Direction.INCOMING, null, true), Triple(Direction.OUTGOING, 7L, false)), again.rows())
        assertEquals(listOf(2L, 1L), again.people.value.history.map { it.id })
    }

    @Test
    fun nothing_is_kept_while_nothing_changes() {
        log.sees()
        log.sees(call(CallState.Dialing))
        log.sees(call(CallState.RingingThere(1)))

        assertEquals(emptyList<String>(), kept)
    }

    @Test
    fun there_is_an_end_to_what_is_kept() {
        for (id in 1L..250L) {
            val person = Fixtures.participant(0).copy(user = id, name = "x".repeat(5_000))
            log.sees(Fixtures.call(CallState.Ended(EndReason.MISSED), people = listOf(person), direction = Direction.INCOMING, id = id))
        }

        assertEquals(MOST_CALLS, log.people.value.history.size)
        assertEquals(MOST_PEOPLE, log.people.value.contacts.size)
        assertEquals(250L, log.people.value.history.first().with.user)
        assertTrue("${kept.last().length}", kept.last().length < 60_000)
    }

    @Test
    fun what_was_kept_and_broke_is_left_out_and_the_rest_is_there() {
        now = Instant.parse("2026-03-14T15:09:26.123Z")
        log.sees(call(CallState.Ended(EndReason.MISSED), Direction.INCOMING))
        val good = kept.last()
        val broken = listOf(
            "", "\t", "person", "person\tx\tname\t", "person\t-1\tname\t", "call\t1\t2", "later version\t1", "\u0000\uFFFF",
            "call\t99999999999999999\tINCOMING\tAUDIO\t\ttrue\t\t1\tx\t", "call\t5\tSIDEWAYS\tAUDIO\t\ttrue\t\t1\tx\t",
            "call\t5\tINCOMING\tAUDIO\t-4\ttrue\t\t1\tx\t", "call\t5\tINCOMING\tAUDIO\t4\ttrue\tx\t1\tx\t",
        )

        assertEquals(peopleOf(good), peopleOf((broken + good + broken).joinToString("\n")))
        assertEquals(1, peopleOf(good).history.size)
        // Cut anywhere, as by a phone that went off.
        for (length in good.indices) peopleOf(good.take(length))
    }

    @Test
    fun a_name_that_would_break_a_line_does_not() {
        val person = Fixtures.participant(0).copy(name = "Two\nlines\tand a tab", avatar = "https://a/\n")
        log.sees(Fixtures.call(CallState.Ended(EndReason.MISSED), people = listOf(person), direction = Direction.INCOMING))

        assertEquals(listOf(Contact(1, "Two lines and a tab")), peopleOf(kept.last()).contacts)
    }
}
