package com.worldmates.calls.desktop

import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.unit.DpSize
import androidx.compose.ui.unit.dp
import androidx.compose.ui.window.Window
import androidx.compose.ui.window.WindowPlacement
import androidx.compose.ui.window.WindowPosition
import androidx.compose.ui.window.application
import androidx.compose.ui.window.rememberWindowState
import com.worldmates.calls.CallsConfig
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.CameraKind
import com.worldmates.calls.MicrophoneKind
import com.worldmates.calls.Calls
import com.worldmates.calls.Proof
import com.worldmates.calls.ProofSource
import com.worldmates.calls.ui.CallsScreen
import com.worldmates.calls.ui.Preferences
import com.worldmates.calls.ui.ViewModelHolder
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.people.CallLog
import kotlin.system.exitProcess
import kotlinx.coroutines.flow.MutableStateFlow

/** The screens of calls in a window, with the real engine. */
public fun main(arguments: Array<String>) {
    val wanted = try {
        Wanted.of(arguments.toList())
    } catch (wrong: IllegalArgumentException) {
        System.err.println("${wrong.message}\n\n${Wanted.HELP}")
        exitProcess(2)
    }
    val calls = connect(wanted)
    application {
        val window = rememberWindowState(
            WindowPlacement.Floating,
            position = WindowPosition(wanted.left.dp, 0.dp),
            size = DpSize(WIDTH.dp, HEIGHT.dp),
        )
        Window(onCloseRequest = ::exitApplication, window, title = wanted.title, undecorated = wanted.script != null) {
            val scope = rememberCoroutineScope()
            val preferences = remember { Preferences(language = wanted.language) }
            val language = remember { MutableStateFlow(wanted.language) }
            val model = remember { CallsViewModel(calls, scope, language) }
            val holder = remember {
                val keep = { now: Preferences -> language.value = now.language }
                ViewModelHolder(model, scope, keepPreferences = keep, preferences = preferences)
            }
            // What is written down is forgotten with the window.
            val log = remember { CallLog(own = wanted.contacts) }
            LaunchedEffect(log) { calls.snapshots.collect(log::sees) }
            LaunchedEffect(log) { log.people.collect(holder::setPeople) }
            wanted.script?.let { script ->
                LaunchedEffect(model) {
                    val went = play(wanted, script, model, log.people, Camera(this@Window.window))
                    calls.shutdown()
                    // The process ends with what was seen, so that a script can tell.
                    exitProcess(if (went) 0 else 1)
                }
            }
            CompositionLocalProvider(LocalVideoSource provides videoOf(calls, model)) {
                CallsScreen(holder)
            }
        }
    }
    calls.close()
}

/** As a phone held upright. */
private const val WIDTH = 400
private const val HEIGHT = 800

private fun connect(wanted: Wanted): Calls {
    val config = CallsConfig(
        server = wanted.server,
        user = wanted.user,
        device = "desktop",
        platform = "desktop",
        watchNetwork = true,
        microphone = if (wanted.tone) MicrophoneKind.Tone(330.0 + 110 * wanted.user) else MicrophoneKind.SoundCard,
        camera = CameraKind.TestPattern(wanted.user),
    )
    val proofs = object : ProofSource {
        override suspend fun fetch(fresh: Boolean): Proof? = wanted.token?.let { Proof.Token(it) } ?: Proof.Open
    }
    return Calls.connect(config, proofs)
}
