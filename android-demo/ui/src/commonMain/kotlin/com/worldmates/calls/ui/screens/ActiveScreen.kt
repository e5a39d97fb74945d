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
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.layout.windowInsetsPadding
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
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
import com.worldmates.calls.CallKind
import com.worldmates.calls.CallState
import com.worldmates.calls.Picture
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
import com.worldmates.calls.ui.layout.callLayout
import com.worldmates.calls.ui.parts.Backdrop
import com.worldmates.calls.ui.parts.Banner
import com.worldmates.calls.ui.parts.ControlBar
import com.worldmates.calls.ui.parts.GridStage
import com.worldmates.calls.ui.parts.IconAction
import com.worldmates.calls.ui.parts.LocalIsSmall
import com.worldmates.calls.ui.parts.MorePanel
import com.worldmates.calls.ui.parts.PairStage
import com.worldmates.calls.ui.parts.PeopleList
import com.worldmates.calls.ui.parts.PictureBehind
import com.worldmates.calls.ui.parts.QualityBars
import com.worldmates.calls.ui.parts.RouteChooser
import com.worldmates.calls.ui.parts.SpotlightStage
import com.worldmates.calls.ui.parts.StatsStrip
import com.worldmates.calls.ui.parts.TinyStage
import com.worldmates.calls.ui.parts.VoiceStage
import com.worldmates.calls.ui.parts.callName
import com.worldmates.calls.ui.parts.namer
import com.worldmates.calls.ui.parts.spotlight
import com.worldmates.calls.ui.parts.worstQuality
import com.worldmates.calls.ui.text.clock
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.EVEN_DIGITS
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.StageTheme
import com.worldmates.calls.ui.theme.callsPalette
import java.time.Duration

/** A call that goes on: two people or fifty, with pictures or without. [onMessages] opens the conversation beside it. */
@Composable
public fun ActiveScreen(
    state: ActiveState, actions: CallActions, modifier: Modifier = Modifier, view: CallView = CallView(),
    onView: (CallView) -> Unit = {}, onMessages: (() -> Unit)? = null,
) {
    val screen: @Composable () -> Unit = {
        Backdrop(modifier.testTag("active")) {
            if (state.isPictureBehind(LocalFold.current)) PictureBehind(state)
            BoxWithConstraints(Modifier.fillMaxSize().windowInsetsPadding(WindowInsets.safeDrawing)) {
                Laid(DpSize(maxWidth, maxHeight), state, actions, view, onView, onMessages)
            }
        }
    }
    if (state.isOnStage) StageTheme(screen) else screen()
}

/** Whether pictures are to be seen, or many people: then it is dark around them. */
private val ActiveState.isOnStage: Boolean
    get() = isGroup || call.picture != Picture.NONE || call.participants.any { it.video }

