package com.worldmates.calls.ui.screens

import androidx.compose.animation.AnimatedVisibility
import androidx.compose.animation.fadeIn
import androidx.compose.animation.fadeOut
import androidx.compose.animation.slideInVertically
import androidx.compose.animation.slideOutVertically
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.ime
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.isTraversalGroup
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.traversalIndex
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.DpSize
import androidx.compose.ui.unit.LayoutDirection
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallState
import com.worldmates.calls.Picture
import com.worldmates.calls.showsScreen
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.CallActions
import com.worldmates.calls.ui.CallView
import com.worldmates.calls.ui.FrameStyle
import com.worldmates.calls.ui.Panel
import com.worldmates.calls.ui.StageChoice
import com.worldmates.calls.ui.layout.CallLayout
import com.worldmates.calls.ui.layout.Fold
import com.worldmates.calls.ui.layout.LocalFold
import com.worldmates.calls.ui.layout.MEDIUM_WIDTH
import com.worldmates.calls.ui.layout.TWO_COLUMNS
import com.worldmates.calls.ui.layout.callLayout
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.Banner
import com.worldmates.calls.ui.parts.ChatPanel
import com.worldmates.calls.ui.parts.ControlBar
import com.worldmates.calls.ui.parts.Counted
import com.worldmates.calls.ui.parts.FloatingReactions
import com.worldmates.calls.ui.parts.GridStage
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.LARGE_TEXT
import com.worldmates.calls.ui.parts.LocalIsSmall
import com.worldmates.calls.ui.parts.LocalLooking
import com.worldmates.calls.ui.parts.Looking
import com.worldmates.calls.ui.parts.MorePanel
import com.worldmates.calls.ui.parts.PairStage
import com.worldmates.calls.ui.parts.PeopleList
import com.worldmates.calls.ui.parts.PeoplePanel
import com.worldmates.calls.ui.parts.PictureBehind
import com.worldmates.calls.ui.parts.QualityBars
import com.worldmates.calls.ui.parts.RoomBanners
import com.worldmates.calls.ui.parts.RouteChooser
import com.worldmates.calls.ui.parts.SpotlightStage
import com.worldmates.calls.ui.parts.StatsStrip
import com.worldmates.calls.ui.parts.TinyStage
import com.worldmates.calls.ui.parts.VoiceStage
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.parts.grownAtMost
import com.worldmates.calls.ui.parts.large
import com.worldmates.calls.ui.parts.namer
import com.worldmates.calls.ui.parts.unread
import com.worldmates.calls.ui.parts.worstQuality
import com.worldmates.calls.ui.text.clock
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.EVEN_DIGITS
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.RoomIcons
import com.worldmates.calls.ui.theme.StageTheme
import com.worldmates.calls.ui.theme.callsPalette
import java.time.Duration

/** A call that goes on: two people or fifty, with pictures or without. [onMessages] opens the conversation beside it. */
@Composable
public fun ActiveScreen(
    state: ActiveState, actions: CallActions, modifier: Modifier = Modifier, view: CallView = CallView(),
    onView: (CallView) -> Unit = {}, onMessages: (() -> Unit)? = null,
) {
    val looking = remember(state.call.id, actions) { Looking(actions::look) }
    if (state.isGroup) LaunchedEffect(looking) { looking.tellChanges() }
    val screen: @Composable () -> Unit = {
        Backdrop(modifier.testTag("active")) {
            if (state.isPictureBehind(LocalFold.current)) PictureBehind(state)
            BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing)) {
                Laid(DpSize(maxWidth, maxHeight), state, actions, view, onView, onMessages)
            }
        }
    }
    CompositionLocalProvider(LocalLooking provides looking.takeIf { state.isGroup }) {
        if (state.isOnStage) StageTheme(screen) else screen()
    }
}

/** Whether pictures are to be seen, or many people: then it is dark around them. */
private val ActiveState.isOnStage: Boolean
    get() = isGroup || call.picture == Picture.CAMERA || call.participants.any { it.video }

