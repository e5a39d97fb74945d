package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.offset
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.LazyRow
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.pager.HorizontalPager
import androidx.compose.foundation.pager.rememberPagerState
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Brush
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.layout.boundsInParent
import androidx.compose.ui.layout.onGloballyPositioned
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.min
import com.worldmates.calls.MediaPath
import com.worldmates.calls.Picture
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.StageChoice
import com.worldmates.calls.ui.layout.gridCapacity
import com.worldmates.calls.ui.layout.gridPages
import com.worldmates.calls.ui.layout.gridTiles
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.EVEN_DIGITS
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.sqrt

/** Two people, at least one with a picture: theirs in its frame, ours in a corner. */
@Composable
internal fun PairStage(state: ActiveState, actions: CallActions, modifier: Modifier = Modifier, isPictureBehind: Boolean = false) {
    val face = state.faces().firstOrNull()
    var statsBounds by remember { mutableStateOf<Rect?>(null) }
    BoxWithConstraints(modifier.fillMaxSize()) {
        val frame = state.surroundings.frame
        if (face == null) {
            Alone(Modifier.align(Alignment.Center))
        } else if (!isPictureBehind) {
            RemoteVideoView(
                face, frame, Modifier.fillMaxSize().padding(frameInset(frame)).testTag("remote"),
                isNameShown = false, isRingShown = !face.hasPicture,
            )
        }
        val shown = state.active.stats
        if (shown != null) {
            StatsOverlay(
                shown, state.namer(strings),
                Modifier.align(Alignment.TopStart).padding(20.dp).onGloballyPositioned { statsBounds = it.boundsInParent() },
            )
        }
        if (state.call.picture != Picture.NONE && !state.call.isHeld) {
            val inset = frame.pipInset()
            val faceArea = with(LocalDensity.current) {
                keepClearOf(face, frame, Size(maxWidth.toPx(), maxHeight.toPx()), frameInset(frame).toPx(), 160.dp.toPx())
            }
            val shift = with(LocalDensity.current) { Offset(-inset.toPx(), -inset.toPx()) }
            LocalVideoPiP(
                state.isMirrored, state.call.isMuted,
                keepClear = (faceArea + listOfNotNull(statsBounds.takeIf { shown != null })).map { it.translate(shift) },
                onSwitchCamera = (actions::switchCamera).takeIf { state.call.picture == Picture.CAMERA },
                Modifier.padding(inset),
            )
        }
    }
}

private fun frameInset(style: FrameStyle): Dp = if (style == FrameStyle.PLAIN) 0.dp else 12.dp

/** Our own picture stands inside the other's frame, not on its rim. */
private fun FrameStyle.pipInset(): Dp = when (this) {
    FrameStyle.PLAIN, FrameStyle.CIRCLE -> 0.dp
    FrameStyle.ROUNDED -> 12.dp
    FrameStyle.CUT_CORNER -> 18.dp
    FrameStyle.GRADIENT -> 18.dp
    FrameStyle.NEON -> 22.dp
}

/**
 * What our own picture must not cover: the face of somebody without a picture, the round window, the cut corners. What
 * fills the stage it lies upon, as everywhere.
 */
private fun keepClearOf(face: Face?, style: FrameStyle, stage: Size, inset: Float, faceSide: Float): List<Rect> {
    val centre = Offset(stage.width / 2, stage.height / 2)
    return when {
        face == null -> emptyList()
        style == FrameStyle.CIRCLE -> circleBands(centre, stage.minDimension / 2 - inset)
        !face.hasPicture -> listOf(Rect(centre, faceSide / 2))
        else -> emptyList()
    }
}

/** A disc as a stack of bars, each as wide as the disc at its widest there. */
private fun circleBands(centre: Offset, radius: Float): List<Rect> = (-BANDS until BANDS).map { band ->
    val top = radius * band / BANDS
    val bottom = radius * (band + 1) / BANDS
    val nearest = if (band < 0) bottom else top
    val half = sqrt((radius * radius - nearest * nearest).coerceAtLeast(0f))
    Rect(centre.x - half, centre.y + top, centre.x + half, centre.y + bottom)
}

private const val BANDS = 12

@Composable
private fun Alone(modifier: Modifier) {
    Text(
        strings.waitingForOthers, modifier.padding(24.dp).semantics { liveRegion = LiveRegionMode.Polite },
        color = callsPalette.onBackdropQuiet, style = MaterialTheme.typography.titleMedium, textAlign = TextAlign.Center,
    )
}

