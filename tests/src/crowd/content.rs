//! What packets carry instead of sound and picture: who made it, which one it is, and when it left.
use calls_rtp::vp8;

/// What is sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Sound.
    Sound,
    /// A picture; 0 is the smallest.
    Picture(u8),
}

/// What one packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The room of whoever made it.
    pub room: u32,
    /// The user who made it.
    pub who: u32,
    /// Of which stream of theirs.
    pub layer: Layer,
    /// Counts the packets of that stream.
    pub number: u32,
    /// When it left, in microseconds of the wall clock.
    pub sent: u64,
    /// Who made it has switched the microphone off, or the camera: nobody may get it.
    pub is_secret: bool,
}

/// As long as a stamp is.
pub(super) const STAMP: usize = 28;
const MAGIC: [u8; 4] = *b"crwd";
/// Before the stamp in a packet of sound: what Opus says of itself, 20 ms of wide band.
const OPUS: u8 = 0x78;
/// Of a VP8 payload: flags, which are there, the picture's number in 15 bits, of the lowest rate, which rate.
const DESCRIPTOR: usize = 6;
/// A whole picture begins with three bytes, a start code, and its size.
const KEY: usize = 10;
/// Another one with three bytes.
const DELTA: usize = 3;

/// Where in a picture a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// The picture's number.
    pub(super) picture: u16,
    /// It is the first packet of its picture.
    pub(super) begins: bool,
    /// The picture needs none before it.
    pub(super) is_key: bool,
    /// Height of the picture; it is 16 to 9.
    pub(super) height: u16,
}

/// Writes a payload of sound of at least so many bytes, and says how long it is.
pub(super) fn write_sound(out: &mut [u8], stamp: &Stamp, bytes: usize) -> usize {
    out[0] = OPUS;
    1 + write_stamp(&mut out[1..], stamp, bytes.saturating_sub(1))
}

/// Writes a payload of a picture of at least so many bytes, and says how long it is.
pub(super) fn write_picture(out: &mut [u8], stamp: &Stamp, part: Part, bytes: usize) -> usize {
    let [high, low] = part.picture.to_be_bytes();
    let head = [0x80 | u8::from(part.begins) << 4, 0xe0, 0x80 | high, low, part.picture as u8, 0];
    out[..DESCRIPTOR].copy_from_slice(&head);
    let mut at = DESCRIPTOR;
    if part.begins {
        out[at..at + 3].copy_from_slice(&[u8::from(!part.is_key), 0, 0]);
        at += DELTA;
        if part.is_key {
            let ([w0, w1], [h0, h1]) = ((part.height / 9 * 16).to_le_bytes(), part.height.to_le_bytes());
            out[at..at + 7].copy_from_slice(&[0x9d, 0x01, 0x2a, w0, w1, h0, h1]);
            at += KEY - DELTA;
        }
    }
    at + write_stamp(&mut out[at..], stamp, bytes.saturating_sub(at))
}

fn write_stamp(out: &mut [u8], stamp: &Stamp, bytes: usize) -> usize {
    out[..4].copy_from_slice(&MAGIC);
    out[4..8].copy_from_slice(&stamp.room.to_be_bytes());
    out[8..12].copy_from_slice(&stamp.who.to_be_bytes());
    out[12..16].copy_from_slice(&stamp.number.to_be_bytes());
    out[16..24].copy_from_slice(&stamp.sent.to_be_bytes());
    out[24] = match stamp.layer {
        Layer::Sound => 0,
        Layer::Picture(layer) => 1 + layer,
    };
    out[25] = u8::from(stamp.is_secret);
    out[26..28].fill(0);
    let len = bytes.max(STAMP);
    out[STAMP..len].fill(filler(stamp));
    len
}

/// What stands behind the stamp: another byte in each packet, so that what was mixed up is seen.
fn filler(stamp: &Stamp) -> u8 {
    (stamp.number ^ stamp.who) as u8
}

/// Reads a payload of sound.
pub(super) fn read_sound(payload: &[u8]) -> Option<Stamp> {
    payload.split_first().filter(|(first, _)| **first == OPUS).and_then(|(_, rest)| read_stamp(rest))
}

/// Reads a payload of a picture: the stamp, and what the descriptor says.
pub(super) fn read_picture(payload: &[u8]) -> Option<(Stamp, vp8::Descriptor)> {
    let found = vp8::Descriptor::parse(payload)?;
    let at = found.len
        + if found.is_key {
            KEY
        } else if found.begins {
            DELTA
        } else {
            0
        };
    Some((read_stamp(payload.get(at..)?)?, found))
}

fn read_stamp(bytes: &[u8]) -> Option<Stamp> {
    let fixed = bytes.first_chunk::<STAMP>()?;
    let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let stamp = Stamp {
        room: word(4),
        who: word(8),
        number: word(12),
        sent: u64::from(word(16)) << 32 | u64::from(word(20)),
        layer: fixed[24].checked_sub(1).map_or(Layer::Sound, Layer::Picture),
        is_secret: fixed[25] != 0,
    };
    let is_whole = bytes[STAMP..].iter().all(|byte| *byte == filler(&stamp));
    (fixed[..4] == MAGIC && is_whole).then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(layer: Layer) -> Stamp {
        Stamp { room: 3, who: 70_001, layer, number: 900, sent: 1 << 50, is_secret: true }
    }

    #[test]
    fn a_sound_says_whose_it_is() {
        let mut bytes = [0; 200];
        let len = write_sound(&mut bytes, &stamp(Layer::Sound), 80);
        assert_eq!((len, read_sound(&bytes[..len])), (80, Some(stamp(Layer::Sound))));

        bytes[79] ^= 1;
        assert_eq!(read_sound(&bytes[..len]), None, "somebody changed it");
    }

    #[test]
    fn a_picture_is_read_by_whoever_forwards_it() {
        for (begins, is_key) in [(true, true), (true, false), (false, false)] {
            let part = Part { picture: 0x4321, begins, is_key, height: 360 };
            let mut bytes = [0; 1200];
            let len = write_picture(&mut bytes, &stamp(Layer::Picture(2)), part, 1100);

            let (read, found) = read_picture(&bytes[..len]).unwrap();
            assert_eq!((len, read), (1100, stamp(Layer::Picture(2))));
            assert_eq!((found.begins, found.is_key, found.picture), (begins, is_key, Some((0x4321, 15))));
            assert_eq!(found.size, is_key.then_some((640, 360)));

            found.renumber(&mut bytes[..len], 7, 9);
            assert_eq!(
                read_picture(&bytes[..len]).unwrap().0,
                stamp(Layer::Picture(2)),
                "numbers are not content"
            );
        }
    }
}
