package com.worldmates.calls

import java.nio.ByteBuffer
import java.util.Collections
import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Rooms of many from Kotlin, with the real engine, and the real server and its media server. */
internal class RoomTest {
    private fun connect(user: Long, phone: Platform? = null): Calls = Calls.connect(
        CallsConfig(
            server = server.url, user = user, device = "desk", microphone = MicrophoneKind.Tone(330.0 + user % 10 * 90),
            camera = if (phone == null) CameraKind.TestPattern(user) else CameraKind.Phone,
        ),
        OpenDoor,
        phone ?: NoPlatform,
    )

    /** One after the other into one room: the first is its host, and has this phone. */
    private suspend fun together(room: String, type: CallType, phone: Platform?, vararg users: Long): List<Calls> {
        val all = users.map { user -> connect(user, phone.takeIf { user == users.first() }) }
        all.forEach { calls ->
            calls.until("the server is there") { it.server == ServerLink.UP }
            calls.join(room, type)
            calls.untilCall("in it") { it.state is CallState.Talking }
        }
        all.forEach { calls -> calls.untilCall("all of them") { it.participants.size == users.size - 1 } }
        return all
    }

    private val Calls.here: Call get() = call(snapshots.value.calls.last().id)

    private suspend fun Calls.hears(vararg users: Long) {
        withTimeout(PATIENCE) { levels.first { levels -> users.all { levels.others.getOrDefault(it, 0f) > 0.1f } } }
    }

    private fun room(
        name: String, vararg users: Long, type: CallType = CallType.AUDIO, phone: Platform? = null, test: suspend (List<Calls>) -> Unit,
    ) {
        val all = mutableListOf<Calls>()
        try {
            runBlocking(Dispatchers.Default) {
                all += together(name, type, phone, *users)
                test(all)
            }
        } finally {
            runBlocking { all.forEach { it.shutdown() } }
        }
    }

    @Test
    fun `three hear and see each other through the media server, and no more than they look at`() =
        room("three", 101, 102, 103, type = CallType.VIDEO) { (ann, bob, cid) ->
            listOf(ann, bob, cid).forEach { calls -> calls.untilCall("by the server") { it.isByServer } }
            ann.hears(102, 103)
            cid.hears(101, 102)
            ann.here.look(listOf(Look(102, screen = false, height = 180)))

            assertTrue(ann.pictures(ann.here.id, 102).seen().width > 0)
            bob.untilCall("a speaker") { it.dominant != null && it.participants.any { other -> other.loudness > 0 } }
        }

    @Test
    fun `the app's screen is seen beside its camera through the media server, until it stops`() {
        val opened = ConcurrentHashMap<String, Long>()
        val closed = Collections.synchronizedSet(mutableSetOf<Long>())
        val phone = object : Platform by NoPlatform {
            override fun openCamera(lens: Lens, source: Long): Boolean = opened.put("camera", source) == null

            override fun openScreen(source: Long): Boolean = opened.put("screen", source) == null

            override fun closePicture(source: Long) {
                closed += source
            }
        }
        room("shared", 104, 105, 106, type = CallType.VIDEO, phone = phone) { (ann, bob, cid) ->
            ann.untilCall("by the server") { it.isByServer }
            ann.here.shareScreen(true)
            ann.untilCall("the screen beside the camera") { it.isSharing && it.picture == Picture.CAMERA }
            bob.untilCall("told of both") { call -> call.participants.any { it.user == 104L && it.screen && it.video } }

            // The camera sees red, the screen shows blue: neither takes the other's place.
            val handing = bob.pictures(bob.here.id, 104) to bob.pictures(bob.here.id, PictureFeed.screenOf(104))
            val seen = mutableMapOf<String, RgbaPicture>()
            withTimeout(PATIENCE) {
                while (seen.size < 2) {
                    opened["camera"]?.let { ann.pushRgba(it, 320, 180, plain(320 * 180, red = 200, blue = 20), 320 * 4) }
                    opened["screen"]?.let { ann.pushRgba(it, 640, 360, plain(640 * 360, red = 20, blue = 200), 640 * 4) }
                    delay(30)
                    handing.first.next()?.let { seen["camera"] = it }
                    handing.second.next()?.let { seen["screen"] = it }
                }
            }
            val (camera, screen) = seen.getValue("camera") to seen.getValue("screen")
            assertTrue(camera.red() > camera.blue() + 80, "${camera.red()} ${camera.blue()}")
            assertTrue(screen.blue() > screen.red() + 80, "${screen.red()} ${screen.blue()}")
            assertNotNull(handing.second.size)

            ann.here.shareScreen(false)
            cid.untilCall("the camera alone") { call -> call.participants.any { it.user == 104L && !it.screen && it.video } }
            withTimeout(PATIENCE) { while (opened["screen"] !in closed) delay(10) }
            assertTrue(opened["camera"] !in closed)
        }
    }

