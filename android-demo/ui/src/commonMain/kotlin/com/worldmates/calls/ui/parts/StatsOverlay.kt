package com.worldmates.calls.ui.parts

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.clip
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import com.worldmates.calls.CallStats
import com.worldmates.calls.ParticipantStats
import com.worldmates.calls.ui.text.Strings
import com.worldmates.calls.ui.text.strings
import com.worldmates.calls.ui.theme.EVEN_DIGITS
import com.worldmates.calls.ui.theme.callsPalette
import kotlin.math.roundToInt

/** Numbers for those who want to know, of each person. */
@Composable
internal fun StatsOverlay(stats: CallStats, nameOf: (Long) -> String, modifier: Modifier = Modifier) {
    val words = strings
    Column(
        modifier.testTag("stats").widthIn(max = 232.dp * LocalDensity.current.fontScale.coerceIn(1f, LARGE_TEXT))
            .clip(MaterialTheme.shapes.medium).background(callsPalette.numbers.container)
            .verticalScroll(rememberScrollState()).padding(horizontal = 14.dp, vertical = 10.dp),
        verticalArrangement = Arrangement.spacedBy(8.dp),
    ) {
        stats.participants.forEach { person ->
            Column(Modifier.semantics(mergeDescendants = true) {}, verticalArrangement = Arrangement.spacedBy(1.dp)) {
                Row(horizontalArrangement = Arrangement.spacedBy(6.dp), verticalAlignment = Alignment.CenterVertically) {
                    QualityBars(person.quality, size = 12.dp, rest = callsPalette.numbers.content)
                    val style = MaterialTheme.typography.labelMedium.grownAtMost(LARGE_TEXT)
                    Text(nameOf(person.user), color = callsPalette.numbers.content, style = style)
                }
                person.lines(words).forEach { (label, value) -> Line(label, value) }
            }
        }
    }
}

/** Numbers of a group: a line each, for those with the worst connection. A strip that pushes the tiles down, not over them. */
@Composable
internal fun StatsStrip(stats: CallStats, nameOf: (Long) -> String, modifier: Modifier = Modifier) {
    val words = strings
    val style = MaterialTheme.typography.bodySmall.grownAtMost(LARGE_TEXT)
    Column(
        modifier.testTag("stats").fillMaxWidth().clip(MaterialTheme.shapes.medium).background(callsPalette.numbers.container)
            .padding(horizontal = 14.dp, vertical = 10.dp),
        verticalArrangement = Arrangement.spacedBy(4.dp),
    ) {
        stats.participants.sortedByDescending { it.quality.ordinal }.take(MOST_SHOWN).forEach { person ->
            Row(
                Modifier.semantics(mergeDescendants = true) {}, Arrangement.spacedBy(8.dp), Alignment.CenterVertically,
            ) {
                QualityBars(person.quality, size = 12.dp, rest = callsPalette.numbers.content)
                Text(
                    nameOf(person.user), Modifier.weight(1f).testTag("name"), color = callsPalette.numbers.content, style = style,
                    maxLines = 1, overflow = TextOverflow.Ellipsis,
                )
                Text(
                    listOfNotNull(
                        person.roundTrip?.let { words.milliseconds(it.toMillis()) }, "${words.oneDigit(person.lossPercent)} %",
                        words.kilobits(person.bitrateReceived / 1_000),
                    ).joinToString(" · "),
                    color = callsPalette.numbers.content, style = style.copy(fontFeatureSettings = EVEN_DIGITS),
                )
            }
        }
    }
}

private const val MOST_SHOWN = 4

@Composable
private fun Line(label: String, value: String) {
    val style = MaterialTheme.typography.bodySmall.grownAtMost(LARGE_TEXT)
    Row(Modifier.fillMaxWidth(), horizontalArrangement = Arrangement.spacedBy(10.dp)) {
        Text(label, Modifier.weight(1f), color = callsPalette.numbers.content.copy(alpha = 0.82f), style = style)
        Text(
            value, color = callsPalette.numbers.content, textAlign = TextAlign.End,
            style = style.copy(fontFeatureSettings = EVEN_DIGITS),
        )
    }
}

private fun ParticipantStats.lines(words: Strings): List<Pair<String, String>> = listOfNotNull(
    roundTrip?.let { words.roundTrip to words.milliseconds(it.toMillis()) },
    words.loss to "${words.oneDigit(lossPercent)} %",
    words.received to words.kilobits(bitrateReceived / 1_000),
    words.sent to words.kilobits(bitrateSent / 1_000),
    (words.picture to "$pictureWidth × $pictureHeight · ${picturesPerSecond.roundToInt()}").takeIf { pictureWidth > 0 },
    words.jitter to words.milliseconds(jitterBuffer.toMillis()),
    path?.let { words.path to it },
)

internal fun Strings.oneDigit(value: Float): String {
    val tenths = (value * 10).roundToInt()
    return "${tenths / 10}$decimalSeparator${tenths % 10}"
}
