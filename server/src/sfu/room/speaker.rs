//! Who is heard: how loud each is, who is shown large, and whose sound is worth sending.
//!
//! From the loudness that each packet of sound says of itself (RFC 6464): nothing is decoded here.
use std::{collections::BTreeMap, time::Duration};

/// As loud as a quiet room, in decibels below the loudest: what is softer is no speech.
const ROOM: u8 = 65;
/// Speech is about so loud.
const SPEECH: u8 = 25;
/// What is silent for so long is not sent any more. Words end softly, and pauses between them are short.
const HANG: Duration = Duration::from_millis(800);
/// How fast loudness is believed, up and down.
const RISE: Duration = Duration::from_millis(80);
const FALL: Duration = Duration::from_millis(400);
/// How fast somebody becomes one who talks, rather than one who coughed.
const TALK: Duration = Duration::from_millis(1_500);
/// Whoever is shown large stays unless somebody talks clearly more.
const CLEARLY: f32 = 0.12;
/// Below this nobody talks.
const QUIET: f32 = 0.06;
/// Whoever is among the loudest stays there unless somebody is louder by this.
const STICK: f32 = 0.1;

/// One who can be heard.
#[derive(Debug, Clone, Copy, Default)]
struct Voice {
    /// Now, 0 to 1.
    loud: f32,
    /// Over a while, 0 to 1.
    talk: f32,
    heard_at: Duration,
    /// When something louder than a room was last heard.
    spoke_at: Option<Duration>,
    /// Whether it is among those that are sent.
    is_sent: bool,
}

/// Everyone who can be heard in a room.
#[derive(Debug)]
pub(super) struct Speakers<Id> {
    voices: BTreeMap<Id, Voice>,
    /// At most so many are sent at once.
    most: usize,
    dominant: Option<Id>,
    said: (Option<Id>, Vec<(Id, u8)>),
}

/// Who is heard right now, for the screens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard<Id> {
    /// The one to show large.
    pub(super) dominant: Option<Id>,
    /// Everyone who is heard, and how loud, 0 to 1; the loudest first.
    pub(super) speakers: Vec<(Id, f32)>,
}

impl<Id: Copy + Ord> Speakers<Id> {
    pub(super) fn new(most: usize) -> Self {
        Self { voices: BTreeMap::new(), most, dominant: None, said: (None, Vec::new()) }
    }

    /// A packet says how loud it is, in decibels below the loudest (127 is silence). Whether it is worth sending.
    pub(super) fn heard(&mut self, now: Duration, who: Id, below: u8) -> bool {
        let voice = self.voices.entry(who).or_default();
        let passed = now.saturating_sub(voice.heard_at).min(Duration::from_millis(200));
        voice.heard_at = now;
        let loud = f32::from(ROOM.saturating_sub(below)) / f32::from(ROOM - SPEECH);
        let loud = loud.min(1.0);
        let within = if loud > voice.loud { RISE } else { FALL };
        approach(&mut voice.loud, loud, passed, within);
        let loud_now = voice.loud;
        approach(&mut voice.talk, loud_now, passed, TALK);
        if loud > 0.0 {
            voice.spoke_at = Some(now);
        }
        if !voice.is_sounding(now) {
            voice.is_sent = false;
            return false;
        }
        if voice.is_sent {
            return true;
        }
        // Somebody begins to speak: not at the next count, a word would be lost.
        let voice = *voice;
        self.make_room(now, who, voice)
    }

    /// A packet that says nothing of its loudness is sent.
    pub(super) fn sounds(&mut self, now: Duration, who: Id) -> bool {
        self.heard(now, who, (ROOM + SPEECH) / 2)
    }

