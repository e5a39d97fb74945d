package com.worldmates.calls.ui

import com.worldmates.calls.AudioRoute
import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.AudioRoutes
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.CallStats
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.ChatLine
import com.worldmates.calls.ChatState
import com.worldmates.calls.CheckLine
import com.worldmates.calls.CheckOutcome
import com.worldmates.calls.CheckReport
import com.worldmates.calls.Direction
import com.worldmates.calls.EndReason
import com.worldmates.calls.Language
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Participant
import com.worldmates.calls.ParticipantStats
import com.worldmates.calls.Picture
import com.worldmates.calls.Quality
import com.worldmates.calls.Reaction
import com.worldmates.calls.ServerLink
import com.worldmates.calls.ShownReaction
import com.worldmates.calls.SoundLevels
import com.worldmates.calls.WaitingPerson
import com.worldmates.calls.sentence
import java.time.Duration
import java.time.Instant
import java.time.ZoneOffset

/** People, calls and conversations for tests and pictures: always the same, at the same moment. */
internal object Fixtures {
    val now: Instant = Instant.parse("2026-03-14T15:09:26Z")
    private val names = listOf(
        "Олена Ковальчук", "Ігор Бондаренко", "Марта Шевченко", "Тарас", "Соломія Гнатюк", "Andrew Miller", "Юлія Мельник",
        "Максиміліана-Вікторія Преображенська-Добровольська", "Богдан", "Дарина Лисенко", "Остап", "Katherine O’Neill", "Леся Коваль",
        "", "Назар Ткаченко", "Віра",
    )
    const val LONG_NAME = "Максиміліана-Вікторія Преображенська-Добровольська"

    fun participant(
        index: Int, video: Boolean = false, audio: Boolean = true, path: MediaPath = MediaPath.UP, isAway: Boolean = false,
    ) = Participant(index + 1L, names[index % names.size], null, audio, video, path, isAway)

    fun call(
        state: CallState = CallState.Talking(now.minus(Duration.ofSeconds(754))),
        type: CallType = CallType.AUDIO,
        picture: Picture = Picture.NONE,
        people: List<Participant> = listOf(participant(0, video = type == CallType.VIDEO)),
        kind: CallKind = CallKind.OneToOne,
        title: String = people.singleOrNull()?.name.orEmpty(),
        direction: Direction = Direction.OUTGOING,
        isMuted: Boolean = false,
        isHeld: Boolean = false,
        id: Long = 1,
    ) = CallSnapshot(id, "room-$id", direction, type, kind, title, state, isMuted, picture, isHeld, people)

    fun incoming(type: CallType, other: CallSnapshot? = null, people: List<Participant> = listOf(participant(0))) = CallsUiState.Incoming(
        call(
            CallState.RingingHere, type, people = people, direction = Direction.INCOMING,
            kind = if (people.size > 1) CallKind.Group(9) else CallKind.OneToOne,
            title = if (people.size > 1) "Сімейна рада" else people.single().name,
        ),
        other,
    )

    fun outgoing(state: CallState, picture: Picture = Picture.NONE) =
        CallsUiState.Outgoing(call(state, if (picture == Picture.NONE) CallType.AUDIO else CallType.VIDEO, picture))

    val routes = AudioRoutes(
        listOf(
            AudioRoute(AudioRouteKind.EARPIECE, "earpiece", ""), AudioRoute(AudioRouteKind.SPEAKER, "speaker", ""),
            AudioRoute(AudioRouteKind.BLUETOOTH, "bt-1", "WH-1000XM5"),
        ),
        current = AudioRoute(AudioRouteKind.SPEAKER, "speaker", ""), pending = null,
    )
    val pendingRoutes = routes.copy(pending = routes.available.last())

    /** Who we are. */
    const val ME = 777L

    val surroundings = CallSurroundings(levels = SoundLevels(0f, emptyMap()), routes = routes, me = ME, zone = ZoneOffset.UTC)

    fun active(
        call: CallSnapshot, surroundings: CallSurroundings = this.surroundings, other: CallSnapshot? = null, stats: CallStats? = null,
        isReconnecting: Boolean = false,
    ) = ActiveState(CallsUiState.Active(call, other, stats, isReconnecting), surroundings, now)