@Composable
private fun Laid(
    size: DpSize, state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, onMessages: (() -> Unit)?,
) {
    val density = LocalDensity.current
    val direction = LocalLayoutDirection.current
    val insets = WindowInsets.safeDrawing
    val fold = with(density) {
        LocalFold.current?.within(
            insets.getLeft(density, direction).toDp(), insets.getTop(density).toDp(), size.width, direction == LayoutDirection.Rtl,
        )
    }
    val controls: @Composable (Boolean, Boolean) -> Unit = { isUpright, isRoomy ->
        ControlBar(
            state, actions, view, onView, isUpright, isRoomy,
            Modifier.semantics { isTraversalGroup = true; traversalIndex = 1f },
        )
    }
    val panel: @Composable (Modifier) -> Unit = { OpenPanel(state, actions, view, onView, onMessages, it) }
    when (if (LocalIsSmall.current) CallLayout.TINY else callLayout(size.width, size.height, fold)) {
        CallLayout.TINY -> TinyStage(state)
        CallLayout.STACKED -> Stacked(size, state, actions, view, onView, panel) { controls(false, size.width >= MEDIUM_WIDTH) }
        CallLayout.BESIDE -> Row(Modifier.fillMaxSize(), verticalAlignment = Alignment.CenterVertically) {
            Column(Modifier.weight(1f).fillMaxHeight().padding(bottom = 8.dp)) {
                TopBar(state, view, onView)
                Banners(state, actions, view, onView)
                Box(Modifier.weight(1f).fillMaxWidth()) { Stage(state, actions, view, onView) }
            }
            panel(Modifier.width(if (view.panel.isPlace) 340.dp else 300.dp).padding(vertical = 8.dp))
            controls(true, false)
        }
        CallLayout.TABLETOP -> Column(Modifier.fillMaxSize()) {
            Column(Modifier.height(fold?.at ?: (size.height / 2)).fillMaxWidth()) {
                Banners(state, actions, view, onView)
                Box(Modifier.weight(1f).padding(vertical = 8.dp)) { Stage(state, actions, view, onView) }
            }
            Spacer(Modifier.height(fold?.thickness ?: 0.dp))
            Companion(state, view, onView, panel, Modifier.weight(1f)) { controls(false, size.width >= MEDIUM_WIDTH) }
        }
        CallLayout.BOOK -> Row(Modifier.fillMaxSize()) {
            Box(Modifier.width(fold?.at ?: (size.width / 2)).fillMaxHeight().padding(vertical = 8.dp)) {
                Stage(state, actions, view, onView)
            }
            Spacer(Modifier.width(fold?.thickness ?: 0.dp))
            Column(Modifier.weight(1f).fillMaxHeight()) {
                Banners(state, actions, view, onView)
                Companion(state, view, onView, panel, Modifier.weight(1f)) { controls(false, false) }
            }
        }
    }
}

/** Bars above and below. The chat or the people stand below the pictures, and where there is room beside them. */
@Composable
private fun Stacked(
    size: DpSize, state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, panel: @Composable (Modifier) -> Unit,
    controls: @Composable () -> Unit,
) {
    val isPlace = view.panel.isPlace
    val isBeside = isPlace && size.width >= TWO_COLUMNS
    val isTyping = WindowInsets.ime.getBottom(LocalDensity.current) > 0
    // With a keyboard up there is room for what is written, and for nothing else.
    if (isPlace && !isBeside && isTyping) return panel(Modifier.fillMaxSize().padding(vertical = 8.dp))
    Row(Modifier.fillMaxSize()) {
        Column(Modifier.weight(1f), horizontalAlignment = Alignment.CenterHorizontally) {
            TopBar(state, view, onView)
            Banners(state, actions, view, onView)
            Box(Modifier.weight(if (isPlace && !isBeside) SMALL_STAGE else 1f).fillMaxWidth()) {
                Stage(state, actions, view, onView)
                // A picture goes on under an open panel; a lone face moves up and stays to be seen.
                if (state.isOnStage && !isPlace) panel(Modifier.align(Alignment.BottomCenter))
            }
            if (!state.isOnStage && !isPlace) panel(Modifier.heightIn(max = size.height * 0.6f))
            if (isPlace && !isBeside) panel(Modifier.weight(1f - SMALL_STAGE).fillMaxWidth().padding(top = 8.dp))
            controls()
        }
        if (isBeside) panel(Modifier.width(PLACE_WIDTH).fillMaxHeight().padding(vertical = 12.dp))
    }
}

