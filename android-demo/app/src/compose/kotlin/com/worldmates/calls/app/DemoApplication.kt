package com.worldmates.calls.app

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsConfig
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.CameraKind
import com.worldmates.calls.MicrophoneKind
import com.worldmates.calls.Proof
import com.worldmates.calls.ProofSource
import com.worldmates.calls.app.notify.reachFacts
import com.worldmates.calls.app.notify.reachLines
import com.worldmates.calls.app.pictures.PhonePlatform
import com.worldmates.calls.app.ui.calls.CallsActivity
import com.worldmates.calls.app.ui.calls.ScreensOwner
import com.worldmates.calls.ui.CallsHolder
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.People
import com.worldmates.calls.ui.Preferences
import com.worldmates.calls.ui.Problem
import com.worldmates.calls.ui.ViewModelHolder
import kotlin.random.Random
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch

/**
 * The demo: an app that is nothing but calls. A messenger does the same in an `Application` of its own, with its own token
 * in [ProofSource.fetch] and its own server.
 */
public class DemoApplication : CallsApplication(), ScreensOwner {
    private var platform: PhonePlatform? = null
    private var screens: ViewModelHolder? = null
    private val kept by lazy { KeptPreferences(getSharedPreferences("calls.preferences", MODE_PRIVATE)) }

    override val screen: Class<out Activity> = CallsActivity::class.java

    override val holder: CallsHolder?
        get() = screens

    /** Nobody has to sign in to the demo: it takes a number, and keeps it. */
    override fun onCreate() {
        super.onCreate()
        if (me == null) signIn(Random.nextLong(100, 1_000))
    }

    override fun openMessages(with: Contact) {
        // The demo has no conversations: whoever writes does so in another app.
        val write = Intent(Intent.ACTION_SENDTO, Uri.parse("smsto:")).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        try {
            startActivity(write)
        } catch (nobody: ActivityNotFoundException) {
            // Asking beforehand would say no for every app that the manifest does not name.
            screens?.tell(Problem.NotDone(null))
        }
    }

    override fun open(me: Long, pushToken: String?): Calls {
        val phone = PhonePlatform(this).also { platform = it }
        val config = CallsConfig(
            server = SERVER,
            user = me,
            device = "phone-$me",
            pushToken = pushToken,
            microphone = MicrophoneKind.SoundCard,
            camera = CameraKind.Phone,
        )
        val open = object : ProofSource {
            override suspend fun fetch(fresh: Boolean): Proof = Proof.Open
        }
        return Calls.connect(config, open, phone)
    }

    override fun opened(app: CallsApp) {
        platform?.attach(app.calls, { app.frames.value }, { app.screenConsent.value })
        val preferences = kept.read(Preferences(language = languageOf(resources.configuration.locales[0])))
        val language = MutableStateFlow(preferences.language)
        val model = CallsViewModel(app.calls, app.scope, language)
        val holder = ViewModelHolder(
            model, app.scope, onRoute = app.sound::choose, preferences = preferences,
            ownLines = { reachLines(reachFacts(this), wordsOf(language.value).reach).map { it.line } },
            keepPreferences = {
                language.value = it.language
                kept.write(it)
            },
        )
        platform?.let { phone ->
            app.scope.launch { phone.isFrontCamera.collect { front -> holder.setSurroundings { it.copy(isFrontCamera = front) } } }
        }
        app.scope.launch { app.routesFailed.collect { holder.tell(Problem.NoRoute(it)) } }
        app.scope.launch { app.sound.routes.collect { routes -> holder.setSurroundings { it.copy(routes = routes) } } }
        // The demo's own number, for whoever wants to call it: it stands first among the people.
        me?.let { holder.setPeople(People(listOf(Contact(it, it.toString())))) }
        screens = holder
    }

    override fun closed() {
        screens = null
        platform?.close()
        platform = null
    }

    private companion object {
        /** The machine that runs the emulator, where `cargo xtask demo` has a server. */
        const val SERVER = "http://10.0.2.2:3000"
    }
}
