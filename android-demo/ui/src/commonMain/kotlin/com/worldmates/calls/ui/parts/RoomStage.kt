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
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.StageChoice
import com.worldmates.calls.ui.layout.gridCapacity
import com.worldmates.calls.ui.layout.gridPages
import com.worldmates.calls.ui.layout.gridTiles
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.min

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
            if (isPaged) {
                val from = sizes.take(pager.currentPage).sum()
                val here = ordered.subList(from, from + sizes[pager.currentPage])
                val elsewhere = faces.filter { it.isSpeaking && it !in here }.maxByOrNull { it.level }
                PageDots(pager.currentPage, sizes.size, elsewhere)
            }
        }
    }
}

/** How many faces each page has, and how tall a page is: dots below the tiles need room where there are pages. */
private fun pagesAndHeight(faces: Int, width: Float, height: Float, gap: Float): Pair<List<Int>, Float> {
    val onOne = min(faces, MOST_ON_PAGE)
    if (onOne == faces && gridCapacity(faces, width, height, gap, SMALLEST_TILE) >= faces) return listOf(faces) to height
    val lower = height - DOTS_HEIGHT
    val capacity = gridCapacity(onOne, width, lower, gap, SMALLEST_TILE)
    return gridPages(faces, capacity, width, lower, gap) to lower
}

private const val SMALLEST_TILE = 104f
private const val DOTS_HEIGHT = 28f

/** However large the screen: more pictures at once nobody follows, and few devices decode. */
private const val MOST_ON_PAGE = 25

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
internal fun FrameStyle.forTiles(): FrameStyle = if (this == FrameStyle.PLAIN) FrameStyle.ROUNDED else this

private fun Modifier.bringable(face: Face, label: String, onBring: (Long) -> Unit): Modifier {
    val user = face.user ?: return this
    return clickable(onClickLabel = label, role = Role.Button) { onBring(user) }
}

/** Which page it is; and who speaks, if they stand on another one. */
@Composable
private fun PageDots(page: Int, of: Int, elsewhere: Face?) {
    val words = strings.page(page + 1, of)
    Row(Modifier.fillMaxWidth().height(DOTS_HEIGHT.dp).padding(horizontal = 4.dp), verticalAlignment = Alignment.CenterVertically) {
        Box(Modifier.weight(1f)) {
            elsewhere?.let { face ->
                Text(
                    strings.speaking(face.name(strings)), Modifier.testTag("name"), color = callsPalette.speaking, maxLines = 1,
                    overflow = TextOverflow.Ellipsis, style = MaterialTheme.typography.labelMedium.grownAtMost(LARGE_TEXT),
                )
            }
        }
        Row(
            Modifier.semantics(mergeDescendants = true) {
                contentDescription = words
                liveRegion = LiveRegionMode.Polite
            }.padding(horizontal = 8.dp),
            Arrangement.spacedBy(7.dp), Alignment.CenterVertically,
        ) {
            repeat(of) { index ->
                val isHere = index == page
                Box(
                    Modifier.size(width = if (isHere) 20.dp else 7.dp, height = 7.dp).clip(CircleShape)
                        .background(if (isHere) callsPalette.onBackdrop else callsPalette.onBackdropQuiet.copy(alpha = 0.5f)),
                )
            }
        }
        Box(Modifier.weight(1f))
    }
}

/**
 * One large, or a shared screen, the others in a strip: below on an upright screen, at the side on a lying one. What was
 * large by itself is put aside by a press, what was chosen is let go.
 */
@Composable
internal fun SpotlightStage(
    state: ActiveState, large: Face, view: CallView, onView: (CallView) -> Unit, modifier: Modifier = Modifier,
) {
    val words = strings
    val people = state.faces()
    // Whose screen is large has a face as well; and whoever speaks stands where one sees them.
    val others = people.filter { large.isScreen || it.user != large.user }
        // Straight from phone to phone the screen is all that is seen of them, and it is shown once.
        .map { if (it.picture == large.picture) it.copy(hasPicture = false) else it }
        .sortedByDescending { large.isScreen && it.user == state.call.dominant } + state.myFace()
    val style = state.surroundings.frame.forTiles()
    BoxWithConstraints(modifier.fillMaxSize().padding(horizontal = 8.dp)) {
        val isWide = maxWidth > maxHeight
        val main: @Composable (Modifier) -> Unit = { place ->
            Box(place) {
                RemoteVideoView(
                    // Nothing is cut off the corners of a screen.
                    large, if (large.isScreen) FrameStyle.PLAIN else style,
                    Modifier.fillMaxSize().testTag("spotlight").clickable(onClickLabel = words.showGrid, role = Role.Button) {
                        onView(if (large.isScreen) view.copy(putAside = large.user) else view.copy(stage = StageChoice.Everyone))
                    },
                    isRingShown = !large.isScreen,
                )
                if (view.stage is StageChoice.One) Pinned(Modifier.align(Alignment.TopStart).padding(10.dp))
            }
        }
        val thumb = if (isWide) (maxWidth * 0.22f).coerceIn(104.dp, 220.dp) else (maxHeight * 0.2f).coerceIn(96.dp, 150.dp)
        val small: @Composable (Face, Modifier) -> Unit = { face, place ->
            RemoteVideoView(
                face, style,
                place.testTag("thumb ${face.user ?: "me"}")
                    .bringable(face, words.bring(face.name(words))) { onView(view.copy(stage = StageChoice.One(it))) },
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

/** Whoever is large was chosen, and stays so whoever speaks. */
@Composable
private fun Pinned(modifier: Modifier) {
    Box(modifier.size(30.dp).clip(CircleShape).background(callsPalette.chip.container), Alignment.Center) {
        Icon(RoomIcons.Pin, contentDescription = strings.pin, Modifier.size(18.dp), tint = callsPalette.chip.content)
    }
}
