package com.worldmates.calls

import java.lang.ref.Cleaner
import java.nio.ByteBuffer
import java.util.Collections
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Calls from Kotlin, with the real engine and the real server. */
internal class CallTest {
    private fun config(user: Long) = CallsConfig(
        server = server.url,
        user = user,
        device = "desk",
        microphone = MicrophoneKind.Tone(330.0 + user),
        camera = CameraKind.TestPattern(user),
    )

    private fun connect(user: Long, proofs: ProofSource = OpenDoor): Calls = Calls.connect(config(user), proofs)

    @Test
    fun `two people talk and see each other, and hang up`(): Unit = runBlocking(Dispatchers.Default) {
        connect(1).use { ann ->
            connect(2).use { bob ->
                bob.until("Bob is there") { it.server == ServerLink.UP }

                val call = ann.dial(2, CallType.VIDEO)
                val ringing = bob.untilCall("the ring") { it.state == CallState.RingingHere }
                assertEquals(Direction.INCOMING, ringing.direction)
                bob.call(ringing.id).accept(CallType.VIDEO)

                val talking = ann.untilCall("Ann talks") {
                    it.state is CallState.Talking && it.participants.single().path == MediaPath.UP
                }
                assertEquals(call.id, talking.id)
                val picture = ann.pictures(call.id, 2).seen()
                assertEquals(picture.width * picture.height * 4, picture.pixels.limit())
                withTimeout(PATIENCE) { ann.levels.first { levels -> levels.others.getOrDefault(2L, 0f) > 0.3f } }
                assertTrue(ann.pictures(call.id, PictureFeed.OURSELVES).seen().width > 0)

                call.stats()
                val stats = call.stats().participants.single()
                assertEquals(2L, stats.user)
                assertEquals(Quality.GOOD, stats.quality)
                assertTrue(stats.packetsReceived > 0 && stats.path.orEmpty().startsWith("host"), stats.toString())
                assertTrue(call.report().contains("heard for the first time"))

                call.setMuted(true)
                bob.untilCall("Ann is mute") { !it.participants.single().audio }
                bob.call(ringing.id).hangUp()
                val over = ann.untilCall("the end") { it.state is CallState.Ended }
                assertEquals(CallState.Ended(EndReason.THEY_HUNG_UP), over.state)
                assertEquals("The call is over.", EndReason.THEY_HUNG_UP.sentence(Language.EN))
            }
        }
    }

    @Test
    fun `the server hears of another push token in the middle of a call, which goes on`(): Unit = runBlocking(Dispatchers.Default) {
        connect(7_001).use { ann ->
            connect(7_002).use { bob ->
                bob.until("Bob is there") { it.server == ServerLink.UP }
                val call = ann.dial(7_002, CallType.AUDIO)
                val ringing = bob.untilCall("the ring") { it.state == CallState.RingingHere }
                bob.call(ringing.id).accept(CallType.AUDIO)
                ann.untilCall("Ann talks") { it.state is CallState.Talking && it.participants.single().path == MediaPath.UP }
                withTimeout(PATIENCE) { server.registrations.first { it[7_001] == 1 } }

                ann.setPushToken("another")
                withTimeout(PATIENCE) { server.registrations.first { it[7_001] == 2 } }
                // The same once more is no news; had it been said, it would have been said before the hang-up.
                ann.setPushToken("another")
                assertTrue(ann.snapshots.value.calls.single().state is CallState.Talking)
                call.hangUp()
                val over = bob.untilCall("the end") { it.state is CallState.Ended }

                assertEquals(CallState.Ended(EndReason.THEY_HUNG_UP), over.state)
                assertEquals(2, server.registrations.value[7_001])
            }
        }
    }

