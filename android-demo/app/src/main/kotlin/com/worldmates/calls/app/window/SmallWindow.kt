// Android's picture-in-picture: a call with pictures goes on in a corner while the person does something else.
package com.worldmates.calls.app.window

import android.app.Activity
import android.app.PictureInPictureParams
import android.app.RemoteAction
import android.content.pm.PackageManager
import android.graphics.drawable.Icon
import android.os.Build
import android.util.Rational
import com.worldmates.calls.CallState
import com.worldmates.calls.CallsSnapshot
import com.worldmates.calls.Picture
import com.worldmates.calls.app.Words
import com.worldmates.calls.app.notify.CallIntents

/** What the small window shows. */
public data class SmallWindow(val call: Long, val isMuted: Boolean)

/** The call that goes on in a small window; null if none has pictures to show. */
public fun smallWindowOf(calls: CallsSnapshot): SmallWindow? = calls.calls
    .firstOrNull { call ->
        val hasPictures = call.picture == Picture.CAMERA || call.participants.any { it.video || it.screen }
        call.state is CallState.Talking && !call.isHeld && hasPictures
    }
    ?.let { SmallWindow(it.id, it.isMuted) }

/** Enters and keeps the small window of [activity]. */
internal class SmallWindowKeeper(private val activity: Activity, private val words: () -> Words) {
    private val intents = CallIntents(activity)
    private val isThere = activity.packageManager.hasSystemFeature(PackageManager.FEATURE_PICTURE_IN_PICTURE)

    /** Tells Android what would be shown. From Android 12 on it then enters by itself, with its own movement. */
    fun keeps(window: SmallWindow?) {
        if (isThere) {
            activity.setPictureInPictureParams(params(window))
        }
    }

    /** The person leaves the app. */
    fun leaves(window: SmallWindow?) {
        if (isThere && window != null && !activity.isInPictureInPictureMode) {
            activity.enterPictureInPictureMode(params(window))
        }
    }

    private fun params(window: SmallWindow?): PictureInPictureParams {
        val builder = PictureInPictureParams.Builder().setAspectRatio(UPRIGHT)
        if (window != null) {
            builder.setActions(listOf(mute(window), hangUp(window)))
        }
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
            builder.setAutoEnterEnabled(window != null)
        }
        return builder.build()
    }

    private fun mute(window: SmallWindow): RemoteAction {
        val title = if (window.isMuted) words().unmute else words().mute
        val icon = if (window.isMuted) android.R.drawable.ic_lock_silent_mode else android.R.drawable.ic_btn_speak_now
        return RemoteAction(icon(icon), title, title, intents.toggleMute(window.call))
    }

    private fun hangUp(window: SmallWindow): RemoteAction {
        val title = words().hangUp
        return RemoteAction(icon(android.R.drawable.ic_menu_close_clear_cancel), title, title, intents.hangUp(window.call))
    }

    private fun icon(resource: Int): Icon = Icon.createWithResource(activity, resource)

    private companion object {
        /** As most phones hold their camera. */
        val UPRIGHT = Rational(9, 16)
    }
}