private val ActiveState.isGroup: Boolean
    get() = call.kind !is CallKind.OneToOne

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
        CallLayout.STACKED -> Column(Modifier.fillMaxSize(), horizontalAlignment = Alignment.CenterHorizontally) {
            TopBar(state, view, onView)
            Banners(state)
            Box(Modifier.weight(1f).fillMaxWidth()) {
                Stage(state, actions, view, onView)
                // A picture goes on under an open panel; a lone face moves up and stays to be seen.
                if (state.isOnStage) panel(Modifier.align(Alignment.BottomCenter))
            }
            if (!state.isOnStage) panel(Modifier.heightIn(max = size.height * 0.6f))
            controls(false, size.width >= MEDIUM_WIDTH)
        }
        CallLayout.BESIDE -> Row(Modifier.fillMaxSize(), verticalAlignment = Alignment.CenterVertically) {
            Column(Modifier.weight(1f).fillMaxHeight().padding(bottom = 8.dp)) {
                TopBar(state, view, onView)
                Banners(state)
                Box(Modifier.weight(1f).fillMaxWidth()) { Stage(state, actions, view, onView) }
            }
            panel(Modifier.width(300.dp).padding(vertical = 8.dp))
            controls(true, false)
        }
        CallLayout.TABLETOP -> Column(Modifier.fillMaxSize()) {
            Column(Modifier.height(fold?.at ?: (size.height / 2)).fillMaxWidth()) {
                Banners(state)
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
                Banners(state)
                Companion(state, view, onView, panel, Modifier.weight(1f)) { controls(false, false) }
            }
        }
    }
}

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
        Column(Modifier.weight(1f)) {
            Text(
                callName(state.call, strings), Modifier.testTag("name").semantics { heading() }, color = callsPalette.onBackdrop,
                style = MaterialTheme.typography.titleMedium, maxLines = 1, overflow = TextOverflow.Ellipsis,
            )
            Row(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalAlignment = Alignment.CenterVertically) {
                Text(
                    state.timeWords(), color = callsPalette.onBackdropQuiet,
                    style = MaterialTheme.typography.bodyMedium.copy(fontFeatureSettings = EVEN_DIGITS),
                )
                QualityBars(state.active.stats.worstQuality(), size = 14.dp)
            }
        }
        if (state.isGroup && state.call.participants.isNotEmpty()) {
            val isGrid = view.stage == StageChoice.Everyone
            IconAction(
                if (isGrid) Icons.Person else Icons.Grid, if (isGrid) strings.showSpeaker else strings.showGrid,
                { onView(view.copy(stage = if (isGrid) StageChoice.Speaker else StageChoice.Everyone)) }, Modifier.testTag("stage"),
                tint = callsPalette.onBackdrop,
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
private fun Banners(state: ActiveState) {
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
        Banner(state.call.picture == Picture.SCREEN, Icons.ShareScreen, strings.youShareScreen, callsPalette.notice)
        Banner(
            other != null && !state.call.isHeld, Icons.Pause, other?.let { strings.onHold(callName(it, strings)) }.orEmpty(),
            callsPalette.controlOver.takeIf { !callsPalette.isDark } ?: callsPalette.control,
        )
        val stats = state.active.stats
        if (state.isGroup && stats != null) StatsStrip(stats, state.namer(strings), Modifier.padding(vertical = 4.dp))
    }
}

@Composable
private fun Stage(state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit) {
    var lastLarge by remember(state.call.id) { mutableStateOf<Long?>(null) }
    val large = if (state.isGroup) state.spotlight(view.stage, lastLarge) else null
    if (large != null) lastLarge = large
    when {
        !state.isGroup && state.isOnStage -> PairStage(state, actions, isPictureBehind = state.isPictureBehind(LocalFold.current))
        !state.isGroup -> VoiceStage(state, state.timeWords())
        large != null -> SpotlightStage(state, large, onChoice = { onView(view.copy(stage = it)) })
        else -> GridStage(state, onBring = { onView(view.copy(stage = StageChoice.One(it))) })
    }
}

/** Without a frame a picture takes the whole of a flat screen. */
private fun ActiveState.isPictureBehind(fold: Fold?): Boolean =
    fold == null && !isGroup && surroundings.frame == FrameStyle.PLAIN && !call.isHeld &&
        call.participants.firstOrNull()?.video == true

@Composable
private fun OpenPanel(
    state: ActiveState, actions: CallActions, view: CallView, onView: (CallView) -> Unit, onMessages: (() -> Unit)?, modifier: Modifier,
) {
    AnimatedVisibility(
        view.panel != Panel.NONE, modifier.padding(horizontal = 12.dp),
        enter = slideInVertically { it / 3 } + fadeIn(), exit = slideOutVertically { it / 3 } + fadeOut(),
    ) {
        when (view.panel) {
            Panel.MORE -> MorePanel(state, actions, onClose = { onView(view.copy(panel = Panel.NONE)) }, onMessages = onMessages)
            Panel.SOUND -> RouteChooser(state.surroundings.routes, onChoose = actions::chooseRoute)
            Panel.NONE -> Spacer(Modifier)
        }
    }
}
