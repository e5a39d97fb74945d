//! What only Android has: how the library is loaded, the codecs of the phone, and surfaces of its screen.
pub(crate) mod codec;
pub(crate) mod surface;

use jni::{
    EnvUnowned,
    errors::{Error, ThrowRuntimeExAndDefault},
    objects::{JClass, JObject},
    sys::jlong,
};
use std::{ffi::c_void, ptr};

/// `JNI_VERSION_1_6`, the newest that Android speaks.
const JNI_1_6: i32 = 0x0001_0006;

/// Called once, by `System.loadLibrary`.
#[unsafe(no_mangle)]
extern "C" fn JNI_OnLoad(vm: *mut c_void, _reserved: *mut c_void) -> i32 {
    let settings = android_logger::Config::default().with_tag("calls").with_max_level(log::LevelFilter::Info);
    android_logger::init_once(settings);
    // SAFETY: the virtual machine hands in itself, lives as long as the process, and calls this once. Without a context
    // the sound card asks Android for nothing beyond what the C interface tells.
    unsafe { ndk_context::initialize_android_context(vm, ptr::null_mut()) };
    JNI_1_6
}

/// Draws what is seen of somebody onto a surface from now on; onto none with null.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_attach<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    call: jlong,
    user: jlong,
    surface: JObject<'local>,
) {
    let attached = env.with_env(|env| -> Result<(), Error> {
        let Some(pixels) = crate::pixels::Pixels::find(engine.cast_unsigned()) else { return Ok(()) };
        let view = pixels.view(call.cast_unsigned(), user.cast_unsigned());
        // SAFETY: Java hands in an object of its class `Surface` or null, which gives none.
        let window = unsafe {
            ndk::native_window::NativeWindow::from_surface(env.get_raw().cast(), surface.as_raw().cast())
        };
        view.surface.attach(window);
        Ok(())
    });
    attached.resolve::<ThrowRuntimeExAndDefault>();
}
