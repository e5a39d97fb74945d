package com.worldmates.calls.ui.text

import com.worldmates.calls.Language
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.util.Locale

/** How long a call goes on: 0:07, 12:40, 1:02:33. */
internal fun clock(duration: Duration): String {
    val seconds = duration.seconds.coerceAtLeast(0)
    val (hours, minutes) = seconds / 3600 to seconds / 60 % 60
    val tail = (seconds % 60).toString().padStart(2, '0')
    return if (hours > 0) "$hours:${minutes.toString().padStart(2, '0')}:$tail" else "$minutes:$tail"
}

/** How long a call was, for a list: "45 s", "12 min", "1 h 5 min". */
internal fun Strings.lasted(duration: Duration): String {
    val minutes = duration.toMinutes()
    return when {
        duration.seconds < 60 -> seconds(duration.seconds)
        minutes < 60 -> minutes(minutes)
        minutes % 60 == 0L -> hours(minutes / 60)
        else -> "${hours(minutes / 60)} ${minutes(minutes % 60)}"
    }
}

internal fun timeOfDay(at: Instant, zone: ZoneId): String = hoursAndMinutes.format(at.atZone(zone))

/** "14:05" for today, "Yesterday", else the day: what a list of calls says about when. */
internal fun Strings.dayOrTime(at: Instant, now: Instant, zone: ZoneId): String {
    val day = at.atZone(zone).toLocalDate()
    val today = now.atZone(zone).toLocalDate()
    return if (day == today) timeOfDay(at, zone) else day(day, today)
}

/** "Today", "Yesterday", else the day: what stands above what was said on it. */
internal fun Strings.day(day: LocalDate, today: LocalDate): String = when (day) {
    today -> this.today
    today.minusDays(1) -> yesterday
    else -> dayAndMonth.withLocale(locale).format(day)
}

private val Strings.locale: Locale
    get() = when (language) {
        Language.UK -> Locale.forLanguageTag("uk")
        Language.RU -> Locale.forLanguageTag("ru")
        Language.EN -> Locale.ENGLISH
    }

private val hoursAndMinutes = DateTimeFormatter.ofPattern("HH:mm")
private val dayAndMonth = DateTimeFormatter.ofPattern("d MMM")
