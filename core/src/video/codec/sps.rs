//! The size of an H.264 picture, read from its sequence parameter sets (H.264, section 7.3.2.1).

const SPS: u8 = 7;

/// The largest in a picture in Annex B form. None if it says none that makes sense.
pub(super) fn size(payload: &[u8]) -> Option<(u32, u32)> {
    let is_set = |window: &[u8]| window[..3] == [0, 0, 1] && window[3] & 0x1f == SPS;
    let starts = payload.windows(4).enumerate().filter(|(_, window)| is_set(window));
    let sizes = starts.filter_map(|(start, _)| size_in(&payload[start + 4..]));
    sizes.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

fn size_in(set: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits { bytes: set, at: 0 };
    let profile = bits.read(8)?;
    bits.read(16)?;
    bits.number()?;
    // Profiles with colours of their own; baseline has none of this.
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        if bits.number()? == 3 {
            bits.read(1)?;
        }
        bits.number()?;
        bits.number()?;
        bits.read(1)?;
        if bits.read(1)? == 1 {
            // Scaling lists, which nobody sends in a call.
            return None;
        }
    }
    bits.number()?;
    match bits.number()? {
        0 => {
            bits.number()?;
        }
        1 => {
            bits.read(1)?;
            bits.number()?;
            bits.number()?;
            for _ in 0..bits.number()?.min(255) {
                bits.number()?;
            }
        }
        _ => {}
    }
    bits.number()?;
    bits.read(1)?;
    let width = bits.number()?.checked_add(1)?.checked_mul(16)?;
    let rows = bits.number()?.checked_add(1)?;
    // Two fields make a picture unless it is said otherwise.
    let fields = 2 - bits.read(1)?;
    Some((width, rows.checked_mul(16)?.checked_mul(fields)?))
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        // A third byte after two of zero stands in the way of a start code and is no part of the set.
        let index = self.at / 8;
        if self.at.is_multiple_of(8) && index >= 2 && self.bytes.get(index - 2..=index)? == [0, 0, 3] {
            self.at += 8;
        }
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit.into())
    }

    fn read(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number << 1 | self.bit()?))
    }

    /// Exp-Golomb.
    fn number(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.read(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_says_how_large_its_pictures_are() {
        // Constrained baseline, 640 by 480, behind a delimiter.
        let sps = [0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0x90, 0x0f, 0x08, 0x84, 0x6a];
        let payload = [&[0, 0, 0, 1, 9, 0x10, 0, 0, 0, 1][..], &sps].concat();

        assert_eq!(size(&payload), Some((640, 480)));
    }

    #[test]
    fn no_bytes_at_all_make_it_stumble() {
        let mut state = 1_u64;
        for length in 0..2000 {
            let mut payload = vec![0, 0, 1, 0x67];
            payload.extend((0..length % 40).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Zeros more often than chance gives them.
                if state >> 62 == 0 { 0 } else { (state >> 33) as u8 }
            }));
            size(&payload);
            size(&payload[4..]);
        }
    }
}
