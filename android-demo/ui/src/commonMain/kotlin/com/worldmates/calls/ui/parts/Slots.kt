package com.worldmates.calls.ui.parts

import androidx.compose.runtime.Composable
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.Modifier

/**
 * Draws somebody's picture; user null is our own camera, `PictureFeed.screenOf` somebody the screen that they share beside
 * theirs, which is to be seen whole. Mirrored only for our own front camera. Android gives a Surface
 * here, the desktop an image; the screens need not know.
 */
public typealias VideoSource = @Composable (user: Long?, mirrored: Boolean, modifier: Modifier) -> Unit

/** Where pictures come from. Without one, places of pictures stay dark. */
public val LocalVideoSource: ProvidableCompositionLocal<VideoSource> = staticCompositionLocalOf { { _, _, _ -> } }

/** Draws a photograph of somebody by its address. Without one, faces are initials. */
public typealias AvatarSource = @Composable (address: String, modifier: Modifier) -> Unit

/** Where photographs come from. */
public val LocalAvatarSource: ProvidableCompositionLocal<AvatarSource?> = staticCompositionLocalOf { null }

/** Takes the phone's own way back while [enabled]. */
public typealias BackSource = @Composable (enabled: Boolean, onBack: () -> Unit) -> Unit

/** The phone's own way back: Android gives its gesture here. Where there is none, the buttons on the screens remain. */
public val LocalBackSource: ProvidableCompositionLocal<BackSource> = staticCompositionLocalOf { { _, _ -> } }

/** While [enabled], going back does [onBack]. */
@Composable
internal fun BackTo(enabled: Boolean, onBack: () -> Unit): Unit = LocalBackSource.current(enabled, onBack)

/** Whether the window is the system's picture-in-picture, which can be larger than the size alone tells. */
public val LocalIsSmall: ProvidableCompositionLocal<Boolean> = staticCompositionLocalOf { false }