/** How much of a narrow screen the pictures keep while the chat or the people stand below them. */
private const val SMALL_STAGE = 0.33f
private val PLACE_WIDTH = 372.dp

/** The other half of a folded screen: who is here, or the open panel, and the buttons. */
@Composable
private fun Companion(
    state: ActiveState, view: CallView, onView: (CallView) -> Unit, panel: @Composable (Modifier) -> Unit, modifier: Modifier,
    controls: @Composable () -> Unit,
) {
    Column(modifier.fillMaxWidth(), horizontalAlignment = Alignment.CenterHorizontally) {
        TopBar(state, view, onView)
        val isBare = view.panel == Panel.NONE && !state.isOnStage
        Box(Modifier.weight(1f).fillMaxWidth(), Alignment.Center) {
            when {
                isBare -> controls()
                view.panel != Panel.NONE -> panel(Modifier)
                else -> PeopleList(state, Modifier.fillMaxSize())
            }
        }
        if (!isBare) controls()
    }
}

/** Who, for how long, how well; and in a group, everyone or the one who speaks. */
@Composable
private fun TopBar(state: ActiveState, view: CallView, onView: (CallView) -> Unit) {
    // Beside a lone face its name and the clock stand in the middle of the screen already.
    if (!state.isOnStage) return Spacer(Modifier.height(8.dp))
    Row(
        Modifier.fillMaxWidth().heightIn(min = 60.dp).padding(start = 20.dp, end = 8.dp, top = 4.dp, bottom = 4.dp)
            .semantics { isTraversalGroup = true; traversalIndex = -1f },
        Arrangement.spacedBy(8.dp), Alignment.CenterVertically,
    ) {
        val isLargeText = LocalDensity.current.fontScale > LARGE_TEXT
        Column(Modifier.weight(1f)) {
            Row(horizontalArrangement = Arrangement.spacedBy(6.dp), verticalAlignment = Alignment.CenterVertically) {
                if (state.call.isLocked) {
                    Icon(RoomIcons.Lock, contentDescription = strings.locked, Modifier.size(16.dp), tint = callsPalette.onBackdropQuiet)
                }
                Text(
                    callName(state.call, strings), Modifier.testTag("name").semantics { heading() }, color = callsPalette.onBackdrop,
                    style = MaterialTheme.typography.titleMedium, maxLines = if (isLargeText) 2 else 1, overflow = TextOverflow.Ellipsis,
                )
            }
            Row(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalAlignment = Alignment.CenterVertically) {
                Text(
                    state.timeWords(), color = callsPalette.onBackdropQuiet, maxLines = 1,
                    style = MaterialTheme.typography.bodyMedium.grownAtMost(LARGE_TEXT).copy(fontFeatureSettings = EVEN_DIGITS),
                )
                QualityBars(state.active.stats.worstQuality(), size = 14.dp)
            }
        }
        if (state.isGroup) RoomActionsBar(state, view, onView)
    }
}

/** What a room of many has besides: everyone or the one who speaks, the people, the chat. */
@Composable
private fun RoomActionsBar(state: ActiveState, view: CallView, onView: (CallView) -> Unit) {
    val words = strings
    fun toggled(panel: Panel) = view.copy(panel = if (view.panel == panel) Panel.NONE else panel)
    Row {
        if (state.call.participants.isNotEmpty()) {
            val sharer = state.call.participants.firstOrNull { it.screen }?.user
            val isGrid = view.stage == StageChoice.Everyone && (sharer == null || sharer == view.putAside)
            IconAction(
                if (isGrid) Icons.Person else Icons.Grid, if (isGrid) words.showSpeaker else words.showGrid,
                {
                    val stage = if (isGrid) StageChoice.Speaker else StageChoice.Everyone
                    onView(view.copy(stage = stage, putAside = if (isGrid) null else sharer))
                },
                Modifier.testTag("stage"), tint = callsPalette.onBackdrop,
            )
        }
        val waiting = if (state.isHost) state.call.waiting.size else 0
        Counted(waiting) {
            IconAction(
                Icons.People, listOfNotNull(words.participants, words.wantIn(waiting).takeIf { waiting > 0 }).joinToString(),
                { onView(toggled(Panel.PEOPLE)) }, Modifier.testTag("open people"), tint = callsPalette.onBackdrop,
            )
        }
        val unread = if (view.panel == Panel.CHAT) 0 else state.unread(view)
        Counted(unread) {
            IconAction(
                RoomIcons.Chat, listOfNotNull(words.chat, words.unread(unread).takeIf { unread > 0 }).joinToString(),
                { onView(toggled(Panel.CHAT)) }, Modifier.testTag("open chat"), tint = callsPalette.onBackdrop,
            )
        }
    }
}