    fn make_room(&mut self, now: Duration, who: Id, voice: Voice) -> bool {
        let mut sent = 0;
        let mut softest: Option<(Id, f32)> = None;
        for (id, other) in &mut self.voices {
            other.is_sent &= other.is_sounding(now);
            if other.is_sent {
                sent += 1;
                let score = other.score();
                if softest.is_none_or(|(_, least)| score < least) {
                    softest = Some((*id, score));
                }
            }
        }
        let is_in = match softest {
            _ if sent < self.most => true,
            Some((id, score)) if voice.score() > score + STICK => {
                if let Some(softest) = self.voices.get_mut(&id) {
                    softest.is_sent = false;
                }
                true
            }
            _ => false,
        };
        if let Some(voice) = self.voices.get_mut(&who) {
            voice.is_sent = is_in;
        }
        is_in
    }

    /// Somebody is gone, or switched the microphone off.
    pub(super) fn silent(&mut self, who: Id) {
        self.voices.remove(&who);
    }

    /// Whose sound is sent.
    pub(super) fn sent(&self) -> impl Iterator<Item = Id> {
        self.voices.iter().filter(|(_, voice)| voice.is_sent).map(|(id, _)| *id)
    }

    /// The one to show large.
    pub(super) fn dominant(&self) -> Option<Id> {
        self.dominant
    }

    /// Counts anew; due each 300 ms. Something, if the screens should know.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Heard<Id>> {
        for voice in self.voices.values_mut() {
            // No packets are silence, too: some send none when nobody speaks.
            let passed = now.saturating_sub(voice.heard_at);
            if passed > Duration::from_millis(60) {
                approach(&mut voice.loud, 0.0, passed, FALL);
                approach(&mut voice.talk, 0.0, passed, TALK);
                voice.heard_at = now;
            }
            voice.is_sent &= voice.is_sounding(now);
        }
        self.elect();
        let mut speakers: Vec<(Id, f32)> = self
            .voices
            .iter()
            .filter(|(_, voice)| voice.is_sent && voice.loud > QUIET)
            .map(|(id, voice)| (*id, voice.loud))
            .collect();
        speakers.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        // In tenths, so that what nobody can see is not told.
        let told: Vec<(Id, u8)> =
            speakers.iter().map(|(id, loud)| (*id, (loud * 10.0).round() as u8)).collect();
        let said = (self.dominant, told);
        if said == self.said {
            return None;
        }
        self.said = said;
        let speakers = self.said.1.iter().map(|(id, tenths)| (*id, f32::from(*tenths) / 10.0)).collect();
        Some(Heard { dominant: self.dominant, speakers })
    }

    /// Who talks most. If nobody talks, whoever did last stays.
    fn elect(&mut self) {
        let best = self
            .voices
            .iter()
            .filter(|(_, voice)| voice.talk > QUIET)
            .max_by(|(_, a), (_, b)| a.talk.total_cmp(&b.talk))
            .map(|(id, voice)| (*id, voice.talk));
        let present = self.dominant.and_then(|id| Some((id, self.voices.get(&id)?.talk)));
        self.dominant = match (present, best) {
            (None, best) => best.map(|(id, _)| id),
            (Some((present, talk)), Some((best, most))) => {
                Some(if most > talk + CLEARLY || talk < QUIET { best } else { present })
            }
            (Some((present, _)), None) => Some(present),
        };
    }
}

impl Voice {
    fn score(&self) -> f32 {
        self.loud * 0.5 + self.talk * 0.5
    }

    fn is_sounding(&self, now: Duration) -> bool {
        self.spoke_at.is_some_and(|at| now.saturating_sub(at) < HANG)
    }
}

