package com.worldmates.calls

import java.nio.ByteBuffer

/** What is seen of somebody, fetched by whoever draws it, when they draw. Not for two threads at once. */
public interface PictureFeed {
    /** The newest picture, if there is one that was not fetched yet. It is overwritten by the next one. */
    public fun next(): RgbaPicture?

    /** How large the newest picture is, fetched or not; null if nothing is seen. For whoever draws it by other means. */
    public val size: PictureSize?
        get() = null

    public companion object {
        /** In place of a user: what our own camera sees. */
        public const val OURSELVES: Long = 0

        /** In place of a user: the screen that they share, where it comes beside their camera, as through the media server. */
        @JvmStatic
        public fun screenOf(user: Long): Long = -user
    }
}

/** How large a picture is once it stands upright, in pixels. */
public data class PictureSize(val width: Int, val height: Int)

/**
 * A picture that stands upright: [width] times [height] times red, green, blue and 255.
 *
 * @property pixels a direct buffer, from 0 to its limit
 */
public class RgbaPicture(public val width: Int, public val height: Int, public val pixels: ByteBuffer)

/** [Calls] that can draw onto Android's surfaces. Not for apps: `Calls.show` of the Android part is. */
internal interface OnSurfaces {
    /** Draws what is seen of [user] onto this `android.view.Surface` until the result is closed. */
    fun attach(call: Long, user: Long, surface: Any): AutoCloseable
}

/** A feed that shows nothing. */
public object NoPictures : PictureFeed {
    override fun next(): RgbaPicture? = null
}

/** A feed of the engine: one buffer, which grows as it has to. */
internal class EnginePictures(private val engine: Long, private val call: Long, private val user: Long) : PictureFeed {
    private var buffer: ByteBuffer = ByteBuffer.allocateDirect(0)
    private var last: Long = 0

    override fun next(): RgbaPicture? {
        var told = NativePixels.fetch(engine, call, user, last, buffer)
        if (told < 0) {
            buffer = ByteBuffer.allocateDirect(Math.toIntExact(-told))
            told = NativePixels.fetch(engine, call, user, last, buffer)
        }
        // Below zero again: a larger picture came in between, and it waits for the next time.
        if (told <= 0) return null
        last = told ushr 32
        val (width, height) = (told ushr 16 and 0xffff).toInt() to (told and 0xffff).toInt()
        return RgbaPicture(width, height, buffer.duplicate().limit(width * height * 4) as ByteBuffer)
    }

    override val size: PictureSize?
        get() = NativePixels.size(engine, call, user).takeIf { it != 0L }?.let { PictureSize((it ushr 32).toInt(), it.toInt()) }
}

/**
 * A picture of the app's camera or screen in three planes of direct buffers, as Android's `Image` has them.
 *
 * @property turned by how many degrees it has to be turned clockwise to stand upright
 * @property yRow bytes from row to row of brightness
 * @property colourRow bytes from row to row of a colour
 * @property colourStep bytes from sample to sample of a colour
 */
public class CameraPicture(
    public val width: Int,
    public val height: Int,
    public val turned: Int,
    public val y: ByteBuffer,
    public val yRow: Int,
    public val u: ByteBuffer,
    public val v: ByteBuffer,
    public val colourRow: Int,
    public val colourStep: Int,
)
