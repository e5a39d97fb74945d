package com.worldmates.calls.ui

import androidx.compose.foundation.layout.Box
import androidx.compose.runtime.Composable
import androidx.compose.ui.unit.dp
import com.worldmates.calls.AudioRoutes
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallType
import com.worldmates.calls.EndReason
import com.worldmates.calls.Language
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Picture
import com.worldmates.calls.Quality
import com.worldmates.calls.Reaction
import com.worldmates.calls.ServerLink
import com.worldmates.calls.SoundLevels
import com.worldmates.calls.ui.layout.Fold
import com.worldmates.calls.ui.parts.ProblemBar
import com.worldmates.calls.ui.screens.ActiveScreen
import com.worldmates.calls.ui.screens.CallFrameSettingsScreen
import com.worldmates.calls.ui.screens.DoorScreen
import com.worldmates.calls.ui.screens.EndedScreen
import com.worldmates.calls.ui.screens.IdleList
import com.worldmates.calls.ui.screens.IdleScreen
import com.worldmates.calls.ui.screens.IncomingScreen
import com.worldmates.calls.ui.screens.MessagesScreen
import com.worldmates.calls.ui.screens.OutgoingScreen
import com.worldmates.calls.ui.screens.SettingsScreen

private val nothing = NoCallActions()
private val video get() = Fixtures.call(type = CallType.VIDEO, picture = Picture.CAMERA)

/** How a screen is looked at, besides a phone in a Ukrainian hand by day. */
private data class On(
    val suffix: String = "", val width: Int = 360, val height: Int = 760, val isDark: Boolean = false,
    val language: Language = Language.UK, val isRtl: Boolean = false, val fontScale: Float = 1f, val fold: Fold? = null,
)

private val phone = On()
private val dark = On("dark", isDark = true)
private val english = On("en", language = Language.EN)
private val russian = On("ru", language = Language.RU)
private val rtl = On("rtl", isRtl = true)
private val largeText = On("large-text", fontScale = 2f)
private val landscape = On("landscape", 760, 360)
private val tablet = On("tablet", 1024, 720)
private val small = On("small", 320, 568)

/** The system's own picture-in-picture. */
private val tiny = On("tiny", 180, 240)

/** A foldable half open on a table: the hinge lies. */
private val tabletop = On("tabletop", 600, 780, fold = Fold(isLying = true, at = 390.dp))

/** The same held like a book. */
private val book = On("book", 780, 600, fold = Fold(isLying = false, at = 390.dp))

private fun shots(name: String, vararg ons: On, content: @Composable () -> Unit): List<Shot> = ons.map { on ->
    val full = if (on.suffix.isEmpty()) name else "$name-${on.suffix}"
    Shot(full, on.width, on.height, on.isDark, on.language, on.isRtl, on.fontScale, on.fold, content)
}

private fun activeShots(name: String, state: ActiveState, vararg ons: On, view: CallView = CallView(), onMessages: (() -> Unit)? = null) =
    shots(name, *ons) { ActiveScreen(state, nothing, view = view, onMessages = onMessages) }

/** Whoever looks at it is told that the sound does not go there. */
private val troubled get() = FakeHolder().apply { tell(Problem.NoRoute(Fixtures.routes.available.last())) }

private fun withFrame(style: FrameStyle) = Fixtures.surroundings.copy(frame = style)

