package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxScope
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.widthIn
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.theme.callsPalette

/** The quiet light behind a call. */
@Composable
internal fun Backdrop(modifier: Modifier = Modifier, content: @Composable BoxScope.() -> Unit) {
    Box(
        modifier.fillMaxSize().background(Brush.verticalGradient(listOf(callsPalette.backdropTop, callsPalette.backdropBottom))),
        contentAlignment = Alignment.Center, content = content,
    )
}

/** Lines longer than this are tiring to read, and rows wider than this lose their ends. */
internal val READABLE_WIDTH: Dp = 640.dp

internal fun Modifier.readableWidth(): Modifier = widthIn(max = READABLE_WIDTH)
