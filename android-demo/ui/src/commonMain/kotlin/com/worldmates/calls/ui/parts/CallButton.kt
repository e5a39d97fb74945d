package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.selection.toggleable
import androidx.compose.foundation.shape.CircleShape
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.draw.shadow
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.stateDescription
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.theme.ColorPair
import com.worldmates.calls.ui.theme.callsPalette

/** A round button of a call. Never smaller than a finger. */
@Composable
internal fun CallButton(
    icon: ImageVector, label: String, colors: ColorPair, onClick: () -> Unit, modifier: Modifier = Modifier, size: Dp = 56.dp,
) {
    Disc(
        icon, colors, size,
        modifier.clip(CircleShape).clickable(role = Role.Button, onClick = onClick)
            .semantics { contentDescription = label },
    )
}

/** A round button that is on or off; [state] says which in words. */
@Composable
internal fun CallToggle(
    icon: ImageVector, label: String, isOver: Boolean, state: String, onClick: () -> Unit, modifier: Modifier = Modifier,
    size: Dp = 56.dp,
) {
    Disc(
        icon, if (isOver) callsPalette.controlOver else callsPalette.control, size,
        modifier.clip(CircleShape).toggleable(isOver, role = Role.Switch) { onClick() }
            .semantics { contentDescription = label; stateDescription = state },
    )
}

/** A large round button with its name below: for the moments when one must not press the wrong one. */
@Composable
internal fun NamedCallButton(
    icon: ImageVector, label: String, colors: ColorPair, onClick: () -> Unit, modifier: Modifier = Modifier, size: Dp = 72.dp,
    textColor: Color = callsPalette.onBackdrop,
) {
    Column(
        // The whole of disc and word is the button.
        modifier.widthIn(min = size).clip(MaterialTheme.shapes.large).clickable(role = Role.Button, onClick = onClick)
            .semantics { contentDescription = label }.padding(horizontal = 3.dp, vertical = 8.dp),
        horizontalAlignment = Alignment.CenterHorizontally,
        verticalArrangement = Arrangement.spacedBy(10.dp),
    ) {
        Disc(icon, colors, size, Modifier)
        Text(
            label, Modifier.clearAndSetSemantics {}, color = textColor, style = MaterialTheme.typography.labelLarge,
            textAlign = TextAlign.Center,
        )
    }
}

/** The same as a broad bar, for large text: there words are wider than discs. */
@Composable
internal fun BroadCallButton(
    icon: ImageVector, label: String, colors: ColorPair, onClick: () -> Unit, modifier: Modifier = Modifier,
) {
    Row(
        modifier.fillMaxWidth().heightIn(min = 64.dp).clip(CircleShape).background(colors.container)
            .clickable(role = Role.Button, onClick = onClick).semantics { contentDescription = label }
            .padding(horizontal = 24.dp, vertical = 10.dp),
        Arrangement.spacedBy(14.dp, Alignment.CenterHorizontally), Alignment.CenterVertically,
    ) {
        Icon(icon, contentDescription = null, Modifier.size(30.dp), tint = colors.content)
        Text(label, Modifier.clearAndSetSemantics {}, color = colors.content, style = MaterialTheme.typography.labelLarge)
    }
}

/** Words on a picture grow with the size of text up to here: beyond, they would hide what they describe. */
@Composable
internal fun TextStyle.grownAtMost(factor: Float): TextStyle {
    val scale = LocalDensity.current.fontScale
    return if (scale <= factor) this else copy(fontSize = fontSize * (factor / scale), lineHeight = lineHeight * (factor / scale))
}

/** Nothing that is pressed is smaller than a finger. */
internal val FINGER: Dp = 48.dp

/** A button of words, as low as Material makes it, is not: it grows to a finger's height. */
internal fun Modifier.fingerHigh(): Modifier = heightIn(min = FINGER)

/** From here on a word below a disc would break in the middle. */
internal const val LARGE_TEXT: Float = 1.3f

/** A plain picture to press, with its words for those who do not see it. */
@Composable
internal fun IconAction(
    icon: ImageVector, label: String, onClick: () -> Unit, modifier: Modifier = Modifier, tint: Color = MaterialTheme.colorScheme.primary,
) {
    IconButton(onClick, modifier.size(48.dp).semantics { contentDescription = label }) {
        Icon(icon, contentDescription = null, tint = tint)
    }
}

@Composable
private fun Disc(icon: ImageVector, colors: ColorPair, size: Dp, modifier: Modifier) {
    Box(
        Modifier.shadow(if (colors.container.alpha == 1f) 2.dp else 0.dp, CircleShape).then(modifier)
            .size(size).background(colors.container, CircleShape),
        contentAlignment = Alignment.Center,
    ) { Icon(icon, contentDescription = null, Modifier.size(size * 0.46f), tint = colors.content) }
}
