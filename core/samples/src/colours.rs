//! Pictures as cameras and screens of phones have them, into ours and out of them. Pure.
use crate::{Frame, LONGEST_SIDE, Rotation};

/// A side of a picture, if there can be one: looked at before anything is made as large as that.
fn side(length: i32) -> Option<u32> {
    u32::try_from(length).ok().filter(|length| (1..=LONGEST_SIDE).contains(length))
}

/// A plane as Android's `Image` has it: its bytes, how many a row is, and how many a sample.
pub type CameraPlane<'a> = (&'a [u8], i32, i32);

/// A picture as a camera gives it, `turned` degrees away from upright. None if there can be no such picture.
#[inline(never)]
pub fn from_camera(width: i32, height: i32, turned: i32, planes: [CameraPlane<'_>; 3]) -> Option<Frame> {
    let (width, height) = (side(width)?, side(height)?);
    let half = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
    let mut all = Vec::with_capacity(width as usize * height as usize + 2 * half.0 * half.1);
    for ((samples, row, step), (columns, rows)) in
        planes.into_iter().zip([(width as usize, height as usize), half, half])
    {
        let (row, step) = (usize::try_from(row).ok()?, usize::try_from(step).ok()?.max(1));
        for line in 0..rows {
            let (line, before) = (samples.get(line.checked_mul(row)?..)?, all.len());
            all.extend(line.iter().step_by(step).take(columns));
            if all.len() - before < columns {
                return None;
            }
        }
    }
    let mut frame = Frame::new(width, height, all).ok()?;
    frame.rotation = match turned.rem_euclid(360) {
        90 => Rotation::Quarter,
        180 => Rotation::Half,
        270 => Rotation::ThreeQuarters,
        _ => Rotation::None,
    };
    Some(frame)
}

/// A picture of a screen, as red, green, blue and one more byte. None if there can be no such picture.
#[inline(never)]
pub fn from_screen(width: i32, height: i32, pixels: &[u8], row: i32) -> Option<Frame> {
    let (width, height) = (side(width)?, side(height)?);
    let (columns, row) = (width as usize, usize::try_from(row).ok()?);
    let lines = (0..height as usize).map(|line| pixels.get(line.checked_mul(row)?..)?.get(..columns * 4));
    let lines: Vec<&[u8]> = lines.collect::<Option<_>>()?;
    let luma = lines.iter().flat_map(|line| line.chunks_exact(4)).map(|p| to_yuv(p[0], p[1], p[2])[0]);
    let mut all: Vec<u8> = luma.collect();
    // Letters have edges: each colour is that of one pixel of four, and not a mean that is nobody's.
    for plane in [1, 2] {
        let colours = lines.iter().step_by(2).flat_map(|line| line.chunks_exact(4).step_by(2));
        all.extend(colours.map(|p| to_yuv(p[0], p[1], p[2])[plane]));
    }
    Frame::new(width, height, all).ok()
}

/// The other way round than [`colour`].
fn to_yuv(red: u8, green: u8, blue: u8) -> [u8; 3] {
    let (red, green, blue) = (i32::from(red), i32::from(green), i32::from(blue));
    let part = |value: i32, offset: i32| (((value + 128) >> 8) + offset).clamp(0, 255) as u8;
    [
        part(66 * red + 129 * green + 25 * blue, 16),
        part(-38 * red - 74 * green + 112 * blue, 128),
        part(112 * red - 94 * green - 18 * blue, 128),
    ]
}

/// The size of a picture once it stands upright.
pub fn upright(frame: &Frame) -> (u32, u32) {
    match frame.rotation {
        Rotation::None | Rotation::Half => (frame.width(), frame.height()),
        Rotation::Quarter | Rotation::ThreeQuarters => (frame.height(), frame.width()),
    }
}

/// Draws a picture upright as red, green, blue and 255, into rows that are so many bytes apart.
#[inline(never)]
pub fn draw(frame: &Frame, into: &mut [u8], stride: usize) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (y_plane, u_plane, v_plane) = (frame.y(), frame.u(), frame.v());
    let half = frame.half_width() as usize;
    // Where the sample at a column and a row goes: a beginning, and a step for each of the two.
    let (begin, right, down) = match frame.rotation {
        Rotation::None => (0, 4, stride.cast_signed()),
        Rotation::Half => ((height - 1) * stride + (width - 1) * 4, -4, -stride.cast_signed()),
        Rotation::Quarter => ((height - 1) * 4, stride.cast_signed(), -4),
        Rotation::ThreeQuarters => ((width - 1) * stride, -stride.cast_signed(), 4),
    };
    for row in 0..height {
        let luma = &y_plane[row * width..][..width];
        let (blue, red) = (&u_plane[row / 2 * half..][..half], &v_plane[row / 2 * half..][..half]);
        let mut at = begin.cast_signed() + row.cast_signed() * down;
        for (column, y) in luma.iter().enumerate() {
            let place = at.cast_unsigned();
            into[place..place + 4].copy_from_slice(&colour(*y, blue[column / 2], red[column / 2]));
            at += right;
        }
    }
}