    fun group(others: Int, hasVideo: (Int) -> Boolean = { it % 3 != 2 }, picture: Picture = Picture.CAMERA): CallSnapshot {
        val people = List(others) { participant(it, video = hasVideo(it), audio = it % 4 != 1) }
        return call(type = CallType.VIDEO, picture = picture, people = people, kind = CallKind.Group(9), title = "Сімейна рада")
    }

    /** A room of many through the media server: [people] with us, two hands up, somebody who speaks. */
    fun room(people: Int, change: (CallSnapshot) -> CallSnapshot = { it }): CallSnapshot {
        val others = group(people - 1).participants.map { person ->
            person.copy(
                loudness = if (person.user == SPEAKER && people > 1) 7 else 0, audio = person.audio || person.user == SPEAKER,
                handRaisedAt = when (person.user) {
                    6L -> 100L
                    4L -> 200L
                    else -> null
                },
            )
        }
        return change(group(0).copy(participants = others, isByServer = true, dominant = SPEAKER.takeIf { people > 1 }, host = 3, title = "Збори кафедри"))
    }

    private const val SPEAKER = 1L

    /** The same where we are the host. */
    fun ourRoom(people: Int, waiting: Int = 0) = room(people) { room ->
        room.copy(
            host = ME, isLocked = false, hasWaitingRoom = true,
            waiting = List(waiting) { WaitingPerson(70L + it, listOf("Назар Ткаченко", LONG_NAME, "")[it % 3], null, now.minusSeconds(200L * it + 40).toEpochMilli()) },
        )
    }

    fun door(other: CallSnapshot? = null) = CallsUiState.AtTheDoor(
        call(CallState.AtTheDoor, CallType.VIDEO, Picture.CAMERA, emptyList(), CallKind.Room, "Збори кафедри", isMuted = true, id = 4), other,
    )

    val chat = listOf(
        chatLine(1, 1, "Олена Ковальчук", 14, "Усім доброго ранку! Почнемо за п’ять хвилин."),
        chatLine(2, 3, "Марта Шевченко", 13, "Доброго ранку"),
        chatLine(3, 3, "Марта Шевченко", 13, "Порядок денний той самий, що й минулого тижня, плюс питання про розклад на весну."),
        chatLine(4, ME, "", 9, "Я можу показати чернетку розкладу, якщо дасте хвилинку"),
        chatLine(5, 6, "Andrew Miller", 8, "Yes please!"),
        chatLine(6, 8, LONG_NAME, 2, "Мене чути?"),
        chatLine(7, ME, "", 1, "Чути добре").copy(state = ChatState.FAILED, at = null),
        chatLine(8, ME, "", 0, "Зараз увімкну екран").copy(state = ChatState.SENDING, at = null),
    )

    private fun chatLine(id: Int, user: Long, name: String, minutesAgo: Long, text: String) =
        ChatLine("line-$id", user, name, text, now.minus(Duration.ofMinutes(minutesAgo)).toEpochMilli(), ChatState.SENT)

    fun reactions(vararg reactions: Reaction) = reactions.mapIndexed { index, reaction -> ShownReaction(index + 1L, reaction, index.toLong()) }

    fun stats(user: Long = 1, quality: Quality = Quality.GOOD) = CallStats(
        listOf(
            ParticipantStats(
                user, quality, Duration.ofMillis(48), "host → relay", 48_210, 310, 0.6f, 0.2f, Duration.ofMillis(62),
                Duration.ofMillis(140), 812_000, 1_240_000, 1280, 720, 29.7f,
            ),
        ),
        2_400_000,
    )

    val statsOfThree: CallStats = stats().let { one ->
        val person = one.participants.single()
        one.copy(
            participants = listOf(
                person, person.copy(user = 2, quality = Quality.WEAK, roundTrip = Duration.ofMillis(180), lossPercent = 3.4f, bitrateReceived = 420_000),
                person.copy(user = 3, quality = Quality.BAD, roundTrip = Duration.ofMillis(640), lossPercent = 12.5f, bitrateReceived = 61_000),
            ),
        )
    }

