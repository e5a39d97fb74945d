//! VP8 by the system's libvpx, as far as a call needs it. It knows no frame, no packet and no call.
//!
//! There are bindings of others. The well-known ones fit one version of libvpx each or need clang to make themselves
//! anew; `shim.c` is compiled against whatever is installed, and only pointers and numbers cross to here.
use std::{
    ffi::{c_int, c_uint},
    ptr::{self, NonNull},
    slice,
};

/// libvpx refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("libvpx refuses")
    }
}

impl std::error::Error for Refused {}

/// More than a side of VP8 can have (14 bits).
const SIDES: u32 = 1 << 14;

/// Known to C alone.
#[repr(C)]
struct RawEncoder([u8; 0]);
/// Known to C alone.
#[repr(C)]
struct RawDecoder([u8; 0]);

unsafe extern "C" {
    fn calls_vpx_encoder_new(
        width: c_uint,
        height: c_uint,
        kilobits: c_uint,
        speed: c_int,
    ) -> *mut RawEncoder;
    fn calls_vpx_encoder_free(encoder: *mut RawEncoder);
    fn calls_vpx_encoder_bitrate(encoder: *mut RawEncoder, kilobits: c_uint) -> c_int;
    fn calls_vpx_encode(
        encoder: *mut RawEncoder,
        planes: *const u8,
        ticks: c_uint,
        key: c_int,
        out: *mut *const u8,
        length: *mut usize,
        is_key: *mut c_int,
    ) -> c_int;
    fn calls_vpx_decoder_new() -> *mut RawDecoder;
    fn calls_vpx_decoder_free(decoder: *mut RawDecoder);
    fn calls_vpx_decode(
        decoder: *mut RawDecoder,
        data: *const u8,
        length: c_uint,
        planes: *mut [*const u8; 3],
        strides: *mut [c_int; 3],
        width: *mut c_uint,
        height: *mut c_uint,
    ) -> c_int;
}

/// Makes VP8, for a call: one thread, no delay, a constant rate.
pub struct Encoder {
    raw: NonNull<RawEncoder>,
    /// Of a whole picture.
    length: usize,
}

// SAFETY: libvpx ties a context to no thread; `&mut self` keeps two from using it at once.
unsafe impl Send for Encoder {}

/// A picture as VP8.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    /// What a decoder takes.
    pub payload: &'a [u8],
    /// It needs none before it.
    pub key: bool,
}

impl Encoder {
    /// For pictures of one size. A `speed` of -16 is the fastest and the worst, one of -1 the slowest.
    pub fn new(width: u32, height: u32, kilobits: u32, speed: i32) -> Result<Self, Refused> {
        if width == 0 || height == 0 || width >= SIDES || height >= SIDES {
            return Err(Refused);
        }
        // SAFETY: numbers go in, and what comes out is null or ours alone until it is freed.
        let raw = unsafe { calls_vpx_encoder_new(width, height, kilobits.max(1), speed) };
        let raw = NonNull::new(raw).ok_or(Refused)?;
        Ok(Self { raw, length: length_of(width, height) })
    }

    /// From the next picture on.
    pub fn set_bitrate(&mut self, kilobits: u32) -> Result<(), Refused> {
        // SAFETY: the encoder lives, and nobody else uses it.
        let result = unsafe { calls_vpx_encoder_bitrate(self.raw.as_ptr(), kilobits.max(1)) };
        if result == 0 { Ok(()) } else { Err(Refused) }
    }

    /// Encodes a picture: Y, U and V one after another without gaps, shown for so many ticks of 90 kHz. None if it is
    /// left out, since earlier ones took too much.
    pub fn encode(&mut self, planes: &[u8], ticks: u32, key: bool) -> Result<Option<Encoded<'_>>, Refused> {
        if planes.len() != self.length {
            return Err(Refused);
        }
        let (mut out, mut length, mut is_key) = (ptr::null(), 0, 0);
        // SAFETY: the planes are as long as the encoder's size asks, and are only read; the rest are places for results.
        let result = unsafe {
            calls_vpx_encode(
                self.raw.as_ptr(),
                planes.as_ptr(),
                ticks.max(1),
                c_int::from(key),
                &raw mut out,
                &raw mut length,
                &raw mut is_key,
            )
        };
        if result != 0 {
            return Err(Refused);
        }
        if out.is_null() || length == 0 {
            return Ok(None);
        }
        // SAFETY: libvpx keeps these bytes until its next call, which the borrow of `self` holds off.
        let payload = unsafe { slice::from_raw_parts(out, length) };
        Ok(Some(Encoded { payload, key: is_key != 0 }))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: it came from `calls_vpx_encoder_new` and is freed once.
        unsafe { calls_vpx_encoder_free(self.raw.as_ptr()) }
    }
}