/** The one face that matters, from edge to edge: whoever speaks, else the first, else ourselves. */
@Composable
internal fun TinyStage(state: ActiveState) {
    val faces = state.faces()
    val shown = faces.filter { it.isSpeaking }.maxByOrNull { it.level } ?: faces.firstOrNull { it.hasPicture } ?: faces.firstOrNull()
    RemoteVideoView(
        shown ?: state.myFace(), FrameStyle.PLAIN, Modifier.fillMaxSize().testTag("tiny"), isNameShown = false, isRingShown = false,
    )
}

/** Without a frame the picture fills the whole screen, under the bars, which are shaded so that they can be read. */
@Composable
internal fun PictureBehind(state: ActiveState) {
    val face = state.faces().firstOrNull() ?: return
    RemoteVideoView(face, FrameStyle.PLAIN, Modifier.fillMaxSize().testTag("remote"), isNameShown = false, isRingShown = false)
    Box(Modifier.fillMaxSize().background(Brush.verticalGradient(*BAR_SHADES)))
}

private val BAR_SHADES = arrayOf(
    0f to Color.Black.copy(alpha = 0.72f), 0.09f to Color.Black.copy(alpha = 0.50f), 0.2f to Color.Transparent,
    0.74f to Color.Transparent, 1f to Color.Black.copy(alpha = 0.6f),
)

/** Two people and no picture: a face, rings with the voice, and the clock. */
@Composable
internal fun VoiceStage(state: ActiveState, time: String, modifier: Modifier = Modifier) {
    BoxWithConstraints(modifier.fillMaxSize(), Alignment.Center) {
        val face = state.faces().firstOrNull()
        if (face == null) {
            Alone(Modifier)
            return@BoxWithConstraints
        }
        val size = (min(maxWidth, maxHeight) * 0.42f).coerceIn(56.dp, 172.dp)
        Column(
            Modifier.verticalScroll(rememberScrollState()).padding(16.dp), Arrangement.spacedBy(10.dp), Alignment.CenterHorizontally,
        ) {
            SpeakingAvatar(face.user ?: 0, face.name, face.avatar, size, if (face.isMuted) 0f else face.level)
            Text(
                callName(state.call, strings), Modifier.testTag("name"), color = callsPalette.onBackdrop,
                style = MaterialTheme.typography.headlineMedium, textAlign = TextAlign.Center, maxLines = 3,
                overflow = TextOverflow.Ellipsis,
            )
            val what = when {
                face.isAway -> strings.theirAway
                face.path == MediaPath.CONNECTING -> strings.connecting
                face.path == MediaPath.REPAIRING -> strings.reconnecting
                face.isMuted -> strings.muted
                else -> null
            }
            Row(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalAlignment = Alignment.CenterVertically) {
                Text(
                    time, color = callsPalette.onBackdropQuiet,
                    style = MaterialTheme.typography.bodyLarge.copy(fontFeatureSettings = EVEN_DIGITS),
                )
                QualityBars(state.active.stats.worstQuality(), size = 14.dp)
            }
            if (what != null) {
                Text(
                    what, Modifier.semantics { liveRegion = LiveRegionMode.Polite }, color = callsPalette.onBackdropQuiet,
                    style = MaterialTheme.typography.bodyMedium, textAlign = TextAlign.Center,
                )
            }
        }
        state.active.stats?.let { StatsOverlay(it, state.namer(strings), Modifier.align(Alignment.TopStart).padding(16.dp)) }
    }
}

/** Everyone in tiles, we among them. What does not fit is on further pages. */
@Composable
internal fun GridStage(state: ActiveState, onBring: (Long) -> Unit, modifier: Modifier = Modifier) {
    BoxWithConstraints(modifier.fillMaxSize().padding(horizontal = 8.dp)) {
        val faces = state.faces() + state.myFace()
        val gap = 8f
        val width = maxWidth.value
        val full = maxHeight.value
        // Voices change ten times a second, places only when people come and go.
        val (sizes, height) = remember(faces.size, width, full) { pagesAndHeight(faces.size, width, full, gap) }
        val isPaged = sizes.size > 1
        // We ourselves are on the first page: one looks at oneself first.
        val ordered = if (isPaged) listOf(faces.last()) + faces.dropLast(1) else faces
        val pager = rememberPagerState { sizes.size }
        Column(Modifier.fillMaxSize()) {
            HorizontalPager(pager, Modifier.weight(1f).fillMaxWidth().testTag("grid"), pageSpacing = 8.dp) { page ->
                val from = sizes.take(page).sum()
                Tiles(ordered.subList(from, from + sizes[page]), width, height, gap, state.surroundings.frame, onBring)
            }
            if (isPaged) PageDots(pager.currentPage, sizes.size)
        }
    }
}

