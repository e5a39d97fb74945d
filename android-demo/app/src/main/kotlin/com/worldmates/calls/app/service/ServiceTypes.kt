// Which kinds of foreground service a call may have: one function of what is so, no Android call in it.
package com.worldmates.calls.app.service

import android.content.pm.ServiceInfo
import android.os.Build
import com.worldmates.calls.CallSnapshot
import com.worldmates.calls.CallState
import com.worldmates.calls.Picture
import com.worldmates.calls.showsScreen

/** A kind of foreground service. [flag] is Android's number for it. */
public enum class ServiceType(public val flag: Int) {
    /** A call goes on: keeps the app alive, gives no access to anything. */
    PHONE_CALL(ServiceInfo.FOREGROUND_SERVICE_TYPE_PHONE_CALL),

    /** The microphone works while the app is not seen. */
    MICROPHONE(ServiceInfo.FOREGROUND_SERVICE_TYPE_MICROPHONE),

    /** The camera does. */
    CAMERA(ServiceInfo.FOREGROUND_SERVICE_TYPE_CAMERA),

    /** The screen is shared. */
    MEDIA_PROJECTION(ServiceInfo.FOREGROUND_SERVICE_TYPE_MEDIA_PROJECTION),
}

/** A permission that decides about the service. */
public enum class ServiceGrant { MICROPHONE, CAMERA, OWN_CALLS }

/** What a call uses at this moment. */
public data class CallUse(val microphone: Boolean, val camera: Boolean, val screen: Boolean)

/** Everything that the decision depends on. */
public data class ServiceQuestion(
    /** The version of Android, `Build.VERSION.SDK_INT`. */
    val sdk: Int,
    /** What has been granted. */
    val granted: Set<ServiceGrant>,
    /** What the call uses; null without a call. */
    val use: CallUse?,
    /** Whether the person sees the app: only then may a service begin to listen or look. */
    val isInForeground: Boolean,
    /** Whether the person agreed to show the screen, in Android's own question. */
    val isScreenAgreed: Boolean,
    /**
     * What the service has already. Out of sight nothing of it is given up: that would be a start anew, which Android may
     * refuse there, and with it the microphone would be gone.
     */
    val held: Set<ServiceType> = emptySet(),
)

/** Why there may be no service. */
public enum class ServiceRefusal { NO_CALL, NOTHING_ALLOWED }

/** The decision. */
public sealed interface ServiceAnswer {
    /** Start it, or start it anew, with [types]; [without] is what the call wants and may not have now. */
    public data class Start(val types: Set<ServiceType>, val without: Set<ServiceType>) : ServiceAnswer {
        /** For `startForeground`. */
        val flags: Int
            get() = types.fold(0) { all, type -> all or type.flag }
    }

    /** Android would throw, or there is nothing to keep alive. */
    public data class Refused(val why: ServiceRefusal) : ServiceAnswer
}

/** Decides with which types the service of a call runs. */
public fun serviceTypes(question: ServiceQuestion): ServiceAnswer {
    val use = question.use ?: return ServiceAnswer.Refused(ServiceRefusal.NO_CALL)
    if (question.sdk < Build.VERSION_CODES.Q) {
        // There are no types yet: a service may do what the app may.
        return ServiceAnswer.Start(types = emptySet(), without = emptySet())
    }
    val types = question.known().filter { (it.isUsed(use) || question.keeps(it)) && question.allows(it) }
    val without = question.known().filter { it.isUsed(use) && it !in types }
    // From Android 14 on a service without a type throws; before, one without access to anything still keeps the app alive.
    return when {
        types.isEmpty() -> ServiceAnswer.Refused(ServiceRefusal.NOTHING_ALLOWED)
        else -> ServiceAnswer.Start(types.toSet(), without.toSet())
    }
}

/**
 * What to ask Android for, one after the other until it agrees: what is wanted, what it gave before, the call alone. With
 * less the app stays alive at least; giving up the microphone for a camera that was refused would be worse than no camera.
 */
internal fun triesFor(wanted: Set<ServiceType>, held: Set<ServiceType>): List<Set<ServiceType>> =
    listOf(wanted, held, wanted intersect setOf(ServiceType.PHONE_CALL)).filter { it == wanted || it.isNotEmpty() }.distinct()

/** What a call uses; nothing while it only rings here, as the person has not agreed to anything. */
public fun CallSnapshot.use(): CallUse? = when (state) {
    is CallState.Ended -> null
    CallState.RingingHere -> CallUse(microphone = false, camera = false, screen = false)
    CallState.Dialing, is CallState.RingingThere, CallState.Answering, CallState.AtTheDoor, is CallState.Talking ->
        CallUse(microphone = true, camera = picture == Picture.CAMERA, screen = showsScreen)
}

/** Android 10 knows nothing of microphone and camera as types, and would throw. */
private fun ServiceQuestion.known(): List<ServiceType> = when {
    sdk >= Build.VERSION_CODES.R -> ServiceType.entries
    else -> listOf(ServiceType.PHONE_CALL, ServiceType.MEDIA_PROJECTION)
}

private fun ServiceType.isUsed(use: CallUse): Boolean = when (this) {
    ServiceType.PHONE_CALL -> true
    ServiceType.MICROPHONE -> use.microphone
    ServiceType.CAMERA -> use.camera
    ServiceType.MEDIA_PROJECTION -> use.screen
}

private fun ServiceQuestion.keeps(type: ServiceType): Boolean = !isInForeground && type in held

private fun ServiceQuestion.allows(type: ServiceType): Boolean = when (type) {
    ServiceType.PHONE_CALL -> sdk < Build.VERSION_CODES.UPSIDE_DOWN_CAKE || ServiceGrant.OWN_CALLS in granted
    ServiceType.MICROPHONE -> ServiceGrant.MICROPHONE in granted && (isInForeground || keeps(type))
    ServiceType.CAMERA -> ServiceGrant.CAMERA in granted && (isInForeground || keeps(type))
    ServiceType.MEDIA_PROJECTION -> isScreenAgreed || keeps(type)
}
