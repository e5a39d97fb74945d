//! The functions of `NativePixels` in Kotlin, written by hand. A panic in here becomes a `RuntimeException` there.
use crate::pixels::{Fetched, Pixels};
use calls_core::video::Frame;
use calls_samples::colours::{from_camera, from_screen};
use jni::{
    Env, EnvUnowned,
    errors::{Error, ThrowRuntimeExAndDefault},
    objects::{JByteBuffer, JClass},
    sys::{jint, jlong},
};

/// Copies the newest picture of somebody into a direct buffer, as red, green, blue and 255.
///
/// Gives 0 if there is none after the number `after`, the negative length that the buffer would need if it is too small,
/// and else the number in the upper 31 bits, then 16 of the width and 16 of the height.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_fetch<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    call: jlong,
    user: jlong,
    after: jlong,
    into: JByteBuffer<'local>,
) -> jlong {
    with_pixels(&mut env, engine, |env, pixels| {
        let (address, length) = place(env, &into)?;
        // SAFETY: a direct buffer stays where it is while Java holds it, which the caller does until this returns; so
        // long nobody else writes to it, as the documentation of `fetch` in Kotlin demands.
        let bytes = unsafe { std::slice::from_raw_parts_mut(address, length) };
        let fetched = pixels.fetch(call.cast_unsigned(), user.cast_unsigned(), after.cast_unsigned(), bytes);
        Ok(match fetched {
            Fetched::Nothing => 0,
            Fetched::TooSmall(length) => -i64::try_from(length).unwrap_or(i64::MAX),
            Fetched::Picture { number, width, height } => {
                ((number & 0x7fff_ffff) << 32 | u64::from(width & 0xffff) << 16 | u64::from(height & 0xffff))
                    .cast_signed()
            }
        })
    })
}

/// How large the newest picture of somebody is: 32 bits of its width and 32 of its height, or 0 if there is none.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_size<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    call: jlong,
    user: jlong,
) -> jlong {
    with_pixels(&mut env, engine, |_, pixels| {
        let size = pixels.size(call.cast_unsigned(), user.cast_unsigned());
        Ok(size.map_or(0, |(width, height)| (u64::from(width) << 32 | u64::from(height)).cast_signed()))
    })
}

/// Hands in a picture of the app's camera or screen, in three planes as Android's `Image` has them: for each a direct
/// buffer, how many bytes a row is, and how many a sample.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "JNI has no records")]
extern "system" fn Java_com_worldmates_calls_NativePixels_push<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    source: jlong,
    width: jint,
    height: jint,
    turned: jint,
    y: JByteBuffer<'local>,
    y_row: jint,
    u: JByteBuffer<'local>,
    v: JByteBuffer<'local>,
    colour_row: jint,
    colour_step: jint,
) {
    with_pixels(&mut env, engine, |env, pixels| {
        let (y, u, v) = (direct(env, &y)?, direct(env, &u)?, direct(env, &v)?);
        let planes = [(y, y_row, 1), (u, colour_row, colour_step), (v, colour_row, colour_step)];
        hand_in(pixels, source, from_camera(width, height, turned, planes));
        Ok(())
    });
}

/// Hands in a picture of the app's screen as red, green, blue and one more byte, in rows that are so many bytes apart.
#[unsafe(no_mangle)]
extern "system" fn Java_com_worldmates_calls_NativePixels_pushRgba<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    engine: jlong,
    source: jlong,
    width: jint,
    height: jint,
    pixels: JByteBuffer<'local>,
    row: jint,
) {
    with_pixels(&mut env, engine, |env, views| {
        hand_in(views, source, from_screen(width, height, direct(env, &pixels)?, row));
        Ok(())
    });
}

fn hand_in(pixels: &Pixels, source: jlong, frame: Option<Frame>) {
    match frame {
        Some(frame) => pixels.push(source, &frame),
        // Of a size that none can have, or its buffers are too short.
        None => tracing::warn!(source, "a picture that the app handed in makes no sense"),
    }
}

/// Does something with the pictures of an engine; nothing, and gives what stands for it, once there is no such engine. What
/// goes wrong is thrown in Java.
pub(crate) fn with_pixels<T: Default>(
    env: &mut EnvUnowned<'_>,
    engine: jlong,
    what: impl FnOnce(&mut Env<'_>, &Pixels) -> Result<T, Error>,
) -> T {
    let done = env.with_env(|env| match Pixels::find(engine.cast_unsigned()) {
        Some(pixels) => what(env, &pixels),
        None => Ok(T::default()),
    });
    done.resolve::<ThrowRuntimeExAndDefault>()
}

/// Where a direct buffer is, and how long.
fn place(env: &Env<'_>, buffer: &JByteBuffer<'_>) -> Result<(*mut u8, usize), Error> {
    Ok((env.get_direct_buffer_address(buffer)?, env.get_direct_buffer_capacity(buffer)?))
}

/// The bytes of a direct buffer.
fn direct<'a>(env: &Env<'_>, buffer: &'a JByteBuffer<'_>) -> Result<&'a [u8], Error> {
    let (address, length) = place(env, buffer)?;
    // SAFETY: it stays where it is while Java holds it, which the caller does until the function of JNI returns; so long
    // nobody writes to it, as the documentation of `push` in Kotlin demands.
    Ok(unsafe { std::slice::from_raw_parts(address, length) })
}
