// The names that the app has for people, where the engine has no more than a number.
package com.worldmates.calls.ui.people

import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ui.Contact

/** What [name] tells beyond the number of [user]; of whom a server does not know it says "User 7". Else empty. */
internal fun knownName(name: String, user: Long): String = if (name == "$user" || name == "User $user") "" else name.trim()

/** The same state, with people called as [people] has them where the engine does not know their names. */
internal fun CallsUiState.named(people: Map<Long, Contact>): CallsUiState = when (this) {
    is CallsUiState.Idle -> this
    is CallsUiState.Incoming -> copy(call = call.named(people), other = other?.named(people))
    is CallsUiState.Outgoing -> copy(call = call.named(people))
    is CallsUiState.AtTheDoor -> copy(call = call.named(people), other = other?.named(people))
    is CallsUiState.Active -> copy(call = call.named(people), other = other?.named(people))
    is CallsUiState.Ended -> copy(call = call.named(people))
}

/** Whoever has no name here either stays without: the screens say so in the person's language. */
internal fun CallSnapshot.named(people: Map<Long, Contact>): CallSnapshot {
    val others = participants.map { one ->
        val own = people[one.user]
        one.copy(name = knownName(one.name, one.user).ifEmpty { own?.name.orEmpty() }, avatar = one.avatar ?: own?.avatar)
    }
    val other = others.singleOrNull()?.takeIf { kind == CallKind.OneToOne }
    fun nameOf(name: String, user: Long) = knownName(name, user).ifEmpty { people[user]?.name.orEmpty() }
    val waiting = waiting.map { it.copy(name = nameOf(it.name, it.user)) }
    val chat = chat.map { it.copy(name = nameOf(it.name, it.user)) }
    return copy(title = if (other == null) title else knownName(title, other.user).ifEmpty { other.name }, participants = others, waiting = waiting, chat = chat)
}