/** The pictures of the screens without a call. */
internal val quietShots: List<Shot> = buildList {
    addAll(shots("idle", phone, dark, english, russian, rtl, largeText, landscape, tablet, small) {
        IdleScreen(Fixtures.idle(), nothing, {}, {})
    })
    addAll(shots("idle-people", phone, dark) { IdleScreen(Fixtures.idle(), nothing, {}, {}, firstList = IdleList.PEOPLE) })
    addAll(shots("idle-report", phone, dark, largeText) { IdleScreen(Fixtures.idle(Fixtures.checked), nothing, {}, {}) })
    addAll(shots("problem", phone, dark, largeText) {
        Box {
            IdleScreen(Fixtures.idle(), nothing, {}, {})
            ProblemBar(troubled, atTop = false)
        }
    })
    addAll(shots("audio-problem", phone, dark) {
        Box {
            ActiveScreen(Fixtures.active(Fixtures.call()), nothing)
            ProblemBar(troubled, atTop = true)
        }
    })
    addAll(shots("idle-empty", phone) { IdleScreen(Fixtures.idle(CheckState.Running, ServerLink.DOWN, isEmpty = true), nothing, {}, {}) })
    addAll(shots("messages", phone, dark, rtl, largeText, tablet) { MessagesScreen(Fixtures.conversation(draft = "Вже біжу"), {}, {}, {}, {}, {}) })
    addAll(shots("messages-in-call", phone) { MessagesScreen(Fixtures.conversation(ongoing = Fixtures.call()), {}, {}, {}, {}, {}) })
    addAll(shots("messages-empty", english) { MessagesScreen(Fixtures.conversation(isEmpty = true), {}, {}, {}, {}, {}) })
    addAll(shots("messages-calls", phone, dark, rtl, largeText, landscape) {
        MessagesScreen(Fixtures.callsWith, {}, {}, onSend = null, {}, {})
    })
    addAll(shots("messages-calls-empty", english) { MessagesScreen(Fixtures.conversation(isEmpty = true), {}, {}, onSend = null, {}, {}) })
    addAll(shots("settings", phone, dark, largeText, tablet) { SettingsScreen(Preferences(), CheckState.NotAsked, {}, {}, {}, {}) })
    addAll(shots("frames", phone, dark, russian, largeText, tablet) { CallFrameSettingsScreen(FrameStyle.GRADIENT, {}, {}) })
    listOf(
        EndReason.NO_ANSWER to listOf(phone, dark, english, russian, largeText, landscape), EndReason.NO_MICROPHONE to listOf(phone),
        EndReason.NO_PATH to listOf(phone, tablet), EndReason.THEY_HUNG_UP to listOf(phone),
    ).forEach { (reason, ons) ->
        ons.forEach { on ->
            addAll(shots("ended-${reason.name.lowercase().replace('_', '-')}", on) {
                EndedScreen(Fixtures.ended(reason, on.language), {}, {}, {}, {})
            })
        }
    }
}

/** The pictures of calls that begin. */
internal val beginningShots: List<Shot> = buildList {
    addAll(shots("incoming-video", phone, dark, english, russian, rtl, largeText, landscape, tablet, small) {
        IncomingScreen(Fixtures.incoming(CallType.VIDEO), nothing)
    })
    addAll(shots("incoming-audio", phone) { IncomingScreen(Fixtures.incoming(CallType.AUDIO), nothing) })
    addAll(shots("incoming-long-name", phone) {
        IncomingScreen(Fixtures.incoming(CallType.VIDEO, people = listOf(Fixtures.participant(7))), nothing)
    })
    addAll(shots("incoming-group", phone) {
        IncomingScreen(Fixtures.incoming(CallType.VIDEO, people = List(8) { Fixtures.participant(it) }), nothing)
    })
    addAll(shots("incoming-second", phone, dark, largeText, landscape) {
        IncomingScreen(Fixtures.incoming(CallType.AUDIO, other = Fixtures.call(people = listOf(Fixtures.participant(2)), id = 2)), nothing)
    })
    addAll(shots("outgoing-waking", phone) { OutgoingScreen(Fixtures.outgoing(CallState.RingingThere(0)), Fixtures.surroundings, nothing) })
    addAll(shots("outgoing-ringing", phone, dark, rtl, largeText, landscape) {
        OutgoingScreen(Fixtures.outgoing(CallState.RingingThere(3)), Fixtures.surroundings, nothing)
    })
    addAll(shots("outgoing-video", phone, tablet) {
        OutgoingScreen(Fixtures.outgoing(CallState.Dialing, Picture.CAMERA), Fixtures.surroundings, nothing)
    })
}