/// Understands VP8.
pub struct Decoder(NonNull<RawDecoder>);

// SAFETY: as the encoder's.
unsafe impl Send for Decoder {}

/// A picture, until the next one is decoded.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Its columns.
    pub width: u32,
    /// Its rows.
    pub height: u32,
    /// Y, U and V, row by row.
    pub planes: [&'a [u8]; 3],
    /// From row to row of each.
    pub strides: [usize; 3],
}

impl Decoder {
    /// Of nothing yet.
    pub fn new() -> Result<Self, Refused> {
        // SAFETY: what comes out is null or ours alone until it is freed.
        NonNull::new(unsafe { calls_vpx_decoder_new() }).map(Self).ok_or(Refused)
    }

    /// Decodes a picture. None if it is one that is not shown.
    pub fn decode(&mut self, payload: &[u8]) -> Result<Option<Picture<'_>>, Refused> {
        let length = c_uint::try_from(payload.len()).map_err(|_| Refused)?;
        if length == 0 {
            // To libvpx that is a lost picture, which it makes up.
            return Err(Refused);
        }
        let (mut planes, mut strides) = ([ptr::null(); 3], [0; 3]);
        let (mut width, mut height) = (0, 0);
        // SAFETY: the bytes are only read, all of them are there, and the rest are places for results.
        let result = unsafe {
            calls_vpx_decode(
                self.0.as_ptr(),
                payload.as_ptr(),
                length,
                &raw mut planes,
                &raw mut strides,
                &raw mut width,
                &raw mut height,
            )
        };
        if result != 0 || planes.iter().skip(1).any(|plane| plane.is_null() && !planes[0].is_null()) {
            return Err(Refused);
        }
        if planes[0].is_null() || width == 0 || height == 0 {
            return Ok(None);
        }
        let rows = [height, height.div_ceil(2), height.div_ceil(2)];
        let columns = [width, width.div_ceil(2), width.div_ceil(2)];
        let mut picture = Picture { width, height, planes: [&[]; 3], strides: [0; 3] };
        for plane in 0..3 {
            let stride = usize::try_from(strides[plane]).map_err(|_| Refused)?;
            let (rows, columns) = (rows[plane] as usize, columns[plane] as usize);
            if stride < columns {
                return Err(Refused);
            }
            // SAFETY: libvpx's image has so many rows, a stride from each to the next, and the last one has its columns.
            // It stays until the next call, which the borrow of `self` holds off.
            picture.planes[plane] =
                unsafe { slice::from_raw_parts(planes[plane], stride * (rows - 1) + columns) };
            picture.strides[plane] = stride;
        }
        Ok(Some(picture))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it came from `calls_vpx_decoder_new` and is freed once.
        unsafe { calls_vpx_decoder_free(self.0.as_ptr()) }
    }
}

fn length_of(width: u32, height: u32) -> usize {
    let (width, height) = (width as usize, height as usize);
    width * height + 2 * width.div_ceil(2) * height.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_odd_sides_comes_out_as_it_went_in() {
        let (width, height) = (67, 35);
        let mut planes = vec![128; length_of(width, height)];
        for (n, sample) in planes.iter_mut().take((width * height) as usize).enumerate() {
            *sample = (n % width as usize) as u8 * 3;
        }
        let mut encoder = Encoder::new(width, height, 1000, -6).unwrap();
        let mut decoder = Decoder::new().unwrap();

        let encoded = encoder.encode(&planes, 3000, true).unwrap().unwrap();
        let picture = decoder.decode(encoded.payload).unwrap().unwrap();

        assert!(encoded.key);
        assert_eq!((picture.width, picture.height), (width, height));
        for row in 0..height as usize {
            for column in 0..width as usize {
                let seen = picture.planes[0][row * picture.strides[0] + column];
                assert!(seen.abs_diff(column as u8 * 3) < 16, "{seen} at {column}, {row}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Encoder::new(0, 16, 100, -6).is_err() && Encoder::new(16, SIDES, 100, -6).is_err());
        let mut encoder = Encoder::new(16, 16, 100, -6).unwrap();
        assert_eq!(encoder.encode(&[0; 7], 3000, false).err(), Some(Refused));
        let mut decoder = Decoder::new().unwrap();
        assert!(decoder.decode(&[]).is_err() && decoder.decode(&[0x10; 40]).is_err());
    }
}
