package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.paneTitle
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons

/** A place to stay in during a call, beside the pictures: the chat, the people. */
@Composable
internal fun PlacePanel(title: String, onClose: () -> Unit, modifier: Modifier = Modifier, content: @Composable () -> Unit) {
    Surface(
        modifier.semantics { paneTitle = title }, shape = MaterialTheme.shapes.large, color = MaterialTheme.colorScheme.surfaceContainer,
    ) {
        Column(Modifier.fillMaxSize()) {
            Row(Modifier.fillMaxWidth().padding(start = 20.dp, end = 4.dp, top = 2.dp), verticalAlignment = Alignment.CenterVertically) {
                // Words as wide as they are stand where the line begins, also from right to left.
                Box(Modifier.weight(1f)) {
                    Text(
                        title, Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium,
                        color = MaterialTheme.colorScheme.onSurface, maxLines = 1, overflow = TextOverflow.Ellipsis,
                    )
                }
                IconAction(
                    Icons.Close, strings.close, onClose, Modifier.testTag("close panel"), tint = MaterialTheme.colorScheme.onSurfaceVariant,
                )
            }
            content()
        }
    }
}
