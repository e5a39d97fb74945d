//! A description as lines: what is before the first m-line, and the sections. Here its size is bounded; what the lines
//! mean is not known here.
use super::{BadDescription, BadSection};

/// Chromium's description of fifty pictures is 100 KiB.
pub(super) const LONGEST: usize = 256 * 1024;
/// A person and those in their slots need 54. A browser that changes its mind a whole call long stays below this.
pub(super) const MOST_SECTIONS: usize = 128;
/// The longest lines of browsers, candidates and m-lines, are 200 bytes.
pub(super) const LONGEST_LINE: usize = 4096;
/// Of one section, or before the first. Chromium writes 160 of a picture.
pub(super) const MOST_ATTRIBUTES: usize = 1024;

/// `a=name:value` or `a=name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// Empty if there is none.
    pub(super) value: &'a str,
}

/// `m=kind port protocol format…`, and what follows.
pub(super) struct RawSection<'a> {
    pub(super) kind: &'a str,
    pub(super) port: u16,
    pub(super) protocol: &'a str,
    pub(super) formats: Vec<&'a str>,
    pub(super) attributes: Attributes<'a>,
}

/// All attributes of one place, in their order.
#[derive(Default)]
pub(super) struct Attributes<'a>(Vec<Attribute<'a>>);

/// A description that is nothing but lines yet.
pub(super) struct Lines<'a> {
    pub(super) head: Attributes<'a>,
    pub(super) sections: Vec<RawSection<'a>>,
}

impl<'a> Attributes<'a> {
    /// The values of all of one name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |attribute| attribute.name == name).map(|attribute| attribute.value)
    }

    /// The value of the first of one name.
    pub(super) fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The last of which this is so: of directions, what was said last counts.
    pub(super) fn last<T>(&self, what: impl Fn(Attribute<'a>) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|attribute| what(*attribute))
    }
}

impl<'a> Lines<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, BadDescription> {
        if text.len() > LONGEST {
            return Err(BadDescription::TooLong);
        }
        let mut lines = Self { head: Attributes::default(), sections: Vec::new() };
        let mut keys = Vec::new();
        let split = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
        for (index, line) in split.filter(|(_, line)| !line.is_empty()) {
            let bad = BadDescription::Line { line: index + 1 };
            let is_good = line.len() <= LONGEST_LINE && !line.chars().any(char::is_control);
            let (Some((key, value)), true) = (line.split_once('='), is_good) else {
                return Err(bad);
            };
            if key.len() != 1 {
                return Err(bad);
            }
            if keys.is_empty() && line != "v=0" {
                return Err(BadDescription::Head);
            }
            match key {
                "m" => lines.begin(value)?,
                "a" => lines.attribute(value).ok_or(BadDescription::TooManyAttributes)?,
                _ if lines.sections.is_empty() && keys.len() < MOST_ATTRIBUTES => keys.push(key),
                // Addresses, bandwidths, what is for people: nothing of it is needed.
                _ => {}
            }
        }
        if !["v", "o", "s", "t"].iter().all(|key| keys.contains(key)) {
            return Err(BadDescription::Head);
        }
        if lines.sections.is_empty() {
            return Err(BadDescription::Sections);
        }
        Ok(lines)
    }

    fn begin(&mut self, media: &'a str) -> Result<(), BadDescription> {
        if self.sections.len() == MOST_SECTIONS {
            return Err(BadDescription::Sections);
        }
        let bad = BadDescription::Section { index: self.sections.len(), fault: BadSection::MediaLine };
        let words: Vec<&str> = media.split(' ').collect();
        let [kind, port, protocol, formats @ ..] = &words[..] else {
            return Err(bad);
        };
        let (Ok(port), false) = (port.parse(), words.contains(&"") || formats.is_empty()) else {
            return Err(bad);
        };
        let attributes = Attributes::default();
        self.sections.push(RawSection { kind, port, protocol, formats: formats.to_vec(), attributes });
        Ok(())
    }

    fn attribute(&mut self, text: &'a str) -> Option<()> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let Attributes(all) = self.sections.last_mut().map_or(&mut self.head, |last| &mut last.attributes);
        (all.len() < MOST_ATTRIBUTES).then(|| all.push(Attribute { name, value: value.trim_start() }))
    }
}
