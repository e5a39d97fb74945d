//! A test picture that says whose it is, so that whoever sees it can tell by looking.
//!
//! Twelve by eight fields, dark or bright: the number of its maker, when it was made, and a checksum. Fields are large and
//! only their middles are read, so that they survive codecs and scaling. Stripes and a spot of colour move across them,
//! which gives an encoder work and a person something to see.
use super::{Frame, Source};
use std::time::Duration;

const COLUMNS: u32 = 12;
const ROWS: u32 = 8;

/// Bits of the number, then of the time, then of the checksum.
const WHO_BITS: u32 = 64;
const WHEN_BITS: u32 = 16;

/// One step of the time in the picture.
const STEP: Duration = Duration::from_millis(32);

const DARK: u8 = 60;
const BRIGHT: u8 = 190;
/// Of the stripes, around either. What is left between dark and bright has to be clear.
const STRIPE: u8 = 20;
/// Between the mean of dark fields and that of bright ones, or it is no pattern.
const CONTRAST: u32 = 50;

/// A picture that moves and says whose it is.
#[derive(Debug, Clone)]
pub struct TestPattern {
    who: u64,
    width: u32,
    height: u32,
}

/// What a pattern says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Its maker.
    pub who: u64,
    /// When it was made, on its maker's clock in steps of 32 ms, modulo 35 minutes.
    pub when: Duration,
}

/// Whose pattern is it? None if it is none, or damaged.
pub fn who(frame: &Frame) -> Option<u64> {
    read(frame).map(|said| said.who)
}

/// Reads a pattern. None if it is none, or damaged.
pub fn read(frame: &Frame) -> Option<Said> {
    if frame.width() < COLUMNS * 2 || frame.height() < ROWS * 2 {
        return None;
    }
    let means: Vec<u32> = (0..COLUMNS * ROWS).map(|field| mean(frame, field)).collect();
    let (darkest, brightest) = (means.iter().min()?, means.iter().max()?);
    if brightest - darkest < CONTRAST {
        return None;
    }
    let middle = u32::midpoint(*darkest, *brightest);
    let bits = means.iter().fold(0_u128, |bits, mean| bits << 1 | u128::from(*mean > middle));
    let (when, check) = ((bits >> 16) as u16, bits as u16);
    let who = (bits >> (16 + WHEN_BITS)) as u64;
    (check == checksum(who)).then(|| Said { who, when: STEP * u32::from(plain(when)) })
}

/// The middle half of a field, each way.
fn mean(frame: &Frame, field: u32) -> u32 {
    let (left, right) = edges(field % COLUMNS, COLUMNS, frame.width());
    let (top, bottom) = edges(field / COLUMNS, ROWS, frame.height());
    let inner = |from: u32, to: u32| {
        let margin = (to - from) / 4;
        (from + margin)..(to - margin)
    };
    let (mut sum, mut count) = (0, 0);
    for y in inner(top, bottom) {
        for x in inner(left, right) {
            sum += u32::from(frame.y()[(y * frame.width() + x) as usize]);
            count += 1;
        }
    }
    sum / count.max(1)
}

fn edges(index: u32, count: u32, side: u32) -> (u32, u32) {
    (index * side / count, (index + 1) * side / count)
}

/// Spreads the bits of a number, so that neighbours look different.
fn spread(who: u64) -> u64 {
    let mixed = (who ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 31)
}

/// Never all dark, whoever it is, so that there is always a contrast.
fn checksum(who: u64) -> u16 {
    (spread(who) >> 40) as u16 & 0x7fff | 1
}

/// In steps of which each changes one field (Gray), so that a moment is little work for an encoder.
fn gray(when: u16) -> u16 {
    when ^ (when >> 1)
}

fn plain(gray: u16) -> u16 {
    [8, 4, 2, 1].into_iter().fold(gray, |bits, shift| bits ^ (bits >> shift))
}

