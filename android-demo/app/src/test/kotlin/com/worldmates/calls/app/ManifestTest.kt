package com.worldmates.calls.app

import com.worldmates.calls.app.permissions.CallPermission
import com.worldmates.calls.app.service.ServiceType
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.w3c.dom.Element

class ManifestTest {
    private val root = DocumentBuilderFactory.newInstance().newDocumentBuilder()
        .parse(File("src/main/AndroidManifest.xml")).documentElement
    private val permissions = all("uses-permission").map { it.android("name").removePrefix("android.permission.") }

    @Test
    fun `what the source documents declare is declared, the activity as they have it`() {
        assertTrue(permissions.containsAll(listOf("RECORD_AUDIO", "CAMERA", "INTERNET", "POST_NOTIFICATIONS")))
        val activity = all("activity").single()
        assertEquals(".ui.calls.CallsActivity", activity.android("name"))
        assertEquals("false", activity.android("exported"))
        assertTrue(activity.android("configChanges").split("|").containsAll(listOf("orientation", "keyboardHidden")))
        assertEquals("true", activity.android("supportsPictureInPicture"))
    }

    @Test
    fun `every permission that the app asks for is declared`() {
        for (permission in CallPermission.entries) {
            assertTrue("$permission", permission.manifestName.removePrefix("android.permission.") in permissions)
        }
    }

    @Test
    fun `every type of the service is declared, with the permission that Android 14 wants for it`() {
        val service = all("service").single { it.android("name") == ".service.CallService" }
        val names = mapOf(
            ServiceType.PHONE_CALL to "phoneCall",
            ServiceType.MICROPHONE to "microphone",
            ServiceType.CAMERA to "camera",
            ServiceType.MEDIA_PROJECTION to "mediaProjection",
        )

        assertEquals(ServiceType.entries.map { names[it] }, service.android("foregroundServiceType").split("|"))
        for (type in ServiceType.entries) {
            assertTrue("$type", "FOREGROUND_SERVICE_${type.name}" in permissions)
        }
        // Without it the type phoneCall is refused.
        assertTrue("MANAGE_OWN_CALLS" in permissions)
    }

    @Test
    fun `every component is a file of this module, and only Telecom and the launcher come in from outside`() {
        val components = all("activity") + all("service") + all("receiver")
        for (component in components) {
            val path = "com/worldmates/calls/app" + component.android("name").replace('.', '/') + ".kt"
            assertTrue(path, listOf("main", "compose", "fcm").any { File("src/$it/kotlin/$path").exists() })
        }

        val open = components.filter { it.android("exported") == "true" }
        assertEquals(listOf(".telecom.CallConnectionService"), open.map { it.android("name") })
        assertEquals("android.permission.BIND_TELECOM_CONNECTION_SERVICE", open.single().android("permission"))
    }

    @Test
    fun `nothing is declared twice`() {
        assertEquals(permissions.distinct(), permissions)
    }

    private fun all(tag: String): List<Element> =
        root.getElementsByTagName(tag).let { nodes -> (0 until nodes.length).map { nodes.item(it) as Element } }

    private fun Element.android(name: String): String = getAttribute("android:$name")
}
