package com.worldmates.calls.app

import androidx.compose.ui.graphics.asImageBitmap
import com.worldmates.calls.app.pictures.photographOf
import com.worldmates.calls.ui.parts.Photographs
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers

/** Photographs of people, for as long as [scope], which runs on the main thread. */
internal fun phonePhotographs(scope: CoroutineScope): Photographs =
    Photographs(scope, Dispatchers.IO, decode = { photographOf(it)?.asImageBitmap() })
