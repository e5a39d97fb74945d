//! A picture as it is seen: brightness and two colours, in one buffer that many may hold.
use crate::Rotation;
use std::sync::Arc;

/// Of a side. More than any camera of a phone gives in a call, and a bound for what comes from outside.
pub const LONGEST_SIDE: u32 = 4096;

/// A picture in I420: a plane of brightness, and two of colour with half the columns and rows. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Y, U and V one after another, without gaps.
    planes: Arc<[u8]>,
    width: u32,
    height: u32,
    /// By how much it has to be turned to stand upright.
    pub rotation: Rotation,
}

/// No such picture can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a picture of {width} by {height} cannot be, or its planes do not fit")]
pub struct BadFrame {
    /// As it was asked for.
    pub width: u32,
    /// As it was asked for.
    pub height: u32,
}

/// A plane of somebody else's picture.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// Row by row.
    pub samples: &'a [u8],
    /// From the beginning of a row to that of the next.
    pub stride: usize,
}

impl Frame {
    /// Takes Y, U and V one after another without gaps.
    pub fn new(width: u32, height: u32, planes: impl Into<Arc<[u8]>>) -> Result<Self, BadFrame> {
        let planes = planes.into();
        if length(width, height) != Some(planes.len()) {
            return Err(BadFrame { width, height });
        }
        Ok(Self { planes, width, height, rotation: Rotation::None })
    }

    /// Copies Y, U and V from where they have gaps between rows.
    #[inline(never)]
    pub fn copied(width: u32, height: u32, planes: [Plane<'_>; 3]) -> Result<Self, BadFrame> {
        let bad = BadFrame { width, height };
        let mut all = Vec::with_capacity(length(width, height).ok_or(bad)?);
        let sizes = [(width, height), half(width, height), half(width, height)];
        for (Plane { samples, stride }, (columns, rows)) in planes.into_iter().zip(sizes) {
            for row in 0..rows as usize {
                let begin = row * stride;
                all.extend_from_slice(samples.get(begin..begin + columns as usize).ok_or(bad)?);
            }
        }
        Self::new(width, height, all)
    }

    /// All of one colour.
    pub fn plain(width: u32, height: u32, [y, u, v]: [u8; 3]) -> Result<Self, BadFrame> {
        let all = length(width, height).ok_or(BadFrame { width, height })?;
        let luma = (width * height) as usize;
        let mut planes = vec![y; all];
        let (first, second) = planes[luma..].split_at_mut((all - luma) / 2);
        first.fill(u);
        second.fill(v);
        Self::new(width, height, planes)
    }

    /// Columns, before it is turned.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, before it is turned.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All planes.
    pub fn planes(&self) -> &[u8] {
        &self.planes
    }

    /// Brightness, a row after another.
    pub fn y(&self) -> &[u8] {
        &self.planes[..(self.width * self.height) as usize]
    }

    /// The bluish part of the colours, in rows of half the width rounded up.
    pub fn u(&self) -> &[u8] {
        let begin = (self.width * self.height) as usize;
        &self.planes[begin..begin + (self.planes.len() - begin) / 2]
    }

    /// The reddish part of the colours, as the bluish one.
    pub fn v(&self) -> &[u8] {
        let begin = (self.width * self.height) as usize;
        &self.planes[begin + (self.planes.len() - begin) / 2..]
    }

    /// How long a row of colours is.
    pub fn half_width(&self) -> u32 {
        self.width.div_ceil(2)
    }

    /// Another size. Made smaller, each sample is the mean of those that it stands for; larger, they are repeated.
    pub fn scaled(&self, width: u32, height: u32) -> Result<Self, BadFrame> {
        if (width, height) == (self.width, self.height) {
            return Ok(self.clone());
        }
        let mut planes = Vec::with_capacity(length(width, height).ok_or(BadFrame { width, height })?);
        let (from, to) = ((self.width, self.height), (width, height));
        scale(self.y(), from, to, &mut planes);
        let (from, to) = (half(from.0, from.1), half(to.0, to.1));
        scale(self.u(), from, to, &mut planes);
        scale(self.v(), from, to, &mut planes);
        Ok(Self { rotation: self.rotation, ..Self::new(width, height, planes)? })
    }

    /// The size with so many rows on the shorter side, in the same shape and even, as codecs like it; its own if that is
    /// smaller.
    pub fn size_within(&self, short_side: u32) -> (u32, u32) {
        let shorter = self.width.min(self.height);
        let short_side = short_side.clamp(2, shorter.max(2));
        let side = |length: u32| {
            let scaled = u64::from(length) * u64::from(short_side) / u64::from(shorter);
            (u32::try_from(scaled).unwrap_or(LONGEST_SIDE) & !1).max(2)
        };
        (side(self.width), side(self.height))
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} by {}, {:?})", self.width, self.height, self.rotation)
    }
}