    private fun plain(pixels: Int, red: Int, blue: Int): ByteBuffer {
        val all = ByteBuffer.allocateDirect(pixels * 4)
        repeat(pixels) { all.put(red.toByte()).put(20).put(blue.toByte()).put(-1) }
        return all
    }

    private fun RgbaPicture.red(): Int = pixels.get(0).toInt() and 0xff

    private fun RgbaPicture.blue(): Int = pixels.get(2).toInt() and 0xff

    @Test
    fun `a hand, a reaction and words reach everybody in the room once`() =
        room("words", 111, 112, 113) { (ann, bob, cid) ->
            bob.here.raiseHand(true)
            bob.untilCall("our hand") { it.isHandUp }
            bob.here.react(Reaction.CLAP)
            bob.here.write("Good morning")

            listOf(ann, cid).forEach { calls ->
                calls.untilCall("the hand") { call -> call.participants.any { it.user == 112L && it.handRaisedAt != null } }
                calls.untilCall("the words") { call -> call.chat.any { it.user == 112L } }
                val line = calls.snapshots.value.calls.single().chat.single()
                assertEquals("Good morning" to ChatState.SENT, line.text to line.state)
                assertTrue(line.at != null)
            }
            val ours = bob.untilCall("sent") { call -> call.chat.any { it.state == ChatState.SENT } }.chat.single()
            assertEquals(112L, ours.user)
            // A reaction lasts five seconds, which may be over for who was looked at last.
            ann.here.react(Reaction.HEART)
            listOf(ann, bob, cid).forEach { calls ->
                calls.untilCall("the heart") { call -> call.reactions.any { it.user == 111L && it.reaction == Reaction.HEART } }
            }
        }

    @Test
    fun `a host mutes one and removes another, who is told why and stays out`() =
        room("host", 121, 122, 123) { (host, bob, cid) ->
            assertEquals(host.user, bob.untilCall("a host") { it.host != null }.host)

            host.here.muteParticipant(122)
            assertEquals(121L, bob.untilCall("muted") { it.isMuted && it.mutedBy != null }.mutedBy)
            host.untilCall("they are mute") { call -> call.participants.any { it.user == 122L && !it.audio } }
            bob.here.setMuted(false)
            bob.untilCall("speaks again") { !it.isMuted && it.mutedBy == null }
            host.here.removeParticipant(123)

            cid.untilCall("out") { it.state == CallState.Ended(EndReason.REMOVED) }
            host.untilCall("without them") { call -> call.participants.map { it.user } == listOf(122L) }
        }

    @Test
    fun `whoever comes to a room with a waiting room stands at the door until the host decides`() =
        room("door", 131, 132) { (host, _) ->
            host.here.setWaitingRoom(true)
            host.untilCall("a waiting room") { it.hasWaitingRoom }
            connect(133).use { cid ->
                connect(134).use { dan ->
                    cid.until("the server is there") { it.server == ServerLink.UP }
                    cid.join("door", CallType.AUDIO)
                    cid.untilCall("at the door") { it.state == CallState.AtTheDoor }
                    host.untilCall("somebody waits") { call -> call.waiting.any { it.user == 133L } }
                    host.here.admit(133)
                    cid.untilCall("in") { it.state is CallState.Talking && it.participants.size == 2 }
                    host.untilCall("nobody waits") { it.waiting.isEmpty() && it.participants.size == 2 }

                    dan.until("the server is there") { it.server == ServerLink.UP }
                    dan.join("door", CallType.AUDIO)
                    host.untilCall("another one waits") { call -> call.waiting.any { it.user == 134L } }
                    host.here.admit(134, admitted = false)
                    dan.untilCall("not let in") { it.state == CallState.Ended(EndReason.NOT_LET_IN) }
                    host.here.setLocked(true)
                    cid.untilCall("locked") { it.isLocked }
                }
            }
        }

    private companion object {
        val server = TestServer(hasMedia = true)

        @JvmStatic
        @AfterAll
        fun stop() = server.close()
    }
}