    @Test
    fun `what the app's camera sees is seen by the other one, upright`(): Unit = runBlocking(Dispatchers.Default) {
        val opened = CompletableDeferred<Long>()
        val closed = CompletableDeferred<Long>()
        val phone = object : Platform by NoPlatform {
            override fun openCamera(lens: Lens, source: Long): Boolean = opened.complete(source)

            override fun closePicture(source: Long) {
                closed.complete(source)
            }
        }
        Calls.connect(config(90).copy(camera = CameraKind.Phone), OpenDoor, phone).use { ann ->
            connect(91).use { bob ->
                bob.until("Bob is there") { it.server == ServerLink.UP }
                val call = ann.dial(91, CallType.VIDEO)
                val ringing = bob.untilCall("the ring") { it.state == CallState.RingingHere }
                bob.call(ringing.id).accept(CallType.AUDIO)
                val source = withTimeout(PATIENCE) { opened.await() }
                val seen = bob.pictures(ringing.id, 90)

                // Red, lying on its side, with the colours taking turns.
                val red = withTimeout(PATIENCE) {
                    var picture = seen.next()
                    while (picture == null) {
                        ann.push(source, sideways())
                        delay(10)
                        picture = seen.next()
                    }
                    picture
                }

                assertEquals(180 to 320, red.width to red.height)
                val (r, g, b) = List(3) { red.pixels.get(it + 4 * (red.width / 2)).toInt() and 0xff }
                assertTrue(r > 200 && g < 60 && b < 60, "$r $g $b")
                call.show(Picture.NONE)
                assertEquals(source, withTimeout(PATIENCE) { closed.await() })
                ann.push(source, sideways())
            }
        }
    }

    private fun sideways(): CameraPicture {
        val y = ByteBuffer.allocateDirect(320 * 180)
        val turns = ByteBuffer.allocateDirect(320 * 90)
        repeat(y.capacity()) { y.put(it, 81) }
        repeat(turns.capacity()) { turns.put(it, if (it % 2 == 0) 90 else 240.toByte()) }
        return CameraPicture(320, 180, 90, y, 320, turns, turns.duplicate().position(1).slice(), 320, 2)
    }

    @Test
    fun `an app that throws where it is asked for a camera loses the picture and not the call`(): Unit = runBlocking(Dispatchers.Default) {
        val broken = object : Platform {
            override fun plays(sound: Ringing): Boolean = error("as a test wants it")
            override fun openCamera(lens: Lens, source: Long): Boolean = throw SecurityException("as a test wants it")
            override fun openScreen(source: Long): Boolean = error("as a test wants it")
            override fun closePicture(source: Long) = error("as a test wants it")
        }
        Calls.connect(config(96).copy(camera = CameraKind.Phone), OpenDoor, broken).use { ann ->
            connect(97).use { bob ->
                bob.until("Bob is there") { it.server == ServerLink.UP }
                ann.dial(97, CallType.VIDEO)
                val ringing = bob.untilCall("the ring") { it.state == CallState.RingingHere }
                bob.call(ringing.id).accept(CallType.AUDIO)

                ann.untilCall("sound without a picture") {
                    it.participants.single().path == MediaPath.UP && it.picture == Picture.NONE
                }
            }
        }
    }

    @Test
    fun `shutting down what is closed is fine, and nothing is left`(): Unit = runBlocking(Dispatchers.Default) {
        val calls = connect(98)
        calls.until("the server") { it.server == ServerLink.UP }

        calls.close()
        calls.shutdown()

        calls.shutdown()

        // The engine's own threads; those of other tests end by themselves.
        for (name in listOf("calls", "calls-listener", "calls-voice")) awaitThread(name, isThere = false)
    }

    @Test
    fun `a buffer that is not direct is an exception and no crash`() {
        val heap = ByteBuffer.allocate(64)
        connect(95).use { calls ->
            assertThrows(RuntimeException::class.java) {
                calls.push(1, CameraPicture(4, 4, 0, heap, 4, heap, heap, 2, 1))
            }
        }
    }

