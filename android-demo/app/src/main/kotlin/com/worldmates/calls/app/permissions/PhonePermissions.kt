// What Android knows of permissions, as the facts of the flow.
package com.worldmates.calls.app.permissions

import android.app.Activity
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build

/** What has been granted, or needs no grant on this version of Android. */
public fun Context.grantedPermissions(): Set<CallPermission> = CallPermission.entries.filter {
    !it.isAskedOn(Build.VERSION.SDK_INT) || checkSelfPermission(it.manifestName) == PackageManager.PERMISSION_GRANTED
}.toSet()

/** Remembers what was asked for, which Android does not. */
public class AskedBefore(context: Context) {
    private val store = context.getSharedPreferences("calls.permissions", Context.MODE_PRIVATE)

    /** What was asked for at some time. */
    public fun all(): Set<CallPermission> = CallPermission.entries.filter { store.getBoolean(it.name, false) }.toSet()

    /** Writes down that [permissions] are asked for now. */
    public fun add(permissions: Set<CallPermission>) {
        val edit = store.edit()
        permissions.forEach { edit.putBoolean(it.name, true) }
        edit.apply()
    }
}

/** The facts as they are for [activity]. */
internal fun permissionFacts(activity: Activity, asked: AskedBefore, turn: Turn) = PermissionFacts(
    sdk = Build.VERSION.SDK_INT,
    granted = activity.grantedPermissions(),
    explain = CallPermission.entries.filter { activity.shouldShowRequestPermissionRationale(it.manifestName) }.toSet(),
    asked = asked.all(),
    turn = turn,
)
