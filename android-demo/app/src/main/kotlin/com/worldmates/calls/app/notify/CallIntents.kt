// The intents between notifications, activity and receiver. All name their target: nobody else can take or send them.
package com.worldmates.calls.app.notify

import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.net.Uri
import com.worldmates.calls.CallType
import com.worldmates.calls.app.callsOwner
import kotlin.random.Random

/** What an intent about a call asks for. */
public enum class CallAction(internal val action: String) {
    SHOW("com.worldmates.calls.SHOW"),
    ANSWER("com.worldmates.calls.ANSWER"),
    DECLINE("com.worldmates.calls.DECLINE"),
    HANG_UP("com.worldmates.calls.HANG_UP"),
    TOGGLE_MUTE("com.worldmates.calls.TOGGLE_MUTE"),
    DIAL("com.worldmates.calls.DIAL"),
}

/** What an intent says, once it is read. */
public sealed interface CallRequest {
    /** About a call that exists. */
    public data class About(val action: CallAction, val call: Long) : CallRequest

    /** A new call: the button in a chat. */
    public data class Dial(val user: Long, val type: CallType) : CallRequest
}

/** Makes the intents for one app. */
public class CallIntents(private val context: Context) {
    /** Opens the screen of calls. */
    public fun show(call: Long): PendingIntent = activity(CallAction.SHOW, call)

    /** Opens the screen and answers: from Android 12 on a notification may not do it without the screen. */
    public fun answer(call: Long): PendingIntent = activity(CallAction.ANSWER, call)

    /** Declines without a screen. */
    public fun decline(call: Long): PendingIntent = broadcast(CallAction.DECLINE, call)

    /** Hangs up without a screen. */
    public fun hangUp(call: Long): PendingIntent = broadcast(CallAction.HANG_UP, call)

    /** The microphone on or off, without a screen. */
    public fun toggleMute(call: Long): PendingIntent = broadcast(CallAction.TOGGLE_MUTE, call)

    /** The intent that starts a call by itself, for the buttons in a chat. */
    public fun dial(user: Long, type: CallType): Intent = Intent(context, context.callsOwner.screen)
        .setAction(CallAction.DIAL.action)
        .putExtra(USER, user)
        .putExtra(TYPE, type.name)

    /** Opens the screen and calls [user]. */
    public fun callBack(user: Long, type: CallType): PendingIntent =
        PendingIntent.getActivity(context, user.hashCode(), dial(user, type).addFlags(OPENS), FLAGS)

    private fun activity(action: CallAction, call: Long): PendingIntent =
        PendingIntent.getActivity(context, code(action, call), intent(context.callsOwner.screen, action, call).addFlags(OPENS), FLAGS)

    private fun broadcast(action: CallAction, call: Long): PendingIntent =
        PendingIntent.getBroadcast(context, code(action, call), intent(CallActionReceiver::class.java, action, call), FLAGS)

    private fun intent(target: Class<*>, action: CallAction, call: Long): Intent = Intent(context, target)
        .setAction(action.action)
        .setData(Uri.fromParts(SCHEME, "$PROCESS/$call", null))

    /** Two intents that differ only in extras are one to Android. */
    private fun code(action: CallAction, call: Long): Int = (call * CallAction.entries.size + action.ordinal).toInt()

    internal companion object {
        private const val FLAGS = PendingIntent.FLAG_IMMUTABLE or PendingIntent.FLAG_UPDATE_CURRENT
        private const val OPENS = Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_SINGLE_TOP
        private const val SCHEME = "call"
        private const val USER = "user"
        private const val TYPE = "type"

        /**
         * Ids of calls count up from 1 in each process: what a process that died left in the notifications must not hang up
         * the first call of this one. In the address and not in an extra, as Android gives new extras to old intents.
         */
        private val PROCESS = Random.nextLong().toULong().toString(radix = 36)

        /** Reads an intent; null if it is about no call, or cannot be read. */
        internal fun read(intent: Intent): CallRequest? {
            val action = CallAction.entries.firstOrNull { it.action == intent.action } ?: return null
            return when (action) {
                CallAction.DIAL -> {
                    val type = CallType.entries.firstOrNull { it.name == intent.getStringExtra(TYPE) }
                    val user = intent.getLongExtra(USER, 0)
                    if (type == null || user <= 0) null else CallRequest.Dial(user, type)
                }
                CallAction.SHOW, CallAction.ANSWER, CallAction.DECLINE, CallAction.HANG_UP, CallAction.TOGGLE_MUTE ->
                    callOf(intent.data)?.let { CallRequest.About(action, it) }
            }
        }

        private fun callOf(address: Uri?): Long? {
            val parts = address?.takeIf { it.scheme == SCHEME }?.schemeSpecificPart?.split('/')
            return parts?.takeIf { it.size == 2 && it.first() == PROCESS }?.last()?.toLongOrNull()
        }
    }
}