/** The pictures of calls of two. */
internal val pairShots: List<Shot> = buildList {
    val speaking = Fixtures.surroundings.copy(levels = SoundLevels(0f, mapOf(1L to 0.6f)))
    addAll(activeShots("audio", Fixtures.active(Fixtures.call(), speaking, stats = null), phone, dark, english, rtl, largeText, landscape, tablet, tabletop, small, tiny))
    addAll(activeShots("audio-reconnecting", Fixtures.active(Fixtures.call(isMuted = true, people = listOf(Fixtures.participant(0, path = MediaPath.REPAIRING))), isReconnecting = true), phone, largeText))
    addAll(activeShots("audio-held-other", Fixtures.active(Fixtures.call(), other = Fixtures.call(people = listOf(Fixtures.participant(2)), id = 2)), phone))
    addAll(activeShots("audio-held", Fixtures.active(Fixtures.call(isHeld = true)), phone, dark))
    addAll(activeShots("audio-routes", Fixtures.active(Fixtures.call(), Fixtures.surroundings.copy(routes = Fixtures.pendingRoutes)), phone, dark, largeText, view = CallView(panel = Panel.SOUND)))
    addAll(activeShots("audio-more", Fixtures.active(Fixtures.call(), other = Fixtures.call(people = listOf(Fixtures.participant(2)), id = 2)), phone, english, largeText, landscape, view = CallView(panel = Panel.MORE), onMessages = {}))
    FrameStyle.entries.forEach { style ->
        addAll(activeShots("video-${style.name.lowercase().replace('_', '-')}", Fixtures.active(video, withFrame(style), stats = null), phone))
    }
    addAll(activeShots("video", Fixtures.active(video, stats = null), dark, rtl, largeText, landscape, tablet, tabletop, book, small, tiny))
    addAll(activeShots("video-neon", Fixtures.active(video, withFrame(FrameStyle.NEON)), landscape))
    addAll(activeShots("video-circle", Fixtures.active(video, withFrame(FrameStyle.CIRCLE)), tablet))
    addAll(activeShots("video-stats", Fixtures.active(video.copy(isMuted = true), stats = Fixtures.stats(quality = Quality.WEAK)), phone, largeText, landscape))
    addAll(activeShots("video-theirs-off", Fixtures.active(Fixtures.call(type = CallType.VIDEO, picture = Picture.CAMERA, people = listOf(Fixtures.participant(7)))), phone, landscape))
    addAll(activeShots("video-poor-network", Fixtures.active(video.copy(picture = Picture.NONE), Fixtures.surroundings.copy(isPictureOffByNetwork = true)), phone))
    addAll(activeShots("video-reconnecting", Fixtures.active(Fixtures.call(type = CallType.VIDEO, picture = Picture.CAMERA, people = listOf(Fixtures.participant(0, video = true, path = MediaPath.REPAIRING))), isReconnecting = true), phone))
    addAll(activeShots("video-screen", Fixtures.active(video.copy(isSharing = true)), phone))
    val shared = video.copy(participants = video.participants.map { it.copy(screen = true) })
    addAll(activeShots("video-their-screen", Fixtures.active(shared, withFrame(FrameStyle.CIRCLE)), phone, landscape))
    addAll(activeShots("video-no-routes", Fixtures.active(video, Fixtures.surroundings.copy(routes = AudioRoutes(emptyList(), null, null))), english))
}

/** The pictures of groups. */
internal val groupShots: List<Shot> = buildList {
    val speaking = Fixtures.surroundings.copy(levels = SoundLevels(0f, mapOf(1L to 0.7f)))
    val hands = { call: CallSnapshot ->
        call.copy(isHandUp = true, participants = call.participants.map { if (it.user == 3L) it.copy(handRaisedAt = 1) else it })
    }
    // The number counts us too.
    listOf(1, 2, 3, 4, 9, 16, 50).forEach { people ->
        addAll(activeShots("group-${people.toString().padStart(2, '0')}", Fixtures.active(hands(Fixtures.group(people - 1)), speaking), phone))
    }
    listOf(3, 9, 16, 50).forEach { people ->
        val name = "group-${people.toString().padStart(2, '0')}"
        addAll(activeShots(name, Fixtures.active(hands(Fixtures.group(people - 1)), speaking), tablet, landscape))
    }
    addAll(activeShots("group-04", Fixtures.active(hands(Fixtures.group(3)), speaking), rtl, largeText, tabletop, book, small))
    addAll(activeShots("group-09", Fixtures.active(hands(Fixtures.group(8, hasVideo = { false }, picture = Picture.NONE)), speaking), dark))
    addAll(activeShots("group-09-neon", Fixtures.active(hands(Fixtures.group(8)), speaking.copy(frame = FrameStyle.NEON)), phone))
    addAll(activeShots("group-04-circle", Fixtures.active(hands(Fixtures.group(3)), speaking.copy(frame = FrameStyle.CIRCLE)), phone))
    addAll(activeShots("group-04-ticket", Fixtures.active(hands(Fixtures.group(3)), speaking.copy(frame = FrameStyle.CUT_CORNER)), phone))
    val troubled = Fixtures.group(3).let { call ->
        call.copy(participants = call.participants.mapIndexed { index, person -> person.copy(isAway = index == 1, path = if (index == 0) MediaPath.REPAIRING else MediaPath.UP) })
    }
    addAll(activeShots("group-troubled", Fixtures.active(troubled, stats = Fixtures.statsOfThree), phone))
    addAll(activeShots("spotlight", Fixtures.active(hands(Fixtures.group(6)), speaking), phone, landscape, tablet, rtl, view = CallView(StageChoice.Speaker)))
    addAll(activeShots("spotlight-long-name", Fixtures.active(hands(Fixtures.group(9)), speaking), phone, view = CallView(StageChoice.One(8))))
}

