// The one file of the app that needs androidx: it puts the screens on the phone and hands its life to CallsWindow.
package com.worldmates.calls.app.ui.calls

import android.content.Intent
import android.content.res.Configuration
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.BackHandler
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import com.worldmates.calls.CallType
import com.worldmates.calls.CallsUiState
import com.worldmates.calls.Picture
import com.worldmates.calls.app.CallsApp
import com.worldmates.calls.app.Words
import com.worldmates.calls.app.callsOwner
import com.worldmates.calls.app.foldOf
import com.worldmates.calls.app.phoneVideo
import com.worldmates.calls.app.window.CallsWindow
import com.worldmates.calls.app.window.PermissionQuestion
import com.worldmates.calls.showsScreen
import com.worldmates.calls.ui.CallsHolder
import com.worldmates.calls.ui.CallsScreen
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.MessageTransport
import com.worldmates.calls.ui.Problem
import com.worldmates.calls.ui.layout.LocalFold
import com.worldmates.calls.ui.parts.BackSource
import com.worldmates.calls.ui.parts.LocalAvatarSource
import com.worldmates.calls.ui.parts.LocalBackSource
import com.worldmates.calls.ui.parts.LocalIsSmall
import com.worldmates.calls.ui.parts.LocalVideoSource
import com.worldmates.calls.ui.parts.Photographs
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/** What the app's `Application` is beside `CallsOwner`: it keeps what the screens live on for longer than an activity. */
public interface ScreensOwner {
    /** The screens' state; null while nobody is signed in. */
    public val holder: CallsHolder?

    /** Photographs of people; null while nobody is signed in. */
    public val photographs: Photographs?

    /** Carries what is written in the conversation with somebody; null: nothing can be written, and it holds the calls. */
    public fun transport(with: Contact): MessageTransport? = null

    /** Opens the app's own conversation with somebody; null: the one of these screens. */
    public val openMessages: ((Contact) -> Unit)?
        get() = null
}

/** The screens of calls. */
public class CallsActivity : ComponentActivity() {
    private val scope = MainScope()
    private var shown: CallsApp? = null
    private var window: CallsWindow? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        show(callsOwner.app, isNew = savedInstanceState == null)
        // Somebody else signs in, or nobody is any more, while this stands here.
        scope.launch { callsOwner.apps.collect { if (it !== shown) show(it, isNew = false) } }
    }

    private fun show(app: CallsApp?, isNew: Boolean) {
        window?.destroyed()
        window = null
        shown = app
        val screens = applicationContext as? ScreensOwner
        val holder = screens?.holder
        if (app == null || holder == null) {
            // Nobody is signed in: there is nothing to show, and the app's own first screen signs people in.
            finish()
            return
        }
        val window = CallsWindow(this, app)
        this.window = window
        window.created(isNew)
        setContent {
            val isSmall by window.isSmall.collectAsState()
            val trouble by window.trouble.collectAsState()
            LaunchedEffect(trouble) {
                trouble?.let { holder.tell(Problem.NotDone(it)) }
                window.troubleSeen()
            }
            val back: BackSource = { enabled, onBack -> BackHandler(enabled, onBack) }
            val video = remember(app) { phoneVideo(app.calls, holder.state) }
            CompositionLocalProvider(
                LocalIsSmall provides isSmall,
                LocalBackSource provides back,
                LocalVideoSource provides video,
                LocalAvatarSource provides screens.photographs?.source,
                LocalFold provides foldOf(this),
            ) {
                CallsScreen(
                    remember(window) { PermittedActions(holder, window, app) }, transport = screens::transport, onMessages = screens.openMessages,
                )
            }
            val question by window.question.collectAsState()
            question?.let { Question(it, app.words, window::questionAnswered) }
        }
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        window?.newIntent(intent)
    }

    override fun onStart() {
        super.onStart()
        window?.seen()
        val holder = (applicationContext as? ScreensOwner)?.holder
        holder?.setWatched(true)
        holder?.cameBack()
    }

    override fun onStop() {
        super.onStop()
        // The call goes on; what nobody sees need not be fetched.
        (applicationContext as? ScreensOwner)?.holder?.setWatched(false)
    }

    override fun onUserLeaveHint() {
        super.onUserLeaveHint()
        window?.userLeaves()
    }

    override fun onPictureInPictureModeChanged(isInPictureInPictureMode: Boolean, newConfig: Configuration) {
        super.onPictureInPictureModeChanged(isInPictureInPictureMode, newConfig)
        window?.smallChanged(isInPictureInPictureMode)
    }

    @Deprecated("androidx has a newer form; this one is Android's own and needs nothing registered before")
    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<String>, grantResults: IntArray) {
        @Suppress("DEPRECATION")
        super.onRequestPermissionsResult(requestCode, permissions, grantResults)
        window?.permissionsAnswered(requestCode)
    }

    @Deprecated("androidx has a newer form; this one is Android's own and needs nothing registered before")
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        @Suppress("DEPRECATION")
        super.onActivityResult(requestCode, resultCode, data)
        window?.activityAnswered(requestCode, resultCode, data)
    }

    override fun onDestroy() {
        super.onDestroy()
        scope.cancel()
        window?.destroyed()
    }
}

/** What needs a permission goes by way of the window, which asks for it; everything else straight on. */
private class PermittedActions(
    private val holder: CallsHolder,
    private val window: CallsWindow,
    private val app: CallsApp,
) : CallsHolder by holder {
    override fun dial(user: Long, type: CallType) = window.dial(user, type)

    override fun dialGroup(group: Long, type: CallType) = window.dialGroup(group, type)

    override fun accept(type: CallType) {
        val incoming = holder.state.value as? CallsUiState.Incoming ?: return
        window.answer(incoming.call.id, type)
    }

    override fun callAgain() {
        (holder.state.value as? CallsUiState.Ended)?.let { window.callAgain(it.call) }
    }

    override fun toggleCamera() {
        val call = shown()
        if (call != null && call.picture != Picture.CAMERA) window.cameraOn(call.id) else holder.toggleCamera()
    }

    override fun toggleScreen() {
        val call = shown()
        if (call != null && !call.showsScreen) window.screenOn(call.id) else holder.toggleScreen()
    }

    override fun check() = window.beReachable { holder.check() }

    override fun routesOpened() = window.routesOpened()

    override fun chooseRoute(route: com.worldmates.calls.AudioRoute) = app.sound.choose(route)

    private fun shown() = when (val state = holder.state.value) {
        is CallsUiState.Active -> state.call
        is CallsUiState.Outgoing -> state.call
        is CallsUiState.AtTheDoor -> state.call
        is CallsUiState.Idle, is CallsUiState.Incoming, is CallsUiState.Ended -> null
    }
}

@Composable
private fun Question(question: PermissionQuestion, words: Words, onAnswer: (Boolean) -> Unit) {
    AlertDialog(
        onDismissRequest = { onAnswer(false) },
        confirmButton = {
            TextButton(onClick = { onAnswer(true) }) { Text(if (question.isInSettings) words.settings else words.goOn) }
        },
        dismissButton = { TextButton(onClick = { onAnswer(false) }) { Text(words.notNow) } },
        text = { Text(question.text.joinToString("\n\n")) },
    )
}
