package com.worldmates.calls.ui.parts

import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallStats
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Participant
import com.worldmates.calls.Picture
import com.worldmates.calls.PictureFeed
import com.worldmates.calls.Quality
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallView
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

/** What to call them where there is little room: the first name. A number in place of a name stays whole. */
internal fun firstName(user: Long, name: String, words: Strings): String = name.trim().substringBefore(' ').ifEmpty { words.user(user) }

internal fun CallStats?.qualityOf(user: Long): Quality =
    this?.participants?.firstOrNull { it.user == user }?.quality ?: Quality.UNKNOWN

/** The worst connection of all: the one to speak about. */
internal fun CallStats?.worstQuality(): Quality =
    this?.participants?.map { it.quality }?.maxByOrNull { it.ordinal } ?: Quality.UNKNOWN

/** How loud somebody is, from 0 to 1: by the word of the media server where there is one, else by what is heard here. */
internal fun ActiveState.loudnessOf(person: Participant): Float =
    if (call.isByServer) person.loudness.coerceIn(0, LOUDEST) / LOUDEST.toFloat() else surroundings.levels.others[person.user] ?: 0f

/** The loudest that the media server says. */
private const val LOUDEST = 10

/** Whose hands are up, in the order in which they went up. */
internal fun CallSnapshot.hands(): List<Long> =
    participants.mapNotNull { person -> person.handRaisedAt?.let { person.user to it } }
        .sortedWith(compareBy<Pair<Long, Long>> { it.second }.thenBy { it.first }).map { it.first }

/** Everyone else as faces. */
internal fun ActiveState.faces(): List<Face> {
    val hands = if (isGroup) call.hands() else emptyList()
    return call.participants.map { person -> face(person, hands.indexOf(person.user) + 1) }
}

/** The other one of two: their screen while they share it, else their face. */
internal fun ActiveState.other(): Face? = call.participants.firstOrNull()?.let { if (it.screen) screen(it) else face(it, hand = 0) }

private fun ActiveState.face(person: Participant, hand: Int) = Face(
    user = person.user, name = person.name, avatar = person.avatar, hasPicture = person.video && !call.isHeld,
    isMuted = !person.audio, level = loudnessOf(person),
    // When it is our own connection that is being repaired, the banner says so for all.
    path = if (active.isReconnecting && person.path == MediaPath.REPAIRING) MediaPath.UP else person.path,
    isAway = person.isAway, hand = hand, quality = active.stats.qualityOf(person.user),
)

/** The screen that somebody shares, as something to be shown large. */
internal fun ActiveState.screen(sharer: Participant): Face = face(sharer, hand = 0).copy(
    hasPicture = !call.isHeld, isScreen = true,
    // Straight from phone to phone it comes in place of the camera's picture, through the media server beside it.
    picture = if (call.isByServer) PictureFeed.screenOf(sharer.user) else sharer.user,
)

/** We ourselves as a face. */
internal fun ActiveState.myFace(): Face = Face(
    user = null, name = "", avatar = null, hasPicture = call.picture == Picture.CAMERA && !call.isHeld,
    isMirrored = isMirrored, isMuted = call.isMuted, level = surroundings.levels.mine,
    isHandUp = isGroup && call.isHandUp,
)

/** As in a mirror: only what the front camera sees of us. */
internal val ActiveState.isMirrored: Boolean
    get() = call.picture == Picture.CAMERA && surroundings.isFrontCamera

/**
 * What is large, if anything is: whom the person chose, else a shared screen that they did not put aside, else whoever
 * speaks if they asked for that. [previous] stays while nobody speaks, so that the picture does not jump.
 */
internal fun ActiveState.large(view: CallView, previous: Long?): Face? {
    if (!isGroup) return null
    val choice = view.stage
    val chosen = (choice as? StageChoice.One)?.let { one -> call.participants.firstOrNull { it.user == one.user } }
    val sharer = call.participants.firstOrNull { it.screen && it.user != view.putAside }
    val speaker = if (choice == StageChoice.Speaker) speaker(previous) else null
    return when {
        chosen != null -> face(chosen, call.hands().indexOf(chosen.user) + 1)
        sharer != null -> screen(sharer)
        speaker != null -> face(speaker, call.hands().indexOf(speaker.user) + 1)
        else -> null
    }
}

/** Whoever speaks: by the word of the media server where there is one, since it does not jump at each cough. */
internal fun ActiveState.speaker(previous: Long?): Participant? {
    val loudest = surroundings.levels.others.filterValues { it >= AUDIBLE }.maxByOrNull { it.value }?.key
    return listOfNotNull(call.dominant, loudest.takeIf { !call.isByServer }, previous, call.participants.firstOrNull()?.user)
        .firstNotNullOfOrNull { user -> call.participants.firstOrNull { it.user == user } }
}

/** How many lines of others in the chat were not seen yet. */
internal fun ActiveState.unread(view: CallView): Int {
    val seen = call.chat.indexOfLast { it.id == view.readUpTo }
    return call.chat.drop(seen + 1).count { it.user != surroundings.me }
}

internal fun ActiveState.namer(words: Strings): (Long) -> String =
    { user -> call.participants.firstOrNull { it.user == user }?.nameIn(words) ?: words.user(user) }

/** The same by first names. */
internal fun ActiveState.firstNamer(words: Strings): (Long) -> String =
    { user -> firstName(user, call.participants.firstOrNull { it.user == user }?.name.orEmpty(), words) }