/** The pictures of rooms of many, through the media server. */
internal val roomShots: List<Shot> = buildList {
    fun room(name: String, call: CallSnapshot, vararg ons: On, view: CallView = CallView()) =
        addAll(activeShots("room-$name", Fixtures.active(call), *ons, view = view))
    room("03", Fixtures.room(3), phone, landscape, tablet, english)
    room("09", Fixtures.room(9), phone, landscape, tablet, rtl, largeText, small)
    room("25", Fixtures.room(25), phone, landscape, tablet)
    room("50", Fixtures.room(50), phone, landscape, tablet)
    room("09-speaker", Fixtures.room(9), phone, tablet, view = CallView(StageChoice.Speaker))
    room("09-pinned", Fixtures.room(9), phone, view = CallView(StageChoice.One(5)))
    val shared = { people: Int -> Fixtures.room(people) { room -> room.copy(participants = room.participants.map { if (it.user == 2L) it.copy(screen = true) else it }) } }
    room("screen", shared(9), phone, landscape, tablet)
    val talk = Fixtures.room(9) { it.copy(chat = Fixtures.chat) }
    room("chat", talk, phone, landscape, tablet, english, rtl, largeText, view = CallView(panel = Panel.CHAT, draft = ""))
    room("chat-empty", Fixtures.room(3), phone, view = CallView(panel = Panel.CHAT))
    room("unread", talk, phone, view = CallView(readUpTo = "line-4"))
    room("host", Fixtures.ourRoom(9, waiting = 2), phone, landscape, tablet, english, rtl, largeText, view = CallView(panel = Panel.PEOPLE))
    room("host-person", Fixtures.ourRoom(9), phone, russian, view = CallView(panel = Panel.PEOPLE, person = 6))
    room("host-remove", Fixtures.ourRoom(9), phone, largeText, view = CallView(panel = Panel.PEOPLE, person = 6, isRemoving = true))
    room("people", Fixtures.room(9), phone, view = CallView(panel = Panel.PEOPLE))
    room("host-asked", Fixtures.ourRoom(9, waiting = 1).copy(isLocked = true), phone, tablet, largeText)
    room("host-asked-by-three", Fixtures.ourRoom(9, waiting = 3), phone)
    room("reactions", Fixtures.room(9) { it.copy(reactions = Fixtures.reactions(*Reaction.entries.toTypedArray())) }, phone, tablet)
    room("more", Fixtures.room(9), phone, landscape, largeText, view = CallView(panel = Panel.MORE))
    room("muted-by-host", Fixtures.room(3) { it.copy(isMuted = true, mutedBy = 3) }, phone, english, russian)
    room("tiny", shared(9), tiny)
    room("voices", Fixtures.room(9) { room -> room.copy(picture = Picture.NONE, participants = room.participants.map { it.copy(video = false) }) }, phone)
    room("folded", talk, tabletop, book, view = CallView(panel = Panel.CHAT))
    addAll(shots("door", phone, dark, english, russian, rtl, largeText, landscape, tablet) { DoorScreen(Fixtures.door(), nothing) })
    addAll(shots("door-second", phone) { DoorScreen(Fixtures.door(Fixtures.call(isHeld = true)), nothing) })
    addAll(shots("ended-removed", phone) { EndedScreen(Fixtures.ended(EndReason.REMOVED, Language.UK), {}, {}, {}, {}) })
}

internal val allShots: List<Shot> = quietShots + beginningShots + pairShots + groupShots + roomShots
