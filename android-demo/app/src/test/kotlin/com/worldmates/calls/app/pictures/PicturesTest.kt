package com.worldmates.calls.app.pictures

import android.Manifest
import android.app.Application
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.util.Size
import com.worldmates.calls.Lens
import com.worldmates.calls.Ringing
import com.worldmates.calls.app.ScriptedCalls
import com.worldmates.calls.app.device.FrameLimit
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowCameraCharacteristics

/** What is taken of a camera, and what a phone without one says. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = Application::class)
class PicturesTest {
    private val offered = listOf(Size(1920, 1080), Size(1280, 960), Size(1280, 720), Size(640, 480), Size(640, 360), Size(176, 144))

    @Test
    fun `the largest size within the limit is taken, of the shape of a screen if there is one`() {
        fun at(height: Int, of: List<Size> = offered) = chooseSize(of, FrameLimit(height, 30))

        assertEquals(Size(1280, 720), at(720))
        assertEquals(Size(1280, 720), at(960))
        assertEquals(Size(640, 360), at(540))
        assertEquals(Size(176, 144), at(200))
        assertEquals(Size(640, 480), at(480, listOf(Size(640, 480), Size(1280, 960))))
        assertEquals(Size(1280, 720), at(180, listOf(Size(1920, 1080), Size(1280, 720))))
        assertNull(at(720, emptyList()))
    }

    @Test
    fun `a picture is turned as the sensor and the screen are`() {
        // A phone held upright: the sensors are usually built in at 90 and at 270.
        assertEquals(90, turned(sensor = 90, display = 0, isFront = false))
        assertEquals(270, turned(sensor = 270, display = 0, isFront = true))
        // Held on its side, both stand upright by themselves.
        assertEquals(0, turned(sensor = 90, display = 90, isFront = false))
        assertEquals(0, turned(sensor = 270, display = 90, isFront = true))
        assertEquals(180, turned(sensor = 90, display = 270, isFront = false))
    }

    @Test
    fun `without a permission, a camera or a consent the engine is told so at once`() {
        val context = RuntimeEnvironment.getApplication()
        PhonePlatform(context).use { phone ->
            assertFalse("nobody is attached yet", phone.openCamera(Lens.FRONT, 1))
            phone.attach(ScriptedCalls())

            assertFalse("no permission", phone.openCamera(Lens.FRONT, 1))
            shadowOf(context).grantPermissions(Manifest.permission.CAMERA)
            assertFalse("no camera", phone.openCamera(Lens.BACK, 1))
            assertFalse("no consent", phone.openScreen(2))
            phone.closePicture(1)
            assertTrue(phone.plays(Ringing.RING))
            assertFalse(phone.plays(Ringing.RING_BACK))
        }
    }

    @Test
    fun `the thread waits for a camera that is on its way, and then ends`() {
        val thread = PictureThread()
        thread.handler.post(thread::opening)
        thread.close()
        val closed = CountDownLatch(1)
        thread.handler.post(closed::countDown)
        assertTrue("it took the camera's callback", closed.await(10, TimeUnit.SECONDS))

        assertTrue(thread.isThere)
        assertTrue(thread.handler.post(thread::opened))
        thread.handler.looper.thread.join(10_000)
        assertFalse(thread.isThere)
    }

    @Test
    fun `which camera looks is known from the one that was opened`() {
        val context = RuntimeEnvironment.getApplication()
        shadowOf(context).grantPermissions(Manifest.permission.CAMERA)
        shadowOf(context.getSystemService(CameraManager::class.java)).addCamera("0", looking(CameraCharacteristics.LENS_FACING_BACK))
        val phone = PhonePlatform(context)
        phone.attach(ScriptedCalls())
        assertTrue(phone.isFrontCamera.value)

        assertTrue(phone.openCamera(Lens.BACK, 1))
        assertFalse(phone.isFrontCamera.value)

        phone.close()
        assertFalse("given back at once", phone.openCamera(Lens.BACK, 2))
    }

    private fun looking(where: Int): CameraCharacteristics = ShadowCameraCharacteristics.newCameraCharacteristics().also {
        Shadow.extract<ShadowCameraCharacteristics>(it).set(CameraCharacteristics.LENS_FACING, where)
    }
}