    @Test
    fun `the listener hears in order and never twice at once`(): Unit = runBlocking(Dispatchers.Default) {
        val heard = Collections.synchronizedList(mutableListOf<CallsSnapshot>())
        val threads = Collections.synchronizedSet(mutableSetOf<String>())
        val ended = CompletableDeferred<Unit>()
        val listener = object : CallsListener {
            private var isBusy = false

            override fun onSnapshot(snapshot: CallsSnapshot) {
                check(!isBusy) { "two calls at once" }
                isBusy = true
                com.sun.jna.Native.detach(false)
                threads += Thread.currentThread().name
                heard += snapshot
                Thread.yield()
                isBusy = false
                if (snapshot.calls.any { it.state is CallState.Ended }) ended.complete(Unit)
            }

            override fun onLevels(levels: SoundLevels) = check(!isBusy) { "two calls at once" }
        }
        val engine = CallsEngine.connect(config(10), OpenDoor, NoPlatform, listener)

        engine.dial(11, CallType.AUDIO)
        withTimeout(PATIENCE) { ended.await() }
        engine.shutdown()

        assertEquals(CallsSnapshot(ServerLink.DOWN, emptyList()), heard.first(), "the present value comes first")
        val states = heard.mapNotNull { it.calls.firstOrNull()?.state }.distinct()
        assertEquals(listOf(CallState.Dialing, CallState.Ended(EndReason.UNREACHABLE)), states)
        assertEquals(1, threads.size, "$threads")
    }

    @Test
    fun `whoever comes late is told that it is closed`(): Unit = runBlocking {
        val calls = connect(20)
        val call = calls.dial(21, CallType.AUDIO)

        calls.shutdown()
        calls.close()

        assertThrows(CallsException.Closed::class.java) { calls.networkChanged() }
        assertThrows(CallsException.Closed::class.java) { calls.setPushToken("late") }
        assertThrows(CallsException.Closed::class.java) { call.hangUp() }
        assertThrows(CallsException.Closed::class.java) { runBlocking { calls.dial(21, CallType.AUDIO) } }
        assertThrows(CallsException.Closed::class.java) { runBlocking { call.stats() } }
        val closed = assertThrows(CallsException.Closed::class.java) { runBlocking { calls.check(Language.EN) } }
        assertEquals("the calls were closed; connect again", closed.message)
        assertEquals(null, calls.pictures(1, 2).next())
    }

    @Test
    fun `bad input is refused with its cause`(): Unit = runBlocking {
        val badServer = assertThrows(CallsException.BadServer::class.java) {
            Calls.connect(config(1).copy(server = "ftp://calls"), OpenDoor)
        }
        assertTrue(badServer.message.orEmpty().startsWith("this is no address of a server: "), badServer.message)
        assertThrows(CallsException.BadName::class.java) { Calls.connect(config(-1), OpenDoor) }
        assertThrows(CallsException.Trust::class.java) {
            Calls.connect(config(1).copy(pinnedKeys = listOf(ByteArray(3))), OpenDoor)
        }
        connect(30).use { calls ->
            assertThrows(CallsException.BadRoom::class.java) { runBlocking { calls.join("", CallType.AUDIO) } }
            assertThrows(CallsException.BadName::class.java) { runBlocking { calls.dial(0, CallType.AUDIO) } }
        }
    }

    @Test
    fun `an app that throws for a proof is asked again, and then lets us in`(): Unit = runBlocking(Dispatchers.Default) {
        var asked = 0
        val proofs = object : ProofSource {
            override suspend fun fetch(fresh: Boolean): Proof {
                asked += 1
                check(asked > 1) { "no network for the token" }
                return Proof.Open
            }
        }
        connect(40, proofs).use { calls -> calls.until("the server") { it.server == ServerLink.UP } }
        assertEquals(2, asked)
    }

    @Test
    fun `a check that nobody waits for any more ends`(): Unit = runBlocking(Dispatchers.Default) {
        connect(50).use { calls ->
            calls.until("the server") { it.server == ServerLink.UP }
            val waiting = launch { calls.check(Language.EN) }
            awaitThread("calls-check", isThere = true)

            waiting.cancelAndJoin()

            awaitThread("calls-check", isThere = false)
            val report = calls.check(Language.UK)
            assertTrue(report.canCall)
            assertEquals("Сервер" to CheckOutcome.GOOD, report.lines.first().let { it.what to it.outcome })
        }
    }

    private suspend fun awaitThread(name: String, isThere: Boolean) = withTimeout(PATIENCE) {
        while (nativeThreads().contains(name) != isThere) delay(1)
    }

