package com.worldmates.calls.desktop

import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.MediaPath
import com.worldmates.calls.ServerLink
import com.worldmates.calls.ui.People
import java.awt.Rectangle
import java.awt.Robot
import java.awt.Window
import java.io.File
import javax.imageio.ImageIO
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout

/** Nothing takes so long; it is how something missing is noticed. */
private val PATIENCE = 60.seconds

/** Takes pictures of the window as the screen shows it. */
internal class Camera(private val window: Window) {
    private val robot = Robot(window.graphicsConfiguration.device)

    /** Of the window alone. */
    suspend fun take(into: File): Unit = take(Rectangle(window.locationOnScreen, window.size), into)

    /** Of everything that is on the screen. */
    suspend fun takeAll(into: File): Unit = take(window.graphicsConfiguration.bounds, into)

    private suspend fun take(what: Rectangle, into: File): Unit = withContext(Dispatchers.IO) {
        into.parentFile.mkdirs()
        ImageIO.write(robot.createScreenCapture(what), into.extension, into)
    }
}

/** Plays a call with pictures. True if everything that has to happen happened. */
internal suspend fun play(
    wanted: Wanted, script: Wanted.Script, model: CallsViewModel, people: StateFlow<People>, camera: Camera,
): Boolean {
    var number = 0
    suspend fun picture(name: String) {
        // What changed is drawn by then, and what moves in has come to rest.
        delay(1_200.milliseconds)
        number += 1
        camera.take(File(script.pictures, "${wanted.user}-$number-$name.png"))
    }
    return try {
        withTimeout(PATIENCE) {
            model.state.first { it == CallsUiState.Idle(ServerLink.UP) }
            if (script.calls != null) {
                picture("idle")
                model.dial(script.calls, CallType.VIDEO)
                model.state.first { it is CallsUiState.Outgoing }
                picture("outgoing")
            } else {
                model.state.first { it is CallsUiState.Incoming }
                picture("incoming")
                delay(1.seconds)
                model.accept(CallType.VIDEO)
            }
            model.state.first { state ->
                state is CallsUiState.Active && state.call.participants.any { it.path == MediaPath.UP && it.video }
            }
            delay(2.seconds)
            picture("talking")
            if (script.calls != null) camera.takeAll(File(script.pictures, "both.jpg"))
            model.setStatsShown(true)
            model.state.first { state -> (state as? CallsUiState.Active)?.stats?.participants?.any { it.pictureWidth > 0 } == true }
            picture("figures")
            if (script.calls != null) {
                delay(2.seconds)
                model.hangUp()
            }
            model.state.first { it is CallsUiState.Idle || it is CallsUiState.Ended }
            // By the name that this window has for them, since the server has none.
            val other = wanted.contacts.single()
            people.first { now -> now.history.singleOrNull()?.let { it.lasted != null && it.with.name == other.name } == true }
            picture("over")
            true
        }
    } catch (late: TimeoutCancellationException) {
        System.err.println("${wanted.user}: stuck at ${model.state.value}: ${late.message}")
        false
    }
}
