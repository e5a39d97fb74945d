//! Texts and numbers within bounds: what is stored or passed on must fit where it goes.
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;

/// The longest `platform`: a word, and a version perhaps.
pub(crate) const PLATFORM: usize = 64;
/// The longest `pushToken`: FCM's are below 300 characters, a web push subscription as JSON is below 1,000.
pub(crate) const PUSH_TOKEN: usize = 4096;
/// The longest `sdpMid`: the column that keeps it holds as many, and the names in use are a few characters.
pub(crate) const SDP_MID: usize = 100;
/// The longest `candidateType`; today's are `host`, `srflx`, `prflx` and `relay`.
pub(crate) const CANDIDATE_TYPE: usize = 32;
/// The longest `messageId`: a UUID has 36 characters.
pub(crate) const MESSAGE_ID: usize = 64;
/// The longest text of a chat message: a page of a book.
pub(crate) const CHAT: usize = 2000;
/// The most wishes of one `call:subscribe`: more pictures than a screen can show.
pub(crate) const STREAMS: usize = 64;
/// Ten minutes in milliseconds: no call lives with a longer delay.
pub(crate) const DELAY_MS: u32 = 600_000;
/// Ten gigabits a second.
pub(crate) const BITRATE_KBPS: u32 = 10_000_000;

/// A text of at most `LONGEST` characters without control characters, which would break a log line or a column.
fn checked<E: de::Error>(text: &str, longest: usize) -> Result<String, E> {
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(E::custom(format_args!("expected at most {longest} characters, none of them a control")));
    }
    Ok(text.to_owned())
}

/// A text that must be there.
pub(crate) fn text<'de, const LONGEST: usize, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = <Cow<'de, str>>::deserialize(input)?;
    if text.is_empty() {
        return Err(de::Error::custom(format_args!("expected 1 to {LONGEST} characters")));
    }
    checked(&text, LONGEST)
}

/// A text that must be there and may have several lines. Other control characters say nothing and may do harm on a
/// terminal that shows them.
pub(crate) fn lines<'de, const LONGEST: usize, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = <Cow<'de, str>>::deserialize(input)?;
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(is_odd) {
        return Err(de::Error::custom(format_args!(
            "expected 1 to {LONGEST} characters, none of them a control"
        )));
    }
    Ok(text.into_owned())
}

/// A list of at most `MOST`.
pub(crate) fn list<'de, const MOST: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    input: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(input)?;
    if list.len() > MOST {
        return Err(de::Error::custom(format_args!("expected at most {MOST}")));
    }
    Ok(list)
}

/// A text that may be missing or `null`.
pub(crate) fn maybe_text<'de, const LONGEST: usize, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<String>, D::Error> {
    let text = <Option<Cow<'de, str>>>::deserialize(input)?;
    text.map(|text| checked(&text, LONGEST)).transpose()
}

/// A text that may be missing, `null` or empty, all of which mean the same.
pub(crate) fn maybe_full_text<'de, const LONGEST: usize, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<String>, D::Error> {
    Ok(maybe_text::<LONGEST, D>(input)?.filter(|text| !text.is_empty()))
}

fn in_range<E: de::Error>(number: f64, least: u32, most: u32) -> Result<f64, E> {
    if (f64::from(least)..=f64::from(most)).contains(&number) {
        Ok(number)
    } else {
        Err(E::custom(format_args!("expected a number from {least} to {most}")))
    }
}

/// A number from `LEAST` to `MOST`.
pub(crate) fn number<'de, const LEAST: u32, const MOST: u32, D: Deserializer<'de>>(
    input: D,
) -> Result<f64, D::Error> {
    in_range(f64::deserialize(input)?, LEAST, MOST)
}

/// A number from `LEAST` to `MOST`, which may be missing or `null`.
pub(crate) fn maybe_number<'de, const LEAST: u32, const MOST: u32, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<f64>, D::Error> {
    let number = Option::<f64>::deserialize(input)?;
    number.map(|number| in_range(number, LEAST, MOST)).transpose()
}

/// A loudness of a newer or careless server, brought into 0 to 1: `1e300` would be infinite as an `f32`.
pub(crate) fn loudness<'de, D: Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    Ok(f32::deserialize(input)?.clamp(0.0, 1.0))
}

/// A flag for which `null` is as good as nothing: some JSON writers send every field they have.
pub(crate) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(input)?.unwrap_or_default())
}
