package com.worldmates.calls.ui.parts

import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallStats
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Participant
import com.worldmates.calls.Picture
import com.worldmates.calls.Quality
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallSurroundings
import com.worldmates.calls.ui.StageChoice
import com.worldmates.calls.ui.text.Strings

/** What a call is called on the screen: its title, else who is in it. */
internal fun callName(call: CallSnapshot, words: Strings): String = call.title.ifBlank {
    val people = call.participants
    when (people.size) {
        0 -> words.calls
        1, 2 -> people.joinToString { it.nameIn(words) }
        else -> words.andMore(people.take(2).joinToString { it.nameIn(words) }, people.size - 2)
    }
}

internal fun Participant.nameIn(words: Strings): String = name.ifBlank { words.user(user) }

internal fun CallStats?.qualityOf(user: Long): Quality =
    this?.participants?.firstOrNull { it.user == user }?.quality ?: Quality.UNKNOWN

/** The worst connection of all: the one to speak about. */
internal fun CallStats?.worstQuality(): Quality =
    this?.participants?.map { it.quality }?.maxByOrNull { it.ordinal } ?: Quality.UNKNOWN

/** Everyone else as faces. */
internal fun ActiveState.faces(): List<Face> = call.participants.map { person ->
    Face(
        user = person.user, name = person.name, avatar = person.avatar, hasPicture = person.video && !call.isHeld,
        isMuted = !person.audio, level = surroundings.levels.others[person.user] ?: 0f,
        // When it is our own connection that is being repaired, the banner says so for all.
        path = if (active.isReconnecting && person.path == MediaPath.REPAIRING) MediaPath.UP else person.path,
        isAway = person.isAway, isHandUp = surroundings.canRaiseHand && person.user in surroundings.handsUp,
        quality = active.stats.qualityOf(person.user),
    )
}

/** We ourselves as a face. */
internal fun ActiveState.myFace(): Face = Face(
    user = null, name = "", avatar = null, hasPicture = call.picture != Picture.NONE && !call.isHeld,
    isMirrored = isMirrored, isMuted = call.isMuted, level = surroundings.levels.mine,
    isHandUp = surroundings.canRaiseHand && CallSurroundings.MY_HAND in surroundings.handsUp,
)

/** As in a mirror: only what the front camera sees of us. */
internal val ActiveState.isMirrored: Boolean
    get() = call.picture == Picture.CAMERA && surroundings.isFrontCamera

/** Whose face is large, if one is. [previous] stays while nobody speaks, so that the picture does not jump. */
internal fun ActiveState.spotlight(choice: StageChoice, previous: Long?): Long? = when (choice) {
    StageChoice.Everyone -> null
    is StageChoice.One -> choice.user.takeIf { user -> call.participants.any { it.user == user } }
    StageChoice.Speaker -> {
        val loudest = surroundings.levels.others.filterValues { it >= AUDIBLE }.maxByOrNull { it.value }?.key
        listOfNotNull(loudest, previous, call.participants.firstOrNull()?.user)
            .firstOrNull { user -> call.participants.any { it.user == user } }
    }
}

internal fun ActiveState.namer(words: Strings): (Long) -> String =
    { user -> call.participants.firstOrNull { it.user == user }?.nameIn(words) ?: words.user(user) }
