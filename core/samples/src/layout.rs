//! How the codecs of a phone lay out a picture in bytes. Pure, so that it is tested without a phone.
use crate::{BadFrame, Frame, Plane};

/// `COLOR_FormatYUV420Planar`: as ours, with gaps.
pub const PLANAR: i32 = 19;
/// `COLOR_FormatYUV420SemiPlanar`: the two colours take turns.
pub const SEMI_PLANAR: i32 = 21;

/// A layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// [`PLANAR`] or [`SEMI_PLANAR`].
    pub colour: i32,
    /// Of what is seen.
    pub width: u32,
    /// Of what is seen.
    pub height: u32,
    /// From row to row, of brightness.
    pub stride: usize,
    /// Rows of brightness before the colours begin.
    pub slice: usize,
}

impl Layout {
    /// Bytes of a whole picture.
    pub fn length(self) -> usize {
        self.stride * self.slice + 2 * self.colour_stride() * self.slice.div_ceil(2)
    }

    /// From row to row of one colour, when they do not take turns.
    fn colour_stride(self) -> usize {
        self.stride.div_ceil(2)
    }

    /// Takes a picture out of bytes.
    #[inline(never)]
    pub fn read(self, bytes: &[u8]) -> Result<Frame, BadFrame> {
        let Self { width, height, stride, slice, .. } = self;
        let bad = BadFrame { width, height };
        let colours = bytes.get(stride * slice..).ok_or(bad)?;
        let luma = Plane { samples: bytes, stride };
        if self.colour == PLANAR {
            let half = self.colour_stride();
            let second = colours.get(half * slice.div_ceil(2)..).ok_or(bad)?;
            let planes =
                [luma, Plane { samples: colours, stride: half }, Plane { samples: second, stride: half }];
            return Frame::copied(width, height, planes);
        }
        let (columns, rows) = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
        let (mut u, mut v) = (Vec::with_capacity(columns * rows), Vec::with_capacity(columns * rows));
        for row in 0..rows {
            let row = colours.get(row * stride..).and_then(|row| row.get(..columns * 2)).ok_or(bad)?;
            for pair in row.chunks_exact(2) {
                u.push(pair[0]);
                v.push(pair[1]);
            }
        }
        let planes = [luma, Plane { samples: &u, stride: columns }, Plane { samples: &v, stride: columns }];
        Frame::copied(width, height, planes)
    }

    /// Writes a picture of the same size, a row after another; the gaps stay as they are.
    pub fn write(self, frame: &Frame, mut put: impl FnMut(usize, &[u8])) {
        let (width, half) = (self.width as usize, frame.half_width() as usize);
        for (row, samples) in frame.y().chunks_exact(width).enumerate() {
            put(row * self.stride, samples);
        }
        let begin = self.stride * self.slice;
        let rows = frame.u().chunks_exact(half).zip(frame.v().chunks_exact(half)).enumerate();
        if self.colour == PLANAR {
            let second = begin + self.colour_stride() * self.slice.div_ceil(2);
            for (row, (u, v)) in rows {
                put(begin + row * self.colour_stride(), u);
                put(second + row * self.colour_stride(), v);
            }
            return;
        }
        let mut pairs = Vec::with_capacity(half * 2);
        for (row, (u, v)) in rows {
            pairs.clear();
            pairs.extend(u.iter().zip(v).flat_map(|(u, v)| [*u, *v]));
            put(begin + row * self.stride, &pairs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_in_both_layouts() {
        let planes: Vec<u8> = (0..6 * 4 + 2 * 3 * 2).collect();
        let frame = Frame::new(6, 4, planes).expect("a size");
        for colour in [PLANAR, SEMI_PLANAR] {
            let layout = Layout { colour, width: 6, height: 4, stride: 16, slice: 8 };
            let mut bytes = vec![0; layout.length()];

            layout.write(&frame, |at, samples| bytes[at..at + samples.len()].copy_from_slice(samples));

            assert_eq!(layout.read(&bytes).expect("it fits"), frame, "{colour}");
            assert!(layout.read(&bytes[..40]).is_err());
        }
    }
}