fn half(width: u32, height: u32) -> (u32, u32) {
    (width.div_ceil(2), height.div_ceil(2))
}

/// Of all planes together, if such a picture can be.
fn length(width: u32, height: u32) -> Option<usize> {
    let fits = (1..=LONGEST_SIDE).contains(&width) && (1..=LONGEST_SIDE).contains(&height);
    let (columns, rows) = half(width, height);
    fits.then_some((width * height + 2 * columns * rows) as usize)
}

/// Appends a plane in another size.
#[inline(never)]
fn scale(from: &[u8], (columns, rows): (u32, u32), (width, height): (u32, u32), out: &mut Vec<u8>) {
    let (columns, rows) = (columns as usize, rows as usize);
    let edges = |from: usize, to: u32| -> Vec<(usize, usize)> {
        let to = to as usize;
        (0..to)
            .map(|n| {
                let begin = n * from / to;
                (begin, ((n + 1) * from / to).max(begin + 1))
            })
            .collect()
    };
    let across = edges(columns, width);
    let mut sums = vec![0_u32; columns];
    for (top, bottom) in edges(rows, height) {
        // Rows first, each sample once: the inner loop runs along memory.
        sums.fill(0);
        for row in from[top * columns..bottom * columns].chunks_exact(columns) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += u32::from(*sample);
            }
        }
        for (left, right) in &across {
            let count = ((right - left) * (bottom - top)) as u32;
            let sum: u32 = sums[*left..*right].iter().sum();
            out.push(((sum + count / 2) / count) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_has_the_means_of_the_larger_one() {
        let mut planes = Vec::new();
        for row in 0..4_u8 {
            planes.extend((0..8).map(|column| row * 10 + column));
        }
        planes.extend([100; 8]);
        planes.extend([200; 8]);
        let frame = Frame { rotation: Rotation::Half, ..Frame::new(8, 4, planes).unwrap() };

        let small = frame.scaled(4, 2).unwrap();

        assert_eq!(small.y(), [6, 8, 10, 12, 26, 28, 30, 32]);
        assert_eq!((small.u(), small.v()), ([100; 2].as_slice(), [200; 2].as_slice()));
        assert_eq!(small.rotation, Rotation::Half);
        assert_eq!(frame.scaled(16, 8).unwrap().scaled(8, 4).unwrap(), frame);
    }

    #[test]
    fn planes_with_gaps_are_closed_up_and_sides_may_be_odd() {
        let y = [1, 2, 3, 9, 4, 5, 6, 9, 7, 8, 9];
        let u = [10, 11, 9, 12, 13];
        let plane = |samples, stride| Plane { samples, stride };

        let frame = Frame::copied(3, 3, [plane(&y, 4), plane(&u, 3), plane(&u, 3)]).unwrap();

        assert_eq!(frame.y(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!((frame.u(), frame.v()), ([10, 11, 12, 13].as_slice(), [10, 11, 12, 13].as_slice()));
        assert!(Frame::copied(3, 4, [plane(&y, 4), plane(&u, 3), plane(&u, 3)]).is_err());
        assert!(Frame::plain(0, 4, [0; 3]).is_err() && Frame::plain(LONGEST_SIDE + 1, 4, [0; 3]).is_err());
    }

    #[test]
    fn a_size_keeps_its_shape_and_never_grows() {
        let frame = Frame::plain(1280, 720, [0; 3]).unwrap();

        assert_eq!(frame.size_within(360), (640, 360));
        assert_eq!(frame.size_within(240), (426, 240));
        assert_eq!(frame.size_within(1080), (1280, 720));
        assert_eq!(Frame::plain(90, 161, [0; 3]).unwrap().size_within(45), (44, 80));
        assert_eq!(Frame::plain(1, 1, [0; 3]).unwrap().size_within(45), (2, 2));
    }
}