/** How many faces each page has, and how tall a page is: dots below the tiles need room where there are pages. */
private fun pagesAndHeight(faces: Int, width: Float, height: Float, gap: Float): Pair<List<Int>, Float> {
    if (gridCapacity(faces, width, height, gap, SMALLEST_TILE) >= faces) return listOf(faces) to height
    val lower = height - DOTS_HEIGHT
    val capacity = gridCapacity(faces, width, lower, gap, SMALLEST_TILE)
    return gridPages(faces, capacity, width, lower, gap) to lower
}

private const val SMALLEST_TILE = 104f
private const val DOTS_HEIGHT = 28f

@Composable
private fun Tiles(faces: List<Face>, width: Float, height: Float, gap: Float, style: FrameStyle, onBring: (Long) -> Unit) {
    val words = strings
    val places = remember(faces.size, width, height) { gridTiles(faces.size, width, height, gap) }
    Box(Modifier.fillMaxSize()) {
        faces.zip(places).forEach { (face, place) ->
            RemoteVideoView(
                face, style.forTiles(),
                Modifier.offset(place.left.dp, place.top.dp).size(place.width.dp, place.height.dp)
                    .testTag("tile ${face.user ?: "me"}")
                    .bringable(face, words.bring(face.name(words)), onBring),
            )
        }
    }
}

/** Without a frame tiles would run into each other. */
private fun FrameStyle.forTiles(): FrameStyle = if (this == FrameStyle.PLAIN) FrameStyle.ROUNDED else this

private fun Modifier.bringable(face: Face, label: String, onBring: (Long) -> Unit): Modifier {
    val user = face.user ?: return this
    return clickable(onClickLabel = label, role = Role.Button) { onBring(user) }
}

@Composable
private fun PageDots(page: Int, of: Int) {
    val words = strings.page(page + 1, of)
    Row(
        Modifier.fillMaxWidth().height(DOTS_HEIGHT.dp).semantics(mergeDescendants = true) {
            contentDescription = words
            liveRegion = LiveRegionMode.Polite
        },
        Arrangement.spacedBy(7.dp, Alignment.CenterHorizontally), Alignment.CenterVertically,
    ) {
        repeat(of) { index ->
            val isHere = index == page
            Box(
                Modifier.size(width = if (isHere) 20.dp else 7.dp, height = 7.dp).clip(CircleShape)
                    .background(if (isHere) callsPalette.onBackdrop else callsPalette.onBackdropQuiet.copy(alpha = 0.5f)),
            )
        }
    }
}

/** One large, the others in a strip: below on an upright screen, at the side on a lying one. */
@Composable
internal fun SpotlightStage(state: ActiveState, user: Long, onChoice: (StageChoice) -> Unit, modifier: Modifier = Modifier) {
    val words = strings
    val faces = state.faces()
    val large = faces.firstOrNull { it.user == user } ?: return
    val others = faces.filter { it.user != user } + state.myFace()
    val style = state.surroundings.frame.forTiles()
    BoxWithConstraints(modifier.fillMaxSize().padding(horizontal = 8.dp)) {
        val isWide = maxWidth > maxHeight
        val main: @Composable (Modifier) -> Unit = { place ->
            RemoteVideoView(
                large, style,
                place.testTag("spotlight").clickable(onClickLabel = words.showGrid, role = Role.Button) { onChoice(StageChoice.Everyone) },
            )
        }
        val thumb = if (isWide) (maxWidth * 0.22f).coerceIn(104.dp, 220.dp) else (maxHeight * 0.2f).coerceIn(96.dp, 150.dp)
        val small: @Composable (Face, Modifier) -> Unit = { face, place ->
            RemoteVideoView(
                face, style,
                place.testTag("thumb ${face.user ?: "me"}")
                    .bringable(face, words.bring(face.name(words))) { onChoice(StageChoice.One(it)) },
            )
        }
        if (isWide) {
            Row(Modifier.fillMaxSize(), Arrangement.spacedBy(8.dp)) {
                main(Modifier.weight(1f).fillMaxHeight())
                LazyColumn(
                    Modifier.width(thumb).fillMaxHeight(), verticalArrangement = Arrangement.spacedBy(8.dp, Alignment.CenterVertically),
                ) {
                    items(others, key = { it.user ?: 0 }) { small(it, Modifier.fillMaxWidth().aspectRatio(4f / 3f)) }
                }
            }
        } else {
            Column(Modifier.fillMaxSize(), Arrangement.spacedBy(8.dp)) {
                main(Modifier.weight(1f).fillMaxWidth())
                LazyRow(
                    Modifier.height(thumb).fillMaxWidth(),
                    horizontalArrangement = Arrangement.spacedBy(8.dp, Alignment.CenterHorizontally),
                ) {
                    items(others, key = { it.user ?: 0 }) { small(it, Modifier.fillMaxHeight().aspectRatio(3f / 4f)) }
                }
            }
        }
    }
}
