//! H.264 in packets, mode 1: RFC 6184.
use super::{Malformed, Opening};

const IDR: u8 = 5;
const SPS: u8 = 7;
/// Several units in a packet.
const STAP_A: u8 = 24;
/// A part of a unit.
const FU_A: u8 = 28;
/// Types below are units themselves.
const SINGLE: std::ops::RangeInclusive<u8> = 1..=23;

const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;

const TYPE: u8 = 0x1f;
const START: [u8; 4] = [0, 0, 0, 1];

/// A picture that begins with parameters needs none before. One without may be of other parameters that were lost.
pub(super) fn opening(payload: &[u8]) -> Result<Opening, Malformed> {
    match kind(payload)? {
        SPS => Ok(Opening::Key),
        STAP_A => {
            let mut has_parameters = false;
            units(&payload[1..], |unit| has_parameters |= unit[0] & TYPE == SPS)?;
            Ok(if has_parameters { Opening::Key } else { Opening::PerhapsKey })
        }
        FU_A => {
            let header = payload.get(1).ok_or(Malformed)?;
            Ok(if header & FIRST == 0 { Opening::Inside } else { unit_opens(header & TYPE) })
        }
        kind if SINGLE.contains(&kind) => Ok(unit_opens(kind)),
        // The other ways to pack are of mode 2, which was not agreed on.
        _ => Err(Malformed),
    }
}

fn unit_opens(kind: u8) -> Opening {
    // Up to four, a slice of a picture that needs others.
    if kind < IDR { Opening::Other } else { Opening::PerhapsKey }
}

/// In Annex B form, and whether it needs none before.
pub(super) fn whole<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Result<(bool, Vec<u8>), Malformed> {
    let (mut picture, mut key) = (Vec::new(), false);
    // The type of the unit that has begun and not ended.
    let mut open: Option<u8> = None;
    for payload in payloads {
        let packed = kind(payload)?;
        if open.is_some() && packed != FU_A {
            return Err(Malformed);
        }
        match packed {
            FU_A => {
                let [indicator, header, body @ ..] = payload else { return Err(Malformed) };
                let inner = header & TYPE;
                if header & FIRST != 0 {
                    if open.is_some() || !SINGLE.contains(&inner) {
                        return Err(Malformed);
                    }
                    picture.extend_from_slice(&START);
                    picture.push(indicator & !TYPE | inner);
                    key |= inner == IDR;
                } else if open != Some(inner) {
                    return Err(Malformed);
                }
                picture.extend_from_slice(body);
                open = (header & LAST == 0).then_some(inner);
            }
            STAP_A => units(&payload[1..], |unit| {
                picture.extend_from_slice(&START);
                picture.extend_from_slice(unit);
                key |= unit[0] & TYPE == IDR;
            })?,
            _ => {
                picture.extend_from_slice(&START);
                picture.extend_from_slice(payload);
                key |= packed == IDR;
            }
        }
    }
    if open.is_some() { Err(Malformed) } else { Ok((key, picture)) }
}

fn kind(payload: &[u8]) -> Result<u8, Malformed> {
    Ok(payload.first().ok_or(Malformed)? & TYPE)
}

/// Each unit with its length before it.
fn units<'a>(mut rest: &'a [u8], mut each: impl FnMut(&'a [u8])) -> Result<(), Malformed> {
    while !rest.is_empty() {
        let (length, behind) = rest.split_at_checked(2).ok_or(Malformed)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (unit, behind) = behind.split_at_checked(length).ok_or(Malformed)?;
        if !unit.first().is_some_and(|first| SINGLE.contains(&(first & TYPE))) {
            return Err(Malformed);
        }
        each(unit);
        rest = behind;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_out_whole_however_they_were_packed() {
        let packed: [&[u8]; 4] = [
            &[STAP_A, 0, 2, 0x67, 1, 0, 2, 0x68, 2],
            &[0x7c, 0x80 | IDR, 3, 4],
            &[0x7c, IDR, 5],
            &[0x7c, 0x40 | IDR, 6],
        ];

        let (key, picture) = whole(packed.into_iter()).unwrap();

        assert!(key);
        let units: [&[u8]; 3] = [&[0x67, 1], &[0x68, 2], &[0x65, 3, 4, 5, 6]];
        let wanted: Vec<u8> = units.iter().flat_map(|unit| [&START, *unit].concat()).collect();
        assert_eq!(picture, wanted);
        assert_eq!(opening(packed[0]).unwrap(), Opening::Key);
        assert_eq!(opening(packed[1]).unwrap(), Opening::PerhapsKey);
        assert_eq!(opening(&[0x61, 1]).unwrap(), Opening::Other);
        assert_eq!(opening(packed[2]).unwrap(), Opening::Inside);
    }

    #[test]
    fn what_does_not_fit_together_is_no_picture() {
        let wrong: [&[&[u8]]; 7] = [
            &[&[0x7c, IDR, 5]],
            &[&[0x7c, 0x80 | IDR, 3]],
            &[&[0x7c, 0x80 | IDR, 3], &[0x61, 1]],
            &[&[0x7c, 0x80 | IDR, 3], &[0x7c, 0x40 | 1, 3]],
            &[&[STAP_A, 0, 9, 1]],
            &[&[STAP_A, 0, 0]],
            &[&[0x7c]],
        ];
        for packets in wrong {
            assert!(whole(packets.iter().copied()).is_err(), "{packets:?}");
        }
        assert!(opening(&[29, 0, 0]).is_err() && opening(&[0]).is_err());
    }
}
