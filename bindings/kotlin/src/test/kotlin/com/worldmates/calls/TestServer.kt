package com.worldmates.calls

import java.io.File
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/**
 * A real server in a process of its own, on a port of the system's choice, until it is closed. With [hasMedia] three people
 * in a room talk through it.
 */
internal class TestServer(hasMedia: Boolean = false) : AutoCloseable {
    private val folder = Files.createTempDirectory("calls-server").toFile()
    private val process: Process

    private val registered = MutableStateFlow(emptyMap<Long, Int>())

    /** Where it is. */
    val url: String

    /** How often each user said from where they take calls. */
    val registrations: StateFlow<Map<Long, Int>> = registered.asStateFlow()

    init {
        val builder = ProcessBuilder(checkNotNull(System.getProperty("calls.server")) { "run by `cargo xtask kotlin`" })
        builder.environment().clear()
        builder.environment() += mapOf("PORT" to "0", "TURN_PORT" to "0", "DATABASE_URL" to "none", "LOG_FORMAT" to "json")
        builder.environment() += if (hasMedia) MEDIA else mapOf("SFU" to "off")
        process = builder.directory(folder).redirectErrorStream(true).start()
        val lines = process.inputStream.bufferedReader()
        val ready = generateSequence(lines::readLine).firstNotNullOfOrNull { ADDRESS.find(it) }
        url = "http://" + checkNotNull(ready) { "the server ended before it was ready" }.groupValues[1]
        // Read on, or it could not write on.
        Thread({ runCatching { lines.forEachLine(::heard) } }, "server-log").apply { isDaemon = true }.start()
    }

    private fun heard(line: String) {
        val user = REGISTERED.find(line)?.groupValues?.get(1)?.toLong() ?: return
        registered.update { it + (user to (it[user] ?: 0) + 1) }
    }

    override fun close() {
        process.destroy()
        check(process.waitFor(30, TimeUnit.SECONDS)) { "the server does not stop" }
        folder.deleteRecursively()
    }

    private companion object {
        val MEDIA = mapOf("SFU" to "on", "SFU_PORT" to "0", "SFU_BIND" to "127.0.0.1", "SFU_MESH_OF_OPEN_ROOM" to "2")
        val REGISTERED = Regex("User registered for calls: ([0-9]+)")
        val ADDRESS = Regex(""""ready".*"address":"([0-9.:]+)"|"address":"([0-9.:]+)".*"ready"""")
    }
}

/** The process that runs the tests, as Linux sees it. */
internal object ThisProcess {
    val threads: Int
        get() = File("/proc/self/task").list()?.size ?: 0

    val files: Int
        get() = File("/proc/self/fd").list()?.size ?: 0

    fun openFiles(): Map<String, Int> =
        File("/proc/self/fd").listFiles().orEmpty()
            .mapNotNull { file -> runCatching { Files.readSymbolicLink(file.toPath()).toString() }.getOrNull() }
            .groupingBy { it.substringBefore('[') }.eachCount()

    val memory: Long
        get() = Files.readAllLines(File("/proc/self/status").toPath())
            .first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()
}