    private fun nativeThreads(): List<String> =
        java.io.File("/proc/self/task").listFiles().orEmpty().mapNotNull { task ->
            // One that ended meanwhile.
            runCatching { java.io.File(task, "comm").readText().trim() }.getOrNull()
        }

    @Test
    fun `10 000 are made and closed and nothing grows`(): Unit = runBlocking(Dispatchers.Default) {
        val rounds = Integer.getInteger("calls.rounds", 10_000)
        val nobody = config(60).copy(server = "http://127.0.0.1:9")
        suspend fun round() = Calls.connect(nobody, OpenDoor).shutdown()
        repeat(rounds / 10) { round() }
        settle()
        val (threads, files, memory) = Triple(ThisProcess.threads, ThisProcess.files, ThisProcess.memory)

        repeat(rounds - rounds / 10) { round() }

        settle()
        println("$rounds rounds: memory $memory kB before, ${ThisProcess.memory} kB after; " +
            "$threads threads, ${ThisProcess.threads} after; $files files, ${ThisProcess.files} after")
        assertTrue(ThisProcess.threads <= threads + 2, "${nativeThreads()}")
        assertTrue(ThisProcess.files <= files + 2, "${ThisProcess.openFiles()}")
        assertTrue(ThisProcess.memory < memory * 3 / 2 + 20_000, "${ThisProcess.memory} kB after $memory kB")
    }

    /** Until the collector has let go what nobody reaches. */
    private fun settle() {
        val gone = CountDownLatch(1)
        Cleaner.create().register(Any()) { gone.countDown() }
        while (!gone.await(10, TimeUnit.MILLISECONDS)) System.gc()
    }

    @Test
    fun `a snapshot that nothing changed is the same value`(): Unit = runBlocking(Dispatchers.Default) {
        connect(70).use { calls ->
            connect(71).use { other ->
                other.until("the other one") { it.server == ServerLink.UP }
                calls.dial(71, CallType.AUDIO)
                val ringing = other.untilCall("the ring") { it.state == CallState.RingingHere }
                other.call(ringing.id).accept(CallType.AUDIO)
                val talking = calls.untilCall("talking") { it.state is CallState.Talking }

                calls.call(talking.id).setMuted(true)

                val muted = calls.untilCall("mute") { it.isMuted }
                assertEquals(talking.state, muted.state, "the moment since when is told the same each time")
                assertSame(calls.snapshots.value, withContext(Dispatchers.Default) { calls.snapshots.value })
            }
        }
    }

    @Test
    fun `what a word from the engine costs is measured`(): Unit = runBlocking(Dispatchers.Default) {
        connect(85).use { calls ->
            connect(86).use { other ->
                other.until("the other one") { it.server == ServerLink.UP }
                val call = calls.dial(86, CallType.AUDIO)
                other.untilCall("the ring") { it.state == CallState.RingingHere }
                var muted = false
                suspend fun round() {
                    muted = !muted
                    call.setMuted(muted)
                    withTimeout(PATIENCE) { calls.snapshots.first { it.calls.single().isMuted == muted } }
                }
                repeat(200) { round() }

                val rounds = 1_000
                val took = kotlin.system.measureNanoTime { repeat(rounds) { round() } } / rounds / 1_000

                // Measured and told, not asserted: how fast a machine is, is no fault of the code.
                println("from a button over the engine to a new snapshot in Kotlin: $took us")
            }
        }
    }

    @Test
    fun `a call that was begun and not waited for goes on`(): Unit = runBlocking(Dispatchers.Default) {
        connect(80).use { calls ->
            val dialing = async(start = kotlinx.coroutines.CoroutineStart.UNDISPATCHED) { calls.dial(81, CallType.AUDIO) }
            dialing.cancelAndJoin()

            calls.untilCall("the end") { it.state == CallState.Ended(EndReason.UNREACHABLE) }
        }
    }

    private companion object {
        val server = TestServer()

        @JvmStatic
        @AfterAll
        fun stop() = server.close()
    }
}
