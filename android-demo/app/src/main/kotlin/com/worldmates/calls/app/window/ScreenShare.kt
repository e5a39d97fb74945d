package com.worldmates.calls.app.window

import android.app.Activity
import android.content.Intent
import android.media.projection.MediaProjectionManager
import android.os.Build
import com.worldmates.calls.app.CallsApp
import com.worldmates.calls.app.service.ServiceType
import com.worldmates.calls.app.unlessClosed
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull

/** The order that Android 14 insists on: the person agrees, the service runs as a projection, only then pictures. */
internal class ScreenShare(private val activity: Activity, private val app: CallsApp) {
    private var call: Long? = null

    fun ask(call: Long) {
        this.call = call
        val intent = activity.getSystemService(MediaProjectionManager::class.java).createScreenCaptureIntent()
        @Suppress("DEPRECATION") // The newer form is androidx.
        activity.startActivityForResult(intent, CODE)
    }

    fun answered(code: Int, result: Int, data: Intent?) {
        val call = call
        if (code != CODE || call == null) {
            return
        }
        this.call = null
        if (result != Activity.RESULT_OK || data == null) {
            return
        }
        app.agreeToScreen(call, data)
        app.scope.launch {
            val isReady = Build.VERSION.SDK_INT < Build.VERSION_CODES.Q ||
                withTimeoutOrNull(PATIENCE) { app.service.types.first { ServiceType.MEDIA_PROJECTION in it } } != null
            if (!isReady || !begins(call)) app.withdrawScreen()
        }
    }

    /** Whether it is shown in time. If not, the consent must not lie about until something else wants it. */
    private suspend fun begins(call: Long): Boolean {
        unlessClosed { app.calls.call(call).shareScreen(true) }
        val isShown = { app.snapshot(call)?.isSharing == true }
        return withTimeoutOrNull(PATIENCE) { app.calls.snapshots.first { isShown() } } != null
    }

    private companion object {
        const val CODE = 4_311

        /** A service changes its types at once, or never; so does a picture of the screen. */
        val PATIENCE = 3.seconds
    }
}
