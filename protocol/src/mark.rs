//! Which offer an answer is to: without it, one that comes late is taken for the answer to the next offer.
use crate::Sdp;

/// The attribute that names the offer of an answer. Whoever does not know it passes over it (RFC 8866, 5.13).
const ANSWERS: &str = "a=x-answers:";

/// Short for one offer. No two are alike, since each has a version in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

impl Mark {
    /// FNV-1a: the same on every device, and nobody gains by making two offers of their own alike.
    pub fn of(offer: &Sdp) -> Self {
        Self::of_text(offer.sdp().as_deref().unwrap_or(offer.as_json()))
    }

    /// Of the text of an offer.
    pub fn of_text(offer: &str) -> Self {
        Self(offer.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// The line that the text of an answer ends with.
    pub fn line(self) -> String {
        format!("{ANSWERS}{:016x}\r\n", self.0)
    }

    /// The answer, with a line that says to which offer it is.
    pub fn write(self, answer: Sdp) -> Sdp {
        match answer.sdp() {
            Some(text) => {
                let text = text.trim_end_matches(['\r', '\n']);
                Sdp::object("answer", &format!("{text}\r\n{}", self.line()))
            }
            None => answer,
        }
    }

    /// The offer that an answer names. None if it names none, as those of other apps.
    pub fn read(answer: &Sdp) -> Option<Self> {
        let text = answer.sdp()?;
        let line = text.lines().find_map(|line| line.trim_end().strip_prefix(ANSWERS))?;
        u64::from_str_radix(line, 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_offer_and_keeps_the_rest() {
        let offer = Sdp::object("offer", "v=0\r\no=- 1 2\r\n");

        let answer = Mark::of(&offer).write(Sdp::object("answer", "v=0\r\nm=audio\r\n"));

        assert_eq!(Mark::read(&answer), Some(Mark::of(&offer)));
        assert_ne!(Mark::read(&answer), Some(Mark::of(&Sdp::object("offer", "v=0\r\no=- 1 3\r\n"))));
        assert!(answer.sdp().unwrap().starts_with("v=0\r\nm=audio\r\na=x-answers:"));
        assert_eq!(Mark::read(&Sdp::object("answer", "v=0\r\n")), None);
    }
}
