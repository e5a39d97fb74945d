package com.worldmates.calls.app.pictures

import android.graphics.Bitmap
import android.graphics.BitmapFactory

/** A small picture of somebody, of whatever [bytes] are; null if they are no picture. */
public fun photographOf(bytes: ByteArray): Bitmap? {
    // Its size first: what a few bytes claim to be could take all memory there is.
    val size = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    BitmapFactory.decodeByteArray(bytes, 0, bytes.size, size)
    val step = photographStep(size.outWidth, size.outHeight) ?: return null
    return BitmapFactory.decodeByteArray(bytes, 0, bytes.size, BitmapFactory.Options().apply { inSampleSize = step })
}

/** Every how-manyth pixel is enough, a power of two as Android wants it; null if that is no size of a photograph. */
internal fun photographStep(width: Int, height: Int): Int? {
    if (width !in 1..LONGEST_SIDE || height !in 1..LONGEST_SIDE) return null
    var step = 1
    while (minOf(width, height) / (step * 2) >= FACE || maxOf(width, height) / step > FACE * 4) step *= 2
    return step
}

/** The largest face on a screen, in the middle of a call on a large phone. */
private const val FACE = 400

/** No camera makes more. */
private const val LONGEST_SIDE = 20_000
