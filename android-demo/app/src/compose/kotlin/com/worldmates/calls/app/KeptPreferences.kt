package com.worldmates.calls.app

import android.content.SharedPreferences
import com.worldmates.calls.ui.Preferences

/** What the person set, kept on the phone. Names and not numbers: a later version may put another one in between. */
internal class KeptPreferences(private val store: SharedPreferences) {
    /** What was kept; what was not, or is not known any more, is as in [otherwise]. */
    fun read(otherwise: Preferences): Preferences = Preferences(
        frame = named("frame", otherwise.frame),
        language = named("language", otherwise.language),
        appearance = named("appearance", otherwise.appearance),
        isStatsShown = store.getBoolean("stats", otherwise.isStatsShown),
    )

    /** Keeps [preferences]. */
    fun write(preferences: Preferences): Unit = store.edit()
        .putString("frame", preferences.frame.name)
        .putString("language", preferences.language.name)
        .putString("appearance", preferences.appearance.name)
        .putBoolean("stats", preferences.isStatsShown)
        .apply()

    private inline fun <reified T : Enum<T>> named(key: String, otherwise: T): T =
        enumValues<T>().firstOrNull { it.name == store.getString(key, null) } ?: otherwise
}
