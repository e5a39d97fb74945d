@file:OptIn(ExperimentalCoroutinesApi::class)

package com.worldmates.calls.ui

import androidx.compose.ui.graphics.ImageBitmap
import com.sun.net.httpserver.HttpServer
import com.worldmates.calls.ui.parts.MOST_BYTES
import com.worldmates.calls.ui.parts.Photographs
import com.worldmates.calls.ui.parts.fetchPhotograph
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.Executors
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Test

internal class PhotographsTest {
    private val fetched = mutableListOf<String>()

    /** What is "fetched" is the address itself; "gone" cannot be, "text" is no picture. */
    private fun fetch(address: String): ByteArray? {
        fetched += address
        return address.toByteArray().takeIf { address != "gone" }
    }

    private fun decode(bytes: ByteArray): ImageBitmap? = if (String(bytes) == "text") null else ImageBitmap(bytes.size, 1)

    @Test
    fun a_photograph_is_fetched_once_however_many_ask() = runTest {
        val all = Photographs(backgroundScope, StandardTestDispatcher(testScheduler), ::decode, ::fetch)

        val first = all.of("abc")
        assertSame(first, all.of("abc"))
        assertNull(first.value)
        runCurrent()

        assertEquals(3, first.value?.width)
        assertSame(first, all.of("abc"))
        assertEquals(listOf("abc"), fetched)
    }

    @Test
    fun what_could_not_be_fetched_is_tried_again_and_what_is_no_picture_is_not() = runTest {
        val all = Photographs(backgroundScope, StandardTestDispatcher(testScheduler), ::decode, ::fetch)

        repeat(2) {
            listOf("gone", "text").forEach { assertNull(all.of(it).value) }
            runCurrent()
            listOf("gone", "text").forEach { assertNull(all.of(it).value) }
        }

        assertEquals(1, fetched.count { it == "text" })
        assertEquals(2, fetched.count { it == "gone" })
    }

    @Test
    fun there_is_an_end_to_what_is_kept_and_the_one_nobody_asked_for_goes() = runTest {
        val all = Photographs(backgroundScope, StandardTestDispatcher(testScheduler), ::decode, ::fetch, most = 2)

        listOf("a", "b", "a", "c", "a", "b").forEach {
            all.of(it)
            runCurrent()
        }

        assertEquals(listOf("a", "b", "c", "b"), fetched)
    }

    @Test
    fun nothing_is_fetched_or_read_where_the_screen_is_drawn() = runBlocking {
        val here = Thread.currentThread()
        val threads = mutableListOf<Thread>()
        Executors.newSingleThreadExecutor().asCoroutineDispatcher().use { worker ->
            val all = Photographs(
                this, worker, decode = { threads += Thread.currentThread(); ImageBitmap(1, 1) },
                fetch = { threads += Thread.currentThread(); ByteArray(1) },
            )
            assertNotNull(all.of("a").filterNotNull().first())
        }

        assertEquals(2, threads.size)
        threads.forEach { assertNotEquals(here, it) }
    }

    @Test
    fun what_is_on_the_web_is_fetched_unless_it_is_too_much_or_not_there() {
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        val answers = mapOf("/face" to (200 to 5_000), "/huge" to (200 to MOST_BYTES + 1), "/gone" to (404 to 10))
        answers.forEach { (path, answer) ->
            server.createContext(path) { exchange ->
                exchange.sendResponseHeaders(answer.first, 0)
                // Whoever has enough hangs up.
                runCatching { exchange.responseBody.use { it.write(ByteArray(answer.second) { 7 }) } }
            }
        }
        server.start()
        val site = "http://127.0.0.1:${server.address.port}"

        assertArrayEquals(ByteArray(5_000) { 7 }, fetchPhotograph("$site/face"))
        assertNull(fetchPhotograph("$site/huge"))
        assertNull(fetchPhotograph("$site/gone"))
        server.stop(0)
        assertNull(fetchPhotograph("$site/face"))
    }

    @Test
    fun an_address_that_is_not_of_the_web_is_not_opened() {
        val file = java.io.File.createTempFile("face", ".png").apply { writeText("secret") }

        listOf(file.toURI().toString(), "jar:${file.toURI()}!/x", "upload/photos/1.jpg", "", "http://", "\u0000", "http://a b/", "http://127.0.0.1:99999/").forEach {
            assertNull(it, fetchPhotograph(it))
        }
        file.delete()
    }
}