fn approach(value: &mut f32, target: f32, passed: Duration, within: Duration) {
    let share = passed.as_secs_f32() / (passed.as_secs_f32() + within.as_secs_f32());
    *value += (target - *value) * share;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(20);

    /// A room where some speak by turns.
    struct Stage {
        now: Duration,
        speakers: Speakers<u32>,
        told: Vec<Heard<u32>>,
    }

    impl Stage {
        fn new(most: usize) -> Self {
            Self { now: Duration::ZERO, speakers: Speakers::new(most), told: Vec::new() }
        }

        /// For so long, these are so loud. Returns whose last packet was sent.
        fn plays(&mut self, millis: u64, levels: &[(u32, u8)]) -> Vec<u32> {
            let mut sent = Vec::new();
            for _ in 0..millis / 20 {
                self.now += PACKET;
                sent = levels
                    .iter()
                    .filter(|(who, below)| self.speakers.heard(self.now, *who, *below))
                    .map(|(who, _)| *who)
                    .collect();
                if self.now.as_millis().is_multiple_of(300) {
                    self.told.extend(self.speakers.tick(self.now));
                }
            }
            sent
        }
    }

    #[test]
    fn whoever_talks_is_shown_large_and_a_cough_is_not() {
        let mut stage = Stage::new(5);
        stage.plays(3_000, &[(1, 25), (2, 80), (3, 127)]);
        assert_eq!(stage.speakers.dominant(), Some(1));
        stage.plays(200, &[(1, 25), (2, 5), (3, 127)]);
        stage.plays(1_000, &[(1, 25), (2, 90), (3, 127)]);
        assert_eq!(stage.speakers.dominant(), Some(1), "a cough");
        stage.plays(3_000, &[(1, 70), (2, 25), (3, 127)]);
        assert_eq!(stage.speakers.dominant(), Some(2));
        stage.plays(10_000, &[(1, 127), (2, 127), (3, 127)]);
        assert_eq!(stage.speakers.dominant(), Some(2), "nobody talks: nothing moves");
    }

    #[test]
    fn two_who_talk_at_once_do_not_make_the_picture_jump() {
        let mut stage = Stage::new(5);
        stage.plays(2_000, &[(1, 25), (2, 127)]);
        let mut jumps = 0;
        let mut last = stage.speakers.dominant();
        for turn in 0..60 {
            let (a, b) = if turn % 2 == 0 { (25, 35) } else { (35, 25) };
            stage.plays(300, &[(1, a), (2, b)]);
            jumps += u32::from(stage.speakers.dominant() != last);
            last = stage.speakers.dominant();
        }
        assert!(jumps <= 1, "{jumps} jumps in 18 seconds");
    }

    #[test]
    fn silence_is_not_sent_and_the_end_of_a_word_is() {
        let mut stage = Stage::new(5);
        assert_eq!(stage.plays(100, &[(1, 30)]), [1]);
        assert_eq!(stage.plays(600, &[(1, 90)]), [1], "a pause between words");
        assert_eq!(stage.plays(400, &[(1, 90)]), [0u32; 0]);
        assert_eq!(stage.plays(20, &[(1, 40)]), [1], "the first packet of a word");
    }

    #[test]
    fn no_more_than_the_loudest_are_sent_and_they_do_not_flap() {
        let mut stage = Stage::new(3);
        let crowd: Vec<(u32, u8)> = (0..8).map(|who| (who, 30)).collect();
        let first = stage.plays(1_000, &crowd);
        assert_eq!(first.len(), 3);
        assert_eq!(stage.plays(1_000, &crowd), first, "as loud as the others: those who were in stay in");
        let mut louder: Vec<(u32, u8)> = (0..8).map(|who| (who, 50)).collect();
        louder[7].1 = 20;
        assert!(stage.plays(600, &louder).contains(&7), "who is clearly louder comes in");
    }

    #[test]
    fn the_screens_hear_of_changes_only() {
        let mut stage = Stage::new(5);
        stage.plays(6_000, &[(1, 25)]);
        let so_far = stage.told.len();
        assert!(so_far >= 1);
        assert_eq!(stage.told.last().unwrap().speakers, [(1, 1.0)]);
        stage.plays(6_000, &[(1, 25)]);
        assert_eq!(stage.told.len(), so_far, "nothing changed");
        stage.plays(3_000, &[(1, 127)]);
        assert_eq!(stage.told.last().unwrap(), &Heard { dominant: Some(1), speakers: vec![] });
    }

    #[test]
    fn who_stops_sending_is_silent() {
        let mut stage = Stage::new(5);
        stage.plays(3_000, &[(1, 25)]);
        stage.plays(3_000, &[(2, 127)]);
        assert_eq!(stage.told.last().unwrap().speakers, []);
        assert_eq!(stage.speakers.sent().count(), 0);
    }
}
