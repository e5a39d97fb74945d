//! What Android's virtual machine calls when it loads the library.
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
