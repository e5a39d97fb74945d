package com.worldmates.calls

import java.nio.ByteBuffer

/** The functions of the library that are not UniFFI's: pixels. */
internal object NativePixels {
    init {
        System.loadLibrary("calls_ffi")
    }

    /**
     * Copies the newest picture after the one with the number [after] into a direct buffer, to which nobody else may write
     * meanwhile. Gives 0 if there is none, the negative length that is needed if the buffer is too small, else the number
     * in the upper 32 bits, then 16 of the width and 16 of the height.
     */
    @JvmStatic
    external fun fetch(engine: Long, call: Long, user: Long, after: Long, into: ByteBuffer): Long

    /** How large the newest picture of somebody is: 32 bits of its width and 32 of its height, or 0 if there is none. */
    @JvmStatic
    external fun size(engine: Long, call: Long, user: Long): Long

    /**
     * Hands in a picture of the camera or the screen with the number [source], [turned] degrees clockwise away from
     * upright. Three direct buffers as Android's `Image` has them, to which nobody may write meanwhile; for brightness,
     * and for both colours, how many bytes a row is, and how many one sample of a colour.
     */
    @JvmStatic
    external fun push(
        engine: Long,
        source: Long,
        width: Int,
        height: Int,
        turned: Int,
        y: ByteBuffer,
        yRow: Int,
        u: ByteBuffer,
        v: ByteBuffer,
        colourRow: Int,
        colourStep: Int,
    )

    /** Likewise, for a picture of the screen as red, green, blue and one more byte, in rows that are [row] bytes apart. */
    @JvmStatic
    external fun pushRgba(engine: Long, source: Long, width: Int, height: Int, pixels: ByteBuffer, row: Int)

    /** Draws what is seen of somebody onto a surface of Android from now on. Gives its number. Only Android has it. */
    @JvmStatic
    external fun attach(engine: Long, call: Long, user: Long, surface: Any): Long

    /** Draws nobody onto the surface with this number any more; nothing if another one was attached since. */
    @JvmStatic
    external fun detach(engine: Long, call: Long, user: Long, number: Long)
}