@Composable
private fun ActiveState.timeWords(): String {
    val since = (call.state as? CallState.Talking)?.since ?: return strings.connecting
    val time = clock(Duration.between(since, now))
    return if (isGroup) "$time · ${strings.people(call.participants.size + 1)}" else time
}

/** What one has to know now, the most pressing first. They push the stage down and cover nothing. */
@Composable
private fun Banners(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit) {
    val other = state.active.other
    Column(Modifier.fillMaxWidth().padding(horizontal = 12.dp)) {
        Banner(
            state.active.isReconnecting, Icons.NoNetwork, strings.reconnecting, callsPalette.alarm, help = strings.reconnectingHelp,
            isUrgent = true,
        )
        Banner(state.call.isHeld, Icons.Pause, strings.held, callsPalette.notice, help = strings.heldHelp)
        Banner(
            state.surroundings.isPictureOffByNetwork && !state.active.isReconnecting, Icons.CameraOff, strings.pictureOffNetwork,
            callsPalette.notice,
        )
        Banner(state.call.showsScreen, Icons.ShareScreen, strings.youShareScreen, callsPalette.notice)
        Banner(
            other != null && !state.call.isHeld, Icons.Pause, other?.let { strings.onHold(callName(it, strings)) }.orEmpty(),
            callsPalette.controlOver.takeIf { !callsPalette.isDark } ?: callsPalette.control,
        )
        if (state.isGroup) RoomBanners(state, actions, view, onView)
        val stats = state.active.stats
        if (state.isGroup && stats != null) StatsStrip(stats, state.namer(strings), Modifier.padding(vertical = 4.dp))
    }
}

@Composable
private fun Stage(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit) {
    var lastLarge by remember(state.call.id) { mutableStateOf<Long?>(null) }
    val large = state.large(view, lastLarge)
    if (large != null && !large.isScreen) lastLarge = large.user
    when {
        !state.isGroup && state.isOnStage -> PairStage(state, actions, isPictureBehind = state.isPictureBehind(LocalFold.current))
        !state.isGroup -> VoiceStage(state, state.timeWords())
        large != null -> SpotlightStage(state, large, view, onView)
        else -> GridStage(state, onBring = { onView(view.copy(stage = StageChoice.One(it))) })
    }
    if (state.isGroup) FloatingReactions(state)
}

/** Without a frame a picture takes the whole of a flat screen. */
private fun ActiveState.isPictureBehind(fold: Fold?): Boolean =
    fold == null && !isGroup && surroundings.frame == FrameStyle.PLAIN && !call.isHeld &&
        call.participants.firstOrNull()?.let { it.video && !it.screen } == true

@Composable
private fun OpenPanel(
    state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, onMessages: (() -> Unit)?, modifier: Modifier,
) {
    // A place does not slide in over the pictures: they make room for it.
    if (view.panel == Panel.CHAT) return ChatPanel(state, actions, view, onView, modifier.padding(horizontal = 8.dp))
    if (view.panel == Panel.PEOPLE) return PeoplePanel(state, actions, view, onView, modifier.padding(horizontal = 8.dp))
    AnimatedVisibility(
        view.panel != Panel.NONE, modifier.padding(horizontal = 12.dp),
        enter = slideInVertically { it / 3 } + fadeIn(), exit = slideOutVertically { it / 3 } + fadeOut(),
    ) {
        when (view.panel) {
            Panel.MORE -> MorePanel(state, actions, onClose = { onView(view.copy(panel = Panel.NONE)) }, onMessages = onMessages)
            Panel.SOUND -> RouteChooser(state.surroundings.routes, onChoose = actions::chooseRoute)
            Panel.NONE, Panel.PEOPLE, Panel.CHAT -> Spacer(Modifier)
        }
    }
}
