package com.worldmates.calls.app

import android.app.Activity
import com.worldmates.calls.Calls
import com.worldmates.calls.CallsConfig
import com.worldmates.calls.CallsViewModel
import com.worldmates.calls.CameraKind
import com.worldmates.calls.MicrophoneKind
import com.worldmates.calls.Proof
import com.worldmates.calls.ProofSource
import com.worldmates.calls.app.notify.ReachLine
import com.worldmates.calls.app.notify.openSetting
import com.worldmates.calls.app.notify.reachFacts
import com.worldmates.calls.app.notify.reachLines
import com.worldmates.calls.app.pictures.PhonePlatform
import com.worldmates.calls.app.ui.calls.CallsActivity
import com.worldmates.calls.app.ui.calls.ScreensOwner
import com.worldmates.calls.ui.CallsHolder
import com.worldmates.calls.ui.Contact
import com.worldmates.calls.ui.OwnLine
import com.worldmates.calls.ui.Preferences
import com.worldmates.calls.ui.Problem
import com.worldmates.calls.ui.ViewModelHolder
import com.worldmates.calls.ui.parts.Photographs
import com.worldmates.calls.ui.people.CallLog
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
    private var shownPhotographs: Photographs? = null
    private val kept by lazy { KeptPreferences(getSharedPreferences("calls.preferences", MODE_PRIVATE)) }

    override val screen: Class<out Activity> = CallsActivity::class.java

    override val holder: CallsHolder?
        get() = screens

    override val photographs: Photographs?
        get() = shownPhotographs

    /** Nobody has to sign in to the demo: it takes a number, and keeps it. */
    override fun onCreate() {
        super.onCreate()
        if (me == null) signIn(Random.nextLong(100, 1_000))
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
            ownLines = { reachLines(reachFacts(this), wordsOf(language.value).reach).map(::ownLine) },
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
        val log = callLog(listOfNotNull(me?.let { Contact(it, it.toString()) }))
        app.scope.launch { app.calls.snapshots.collect(log::sees) }
        app.scope.launch { log.people.collect(holder::setPeople) }
        shownPhotographs = phonePhotographs(app.scope)
        screens = holder
    }

    /** Each user of this phone has their own. */
    private fun callLog(own: List<Contact>): CallLog {
        val store = getSharedPreferences("calls.people.$me", MODE_PRIVATE)
        return CallLog(own, store.getString(PEOPLE, null), keep = { store.edit().putString(PEOPLE, it).apply() })
    }

    private fun ownLine(found: ReachLine): OwnLine = OwnLine(
        found.line, found.setting?.let { setting -> { if (!openSetting(this, setting)) screens?.tell(Problem.NotDone(null)) } },
    )

    override fun closed() {
        screens = null
        shownPhotographs = null
        platform?.close()
        platform = null
    }

    private companion object {
        /** The machine that runs the emulator, where `cargo xtask demo` has a server. */
        const val SERVER = "http://10.0.2.2:3000"
        const val PEOPLE = "people"
    }
}
