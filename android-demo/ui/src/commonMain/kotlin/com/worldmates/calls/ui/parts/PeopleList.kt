package com.worldmates.calls.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.Icon
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.ui.ActiveState
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.Icons
import com.worldmates.calls.ui.theme.callsPalette

/** Who is in the call, line by line. */
@Composable
internal fun PeopleList(state: ActiveState, modifier: Modifier = Modifier) {
    LazyColumn(modifier.testTag("people"), contentPadding = PaddingValues(horizontal = 20.dp, vertical = 4.dp)) {
        items(state.faces() + state.myFace(), key = { it.user ?: 0 }) { PersonLine(it) }
    }
}

@Composable
private fun PersonLine(face: Face) {
    val quiet = callsPalette.onBackdropQuiet
    Row(
        Modifier.fillMaxWidth().heightIn(min = 56.dp).semantics(mergeDescendants = true) {},
        Arrangement.spacedBy(8.dp), Alignment.CenterVertically,
    ) {
        SpeakingAvatar(face.user ?: 0, face.name, face.avatar, 38.dp, if (face.isMuted) 0f else face.level)
        Column(Modifier.weight(1f)) {
            Text(
                face.name(strings), Modifier.testTag("name"), color = callsPalette.onBackdrop, maxLines = 1,
                overflow = TextOverflow.Ellipsis, style = MaterialTheme.typography.titleSmall,
            )
            face.trouble(strings)?.let { Text(it, color = callsPalette.warning, style = MaterialTheme.typography.bodySmall) }
        }
        QualityBars(face.quality)
        if (face.isHandUp) HandMark(face.hand, size = 26.dp)
        Icon(
            if (face.isMuted) Icons.MicOff else Icons.Mic, contentDescription = if (face.isMuted) strings.muted else null,
            Modifier.size(20.dp), tint = if (face.isMuted) quiet else callsPalette.onBackdrop,
        )
        Icon(
            if (face.hasPicture) Icons.Camera else Icons.CameraOff, contentDescription = if (face.hasPicture) null else strings.pictureOff,
            Modifier.size(20.dp), tint = if (face.hasPicture) callsPalette.onBackdrop else quiet,
        )
    }
}
