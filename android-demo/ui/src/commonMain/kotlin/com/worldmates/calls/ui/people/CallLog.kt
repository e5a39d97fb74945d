package com.worldmates.calls.ui.people

import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.ServerLink
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.People
import java.time.Instant
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * Writes down the calls of the past and whoever was in them. It is shown each snapshot, by one thread:
 * `scope.launch { calls.snapshots.collect(log::sees) }`, and [people] go to `ViewModelHolder.setPeople`.
 *
 * @param own whom the app knows by itself: they come first, and their names are the app's
 * @param kept what [keep] was given at some time before; null at the first start
 * @param keep takes all that is written down, whenever it changes; an app that forgets does without
 */
public class CallLog(
    private val own: List<Contact> = emptyList(),
    kept: String? = null,
    private val clock: () -> Instant = Instant::now,
    private val keep: (String) -> Unit = {},
) {
    private val known = own.associateBy { it.user }
    private var before = CallsSnapshot(ServerLink.DOWN, emptyList())
    private var written = peopleOf(kept.orEmpty())
    private val shown = MutableStateFlow(written.withOwn())

    /** Whom the app knows and who was in a call, and the calls that were, the last one first. */
    public val people: StateFlow<People> = shown.asStateFlow()

    /** What is so now. */
    public fun sees(now: CallsSnapshot) {
        val after = written.after(before, now, clock())
        before = now
        if (after == written) return
        written = after
        shown.value = after.withOwn()
        keep(after.toText())
    }

    private fun People.withOwn(): People {
        val people = contacts.associateBy { it.user } + known
        return People(
            contacts = own + contacts.filter { it.user !in known },
            history = history.map { call -> if (call.group == null) call.copy(with = people[call.with.user] ?: call.with) else call },
        )
    }
}