impl TestPattern {
    /// Of this maker, in this size: 96 by 64 at least, or it could not be read after scaling.
    pub fn new(who: u64, width: u32, height: u32) -> Self {
        let side = |length: u32, least: u32| (length & !1).clamp(least, super::LONGEST_SIDE);
        Self { who, width: side(width, 96), height: side(height, 64) }
    }

    /// As it looks at this moment.
    pub fn at(&self, at: Duration) -> Frame {
        let (width, height) = (self.width, self.height);
        let when = gray((at.as_millis() / STEP.as_millis()) as u16);
        let bits = u128::from(self.who) << (WHEN_BITS + 16)
            | u128::from(when) << 16
            | u128::from(checksum(self.who));
        let moved = (at.as_millis() / 8 % 4096) as u32;
        let mut planes = Vec::with_capacity((width * height * 3 / 2) as usize);
        let columns: Vec<u32> = (0..width).map(|x| (x * COLUMNS + COLUMNS - 1) / width).collect();
        for y in 0..height {
            let row = (y * ROWS + ROWS - 1) / height;
            for x in 0..width {
                let field = row.min(ROWS - 1) * COLUMNS + columns[x as usize].min(COLUMNS - 1);
                let is_bright = bits >> (WHO_BITS + WHEN_BITS + 15 - field) & 1 == 1;
                let base = if is_bright { BRIGHT } else { DARK };
                let stripe = (x + y + moved) % 64;
                planes.push(base - STRIPE + (stripe.min(63 - stripe) * u32::from(STRIPE) / 16) as u8);
            }
        }
        let colours = spread(self.who);
        for shift in [0, 8] {
            let own = 64 + ((colours >> shift) as u8 & 0x7f);
            // It wanders from left to right and back.
            let radius = width.min(height) / 8;
            let way = width / 2 - 2 * radius;
            let step = moved * 2 % (2 * way);
            let (centre, middle) = (radius + step.min(2 * way - step), height / 4);
            for y in 0..height / 2 {
                for x in 0..width / 2 {
                    let far = x.abs_diff(centre).pow(2) + y.abs_diff(middle).pow(2);
                    planes.push(if far < radius.pow(2) { 255 - own } else { own });
                }
            }
        }
        Frame::new(width, height, planes).expect("the sides are even and within bounds")
    }
}

impl Source for TestPattern {
    fn next(&mut self, at: Duration) -> Option<Frame> {
        Some(self.at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_whose_it_is_in_every_size() {
        for who in [0, 1, 2, 77, u64::MAX, 0x0123_4567_89ab_cdef] {
            for (width, height) in [(320, 180), (640, 360), (180, 320), (96, 64)] {
                let at = Duration::from_millis(32 * 12_345);
                let frame = TestPattern::new(who, width, height).at(at);
                assert_eq!(read(&frame), Some(Said { who, when: at }), "{width} by {height}");
                for short_side in [64, 90, 120] {
                    let (width, height) = frame.size_within(short_side);
                    let small = frame.scaled(width, height).unwrap();
                    assert_eq!(super::who(&small), Some(who), "{frame:?} as {small:?}");
                }
            }
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        let frame = TestPattern::new(5, 320, 180).at(Duration::ZERO);
        let mut planes = frame.planes().to_vec();
        planes[..320 * 60].fill(235);
        let damaged = Frame::new(320, 180, planes).unwrap();

        assert_eq!(who(&damaged), None);
        assert_eq!(who(&Frame::plain(320, 180, [128; 3]).unwrap()), None);
        assert_eq!(who(&Frame::plain(10, 10, [128; 3]).unwrap()), None);
    }

    #[test]
    fn it_moves_and_two_makers_look_different() {
        let pattern = TestPattern::new(5, 320, 180);

        let changed =
            |a: &Frame, b: &Frame| a.planes().iter().zip(b.planes()).filter(|(a, b)| a != b).count();
        let first = pattern.at(Duration::ZERO);
        assert!(changed(&first, &pattern.at(Duration::from_millis(33))) > 10_000);
        assert!(changed(&first, &TestPattern::new(6, 320, 180).at(Duration::ZERO)) > 10_000);
    }
}
