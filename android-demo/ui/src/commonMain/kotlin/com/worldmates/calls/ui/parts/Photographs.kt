// Photographs of people, from where their addresses lead.
package com.worldmates.calls.ui.parts

import androidx.compose.foundation.Image
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.graphics.ImageBitmap
import androidx.compose.ui.layout.ContentScale
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.MalformedURLException
import java.net.URL
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * Photographs by their addresses: each is fetched once, and of so many the one that was not asked for for the longest time
 * is forgotten. For one thread, where [scope] runs; fetching and reading are done on [worker].
 *
 * @param decode makes a small picture of what was fetched; null if it is none
 */
public class Photographs(
    private val scope: CoroutineScope,
    worker: CoroutineDispatcher,
    private val decode: (ByteArray) -> ImageBitmap?,
    private val fetch: (String) -> ByteArray? = ::fetchPhotograph,
    private val most: Int = 64,
) {
    private val worker = worker.limitedParallelism(AT_ONCE)
    private val known = LinkedHashMap<String, MutableStateFlow<ImageBitmap?>>(16, 0.75f, true)

    /** Draws them, for [LocalAvatarSource]. */
    public val source: AvatarSource = { address, modifier ->
        val image by remember(address) { of(address) }.collectAsState()
        image?.let { Image(it, contentDescription = null, modifier, contentScale = ContentScale.Crop) }
    }

    /** The photograph at [address]; null until it is there, and if there is none. */
    public fun of(address: String): StateFlow<ImageBitmap?> {
        known[address]?.let { return it }
        val photograph = MutableStateFlow<ImageBitmap?>(null)
        known[address] = photograph
        if (known.size > most) known.remove(known.keys.first())
        scope.launch {
            val bytes = withContext(worker) { fetch(address) }
            if (bytes == null) {
                // Without a network, perhaps: whoever asks next tries again.
                if (known[address] === photograph) known.remove(address)
            } else {
                photograph.value = withContext(worker) { decode(bytes) }
            }
        }
        return photograph
    }

    private companion object {
        /** A list of people comes in without holding up all else. */
        const val AT_ONCE = 4
    }
}

/** What is at [address] if it is on the web, not too much, and there in time. Waits for it. */
internal fun fetchPhotograph(address: String): ByteArray? {
    val url = try {
        URL(address)
    } catch (wrong: MalformedURLException) {
        return null
    }
    if (url.protocol != "https" && url.protocol != "http") return null
    var connection: HttpURLConnection? = null
    return try {
        connection = url.openConnection() as HttpURLConnection
        connection.connectTimeout = PATIENCE.inWholeMilliseconds.toInt()
        connection.readTimeout = PATIENCE.inWholeMilliseconds.toInt()
        if (connection.responseCode == HttpURLConnection.HTTP_OK) connection.inputStream.use(::readAll) else null
    } catch (none: IOException) {
        null
    } catch (wrong: RuntimeException) {
        // An address that makes no sense is found only when it is opened, and Java has many ways to say so.
        null
    } finally {
        connection?.disconnect()
    }
}

/** Null of more than a photograph needs, or of what comes in drops. */
private fun readAll(from: InputStream): ByteArray? {
    val begun = TimeSource.Monotonic.markNow()
    val into = ByteArrayOutputStream()
    val part = ByteArray(16_384)
    while (true) {
        val count = from.read(part)
        if (count < 0) return into.toByteArray()
        into.write(part, 0, count)
        if (into.size() > MOST_BYTES || begun.elapsedNow() > PATIENCE) return null
    }
}

/** As large as a photograph of a modern phone, which some servers hand on as it is. */
internal const val MOST_BYTES: Int = 8_000_000
private val PATIENCE = 10.seconds
