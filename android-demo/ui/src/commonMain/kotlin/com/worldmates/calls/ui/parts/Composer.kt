package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.material3.FilledIconButton
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextField
import androidx.compose.material3.TextFieldDefaults
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons

/** Where one writes, and the button that sends it. */
@Composable
internal fun Composer(draft: String, hint: String, onDraft: (String) -> Unit, onSend: () -> Unit) {
    Surface(color = MaterialTheme.colorScheme.surfaceContainerLow) {
        Box(Modifier.fillMaxWidth(), Alignment.Center) {
            Row(Modifier.readableWidth().padding(horizontal = 12.dp, vertical = 10.dp), Arrangement.spacedBy(10.dp), Alignment.Bottom) {
                TextField(
                    draft, onDraft, Modifier.weight(1f).testTag("draft"), placeholder = { Text(hint) }, maxLines = 4,
                    shape = RoundedCornerShape(26.dp),
                    colors = TextFieldDefaults.colors(
                        focusedIndicatorColor = Color.Transparent, unfocusedIndicatorColor = Color.Transparent,
                        focusedContainerColor = MaterialTheme.colorScheme.surfaceContainerHigh,
                        unfocusedContainerColor = MaterialTheme.colorScheme.surfaceContainerHigh,
                    ),
                )
                val label = strings.send
                FilledIconButton(
                    onSend, Modifier.padding(bottom = 2.dp).size(52.dp).testTag("send").semantics { contentDescription = label },
                    enabled = draft.isNotBlank(),
                ) { Icon(Icons.Send, contentDescription = null) }
            }
        }
    }
}