    fun ended(reason: EndReason, language: Language = Language.UK, type: CallType = CallType.VIDEO) =
        CallsUiState.Ended(call(CallState.Ended(reason), type), reason, reason.sentence(language))

    val contacts = listOf(
        Contact(1, names[0], isOnline = true), Contact(2, names[1]), Contact(3, names[2], isOnline = true), Contact(8, LONG_NAME),
        Contact(6, names[5]), Contact(14, ""), Contact(5, names[4], isOnline = true), Contact(10, names[9]),
    )

    val history = listOf(
        past(1, contacts[0], Direction.INCOMING, CallType.VIDEO, 12, null),
        past(2, contacts[2], Direction.OUTGOING, CallType.AUDIO, 95, 754),
        past(3, contacts[3], Direction.INCOMING, CallType.AUDIO, 60 * 20, 3_900),
        past(4, contacts[1], Direction.OUTGOING, CallType.VIDEO, 60 * 28, null),
        past(5, contacts[5], Direction.INCOMING, CallType.AUDIO, 60 * 70, null),
        past(6, contacts[4], Direction.INCOMING, CallType.VIDEO, 60 * 24 * 6, 61),
    )

    private fun past(id: Long, with: Contact, direction: Direction, type: CallType, minutesAgo: Long, seconds: Long?) =
        PastCall(id, with, direction, type, now.minus(Duration.ofMinutes(minutesAgo)), seconds?.let(Duration::ofSeconds))

    fun idle(check: CheckState = CheckState.NotAsked, server: ServerLink = ServerLink.UP, isEmpty: Boolean = false) =
        IdleState(server, if (isEmpty) emptyList() else contacts, if (isEmpty) emptyList() else history, check, now, ZoneOffset.UTC)

    val report = CheckReport(
        canCall = true,
        listOf(
            CheckLine("Сервер", CheckOutcome.GOOD, "Відповідає за 38 мс", ""),
            CheckLine("Мережа", CheckOutcome.WARNING, "UDP закрито, працює TCP", "Звук може запізнюватися; інша мережа буде кращою."),
            CheckLine("Мікрофон", CheckOutcome.GOOD, "Дозволено", ""),
            CheckLine("Камера", CheckOutcome.BAD, "Не дозволено", "Дозвольте камеру в налаштуваннях телефона."),
        ),
    )

    /** The camera can be put right from here. */
    val checked = CheckState.Done(report, mendable = setOf(report.lines.last()))

    fun conversation(ongoing: CallSnapshot? = null, draft: String = "", isEmpty: Boolean = false) = ConversationState(
        contacts[0],
        if (isEmpty) emptyList() else listOf(
            message(1, false, 190, MessageContent.Words("Привіт! Ти вже вдома?")),
            message(2, true, 188, MessageContent.Words("Майже. За десять хвилин буду.")),
            message(3, false, 150, MessageContent.PastCall(CallType.VIDEO, null, isMissed = true)),
            message(4, true, 120, MessageContent.Words("Вибач, був за кермом. Набери, як матимеш час, або я сам подзвоню ввечері — треба обговорити квитки на п’ятницю.")),
            message(5, true, 40, MessageContent.PastCall(CallType.AUDIO, Duration.ofSeconds(754))),
            message(6, false, 12, MessageContent.Words("Домовились!")),
        ),
        now, draft, ongoing, ZoneOffset.UTC,
    )

    /** A conversation of nothing but calls, of today and before. */
    val callsWith: ConversationState = conversation(isEmpty = true).copy(
        messages = listOf(
            message(1, true, 60 * 24 * 5, MessageContent.PastCall(CallType.VIDEO, Duration.ofSeconds(61))),
            message(2, false, 60 * 20, MessageContent.PastCall(CallType.AUDIO, Duration.ofSeconds(3_900))),
            message(3, false, 60 * 19, MessageContent.PastCall(CallType.AUDIO, null)),
            message(4, false, 150, MessageContent.PastCall(CallType.VIDEO, null, isMissed = true)),
            message(5, true, 40, MessageContent.PastCall(CallType.AUDIO, null)),
        ),
    )

    private fun message(id: Long, isMine: Boolean, minutesAgo: Long, content: MessageContent) =
        Message(id, isMine, now.minus(Duration.ofMinutes(minutesAgo)), content)
}