/// BT.601 with the usual range, as cameras and codecs of calls have it, in numbers without a fraction.
fn colour(y: u8, u: u8, v: u8) -> [u8; 4] {
    let (y, u, v) = (298 * (i32::from(y) - 16), i32::from(u) - 128, i32::from(v) - 128);
    let part = |value: i32| ((value + 128) >> 8).clamp(0, 255) as u8;
    [part(y + 409 * v), part(y - 100 * u - 208 * v), part(y + 516 * u), 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_standard() {
        for (yuv, rgb) in [
            ([16, 128, 128], [0, 0, 0]),
            ([235, 128, 128], [255, 255, 255]),
            ([81, 90, 240], [255, 0, 0]),
            ([145, 54, 34], [0, 255, 1]),
            ([41, 240, 110], [0, 0, 255]),
        ] {
            let [red, green, blue, full] = colour(yuv[0], yuv[1], yuv[2]);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
            assert!(
                near(red, rgb[0]) && near(green, rgb[1]) && near(blue, rgb[2]),
                "{yuv:?}: {red} {green} {blue}"
            );
            assert_eq!(full, 255);
        }
    }

    #[test]
    fn a_picture_of_the_camera_is_taken_out_of_its_planes_or_refused() {
        // 2 by 2 with gaps behind the rows, and colours that take turns.
        let (y, turns) = ([1, 2, 0, 3, 4], [5, 6]);
        let planes = [(&y[..], 3, 1), (&turns[..], 2, 2), (&turns[1..], 2, 2)];

        let frame = from_camera(2, 2, 450, planes).expect("it fits");

        assert_eq!(frame.planes(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(frame.rotation, Rotation::Quarter);
        for (width, height) in [(0, 2), (-2, 2), (2, 5000), (4, 4), (i32::MAX, i32::MAX)] {
            assert!(from_camera(width, height, 0, planes).is_none(), "{width} by {height}");
        }
        assert!(from_camera(2, 2, 0, [(&y[..], i32::MAX, 1), planes[1], planes[2]]).is_none());
        assert!(from_camera(2, 2, 0, [(&y[..], -1, 1), planes[1], planes[2]]).is_none());
    }

    #[test]
    fn a_picture_of_the_screen_comes_back_in_its_colours() {
        let rows = [[200, 30, 60, 9, 200, 30, 60, 9, 7], [200, 30, 60, 9, 200, 30, 60, 9, 7]].concat();

        let frame = from_screen(2, 2, &rows, 9).expect("it fits");

        let mut bytes = vec![0; 16];
        draw(&frame, &mut bytes, 8);
        for pixel in bytes.chunks(4) {
            assert!(
                pixel[0].abs_diff(200) < 4 && pixel[1].abs_diff(30) < 4 && pixel[2].abs_diff(60) < 4,
                "{pixel:?}"
            );
        }
        assert!(from_screen(2, 3, &rows, 9).is_none());
        assert!(from_screen(3, 2, &rows, 9).is_none());
        assert!(from_screen(2, 2, &rows, -9).is_none());
        assert_eq!(from_screen(1, 1, &rows, 9).expect("odd sizes, too").planes().len(), 3);
    }

    #[test]
    fn a_picture_is_turned_until_it_stands() {
        // A bright corner at the upper left of what the sensor saw, 4 wide and 2 high.
        let mut planes = vec![16; 8];
        planes[0] = 235;
        planes.extend([128; 4]);
        let mut frame = Frame::new(4, 2, planes).expect("a size");
        for (rotation, (width, height), bright) in [
            (Rotation::None, (4, 2), 0),
            (Rotation::Quarter, (2, 4), 1),
            (Rotation::Half, (4, 2), 7),
            (Rotation::ThreeQuarters, (2, 4), 6),
        ] {
            frame.rotation = rotation;
            assert_eq!(upright(&frame), (width, height));
            let mut bytes = vec![0; 32];
            draw(&frame, &mut bytes, width as usize * 4);
            let found = bytes.chunks(4).position(|pixel| pixel[0] == 255);
            assert_eq!(found, Some(bright), "{rotation:?}");
        }
    }
}
