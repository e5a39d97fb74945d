//! What only Android has: how the library is loaded, the codecs of the phone, and surfaces of its screen.
pub(crate) mod codec;
pub(crate) mod surface;

use crate::jni::with_pixels;
use jni::{
    EnvUnowned,
    objects::{JClass, JObject},
    sys::jlong,
};
use ndk::native_window::NativeWindow;
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

/// Draws what is seen of somebody onto a surface from now on. Gives its number; 0 if it is none.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_attach<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    call: jlong,
    user: jlong,
    surface: JObject<'local>,
) -> jlong {
    with_pixels(&mut env, engine, |env, pixels| {
        if surface.is_null() {
            return Ok(0);
        }
        // SAFETY: Kotlin's type says that it is a `Surface`, and it is there.
        let window = unsafe { NativeWindow::from_surface(env.get_raw().cast(), surface.as_raw().cast()) };
        let view = pixels.view(call.cast_unsigned(), user.cast_unsigned());
        Ok(window.map_or(0, |window| view.surface.attach(window).cast_signed()))
    })
}

/// Draws nobody onto the surface with this number any more.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_detach<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    call: jlong,
    user: jlong,
    number: jlong,
) {
    with_pixels(&mut env, engine, |_, pixels| {
        if let Some(view) = pixels.known_view(call.cast_unsigned(), user.cast_unsigned()) {
            view.surface.detach(number.cast_unsigned());
        }
        Ok(())
    });
}
