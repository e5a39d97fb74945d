//! Who is in which slot, and how large: the choices of a room that are made a few times a second.
use super::{
    Kind, News, Out, Room, SPEAKERS, Slot, Source,
    layers::{self, Layer, Layers, Wish},
    person::{Person, Shown},
    slots::{Candidate, worth_having},
};
use calls_protocol::UserId;
use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

/// Between two times that one participant is asked for more slots.
const ASK_SLOTS: Duration = Duration::from_millis(250);
/// Nobody wants it as large any more: it is told after so long, since somebody may again.
const LESS_AFTER: Duration = Duration::from_secs(5);
/// What a picture costs that was not seen yet, for each of its pixels in height.
const BITS_A_LINE: u64 = 1_500;
/// As high as most cameras show by default.
const USUAL_HEIGHT: u16 = 720;

impl Room {
    /// Who speaks, and who is in which slot.
    pub(super) fn seat_everybody(&mut self, now: Duration, out: &mut impl Out) {
        if let Some(heard) = self.speakers.tick(now) {
            let user = self.users();
            let speakers =
                heard.speakers.iter().filter_map(|(seat, loud)| Some((user(*seat)?, *loud))).collect();
            let dominant = heard.dominant.and_then(&user);
            drop(user);
            out.news(News::Speakers { dominant, speakers });
        }
        let heard: Vec<usize> = self.speakers.sent().collect();
        let mut there: Vec<(u64, Shown, UserId)> = Vec::new();
        for (seat, person) in self.people.iter().enumerate() {
            let Some(person) = person.as_deref().filter(|person| person.is_sending()) else { continue };
            let order = person.order;
            there.push((order, Shown { seat, order, is_screen: false }, person.user));
            if person.has(now, Kind::Screen) {
                // What somebody shows to all comes before all.
                there.push((0, Shown { seat, order, is_screen: true }, person.user));
            }
        }
        there.sort_unstable();
        let has_picture: BTreeMap<Shown, bool> = there
            .iter()
            .map(|(_, shown, _)| {
                (*shown, self.people[shown.seat].as_ref().is_some_and(|p| p.has(now, shown.kind())))
            })
            .collect();
        let first_sound: BTreeMap<usize, Source> = there
            .iter()
            .filter_map(|(_, shown, _)| {
                let streams = &self.people[shown.seat].as_ref()?.streams;
                // The newest, if it was made anew.
                let stream = streams.iter().rposition(|stream| stream.kind == Kind::Sound)?;
                Some((shown.seat, Source { seat: shown.seat, stream }))
            })
            .collect();
        let most = self.settings.slots;
        for seat in 0..self.people.len() {
            let Some(person) = self.people[seat].as_deref_mut() else { continue };
            let candidates: Vec<Candidate<Shown>> = there
                .iter()
                .filter(|(_, shown, _)| shown.seat != seat)
                .map(|(_, shown, user)| Candidate {
                    id: *shown,
                    is_watched: person.looks_at(*user, shown.kind()).unwrap_or(u16::from(shown.is_screen))
                        > 0,
                    is_heard: !shown.is_screen && heard.contains(&shown.seat),
                    has_picture: has_picture.get(shown).copied().unwrap_or(false),
                })
                .collect();
            let (pairs, voices) = worth_having(candidates.len(), most);
            let (pairs, voices) = (pairs.max(person.asked_slots.0), voices.max(person.asked_slots.1));
            let may_ask = person.asked_at.is_none_or(|at| now.saturating_sub(at) >= ASK_SLOTS);
            if !candidates.is_empty() && (pairs, voices) != person.asked_slots {
                if may_ask {
                    person.asked_slots = (pairs, voices);
                    person.asked_at = Some(now);
                    out.news(News::Slots { seat, pairs, voices });
                } else {
                    self.due.speakers = self.due.speakers.min(now + ASK_SLOTS).min(now + SPEAKERS);
                }
            }
            if person.slots.assign(&candidates) {
                self.is_stale = true;
            }
            self.is_stale |= person.hear(now, &first_sound);
            let told: Vec<(Slot, Shown)> = person.slots.iter().collect();
            if told != person.told {
                person.told.clone_from(&told);
                let shown = told.into_iter().filter_map(|(slot, shown)| {
                    let (.., user) = there.iter().find(|(_, other, _)| *other == shown)?;
                    Some((slot, *user, shown.kind()))
                });
                out.news(News::Streams { seat, shown: shown.collect() });
            }
        }
    }

    /// How large each picture goes to whom.
    pub(super) fn choose_layers(&mut self, now: Duration, out: &mut impl Out) {
        let offers: BTreeMap<Shown, Vec<(Source, Layer)>> = self
            .people
            .iter_mut()
            .enumerate()
            .filter_map(|(seat, person)| Some((seat, person.as_deref_mut()?)))
            .flat_map(|(seat, person)| {
                [false, true].map(|is_screen| {
                    let shown = Shown { seat, order: person.order, is_screen };
                    (shown, person.layers_of(now, shown))
                })
            })
            .filter(|(_, layers)| !layers.is_empty())
            .collect();
        let dominant = self.speakers.dominant();
        let users: Vec<Option<UserId>> =
            self.people.iter().map(|person| person.as_ref().map(|person| person.user)).collect();
        let mut wanted: BTreeMap<Shown, u16> = BTreeMap::new();
        let mut keys: Vec<Source> = Vec::new();
        for person in self.people.iter_mut().flatten() {
            let wishes = person.wishes(&offers, &users, dominant);
            person.path.want(now, Layers::ideal(&wishes) * WANTED_PERCENT / 100 + SOUNDS_BPS);
            let estimate = person.path.estimate();
            let budget = estimate - SOUNDS_BPS.min(estimate / 4);
            person.layers.decide(now, budget, &wishes);
            person.path.chose(person.layers.total(&wishes) + SOUNDS_BPS);
            for wish in &wishes {
                let height = wanted.entry(wish.of).or_default();
                *height = (*height).max(person.layers.in_reach(wish).map_or(0, |level| wish.up_to(level)));
            }
            self.is_stale |= person.look(now, &offers, &mut keys);
        }
        keys.into_iter().for_each(|source| self.want_key(source));
        for (seat, person) in self.people.iter_mut().enumerate() {
            let Some(person) = person.as_deref_mut().filter(|person| person.is_sending()) else { continue };
            let order = person.order;
            let of = |is_screen| {
                let shown = Shown { seat, order, is_screen };
                // Of what never came nobody could want anything, and it would never come.
                let is_known = person.streams.iter().any(|stream| stream.kind == shown.kind());
                if is_known { wanted.get(&shown).copied().unwrap_or(0) } else { u16::MAX }
            };
            if let Some((camera, screen)) = person.is_wanted(now, (of(false), of(true))) {
                out.news(News::Wanted { seat, camera, screen });
            }
        }
    }
}

/// Before a larger layer is chosen, the path has to be known to carry clearly more than it.
const WANTED_PERCENT: u64 = 125;
/// What is left for the sounds of others.
const SOUNDS_BPS: u64 = 40_000;

impl Person {
    /// What can be had of a picture of theirs, the smallest first.
    fn layers_of(&mut self, now: Duration, shown: Shown) -> Vec<(Source, Layer)> {
        if !self.permits(shown.kind()) {
            return Vec::new();
        }
        let kind = shown.kind();
        let told = self.told_wanted(kind);
        let top = self.streams.iter().filter(|stream| stream.kind == kind).map(|stream| stream.layer).max();
        let Some(top) = top else { return Vec::new() };
        let mut layers: Vec<(Source, Layer)> = Vec::new();
        for (at, stream) in self.streams.iter_mut().enumerate().filter(|(_, stream)| stream.kind == kind) {
            let height = stream.height.unwrap_or(USUAL_HEIGHT >> (top - stream.layer).min(4));
            if !stream.flows(now) && told.is_none_or(|told| told >= height) {
                continue;
            }
            let bps = stream.bps(now).unwrap_or(u64::from(height) * BITS_A_LINE);
            layers.push((Source { seat: shown.seat, stream: at }, Layer { bps, height }));
        }
        layers.sort_by_key(|(source, layer)| (layer.height, Reverse(source.stream)));
        layers.truncate(layers::LAYERS);
        layers
    }

    /// How high a picture is on their screen, as far as they said so.
    fn looks_at(&self, user: UserId, kind: Kind) -> Option<u16> {
        let looks = self.looks.as_ref()?;
        looks.get(&(user, kind)).copied().or_else(|| (kind == Kind::Camera).then_some(0))
    }

    /// Every picture in a slot of theirs, in the order of its worth.
    fn wishes(
        &self,
        offers: &BTreeMap<Shown, Vec<(Source, Layer)>>,
        users: &[Option<UserId>],
        dominant: Option<usize>,
    ) -> Vec<Wish<Shown>> {
        let shown: Vec<Shown> =
            self.slots.iter().filter(|(slot, _)| is_pair(*slot)).map(|(_, id)| id).collect();
        let usual = match shown.len() {
            0 | 1 => 720,
            2..=4 => 360,
            _ => 180,
        };
        let mut wishes: Vec<Wish<Shown>> = shown
            .into_iter()
            .filter_map(|id| {
                let offered = offers.get(&id)?;
                let mut layers = [None; layers::LAYERS];
                for (place, (_, layer)) in layers.iter_mut().zip(offered) {
                    *place = Some(*layer);
                }
                let user = users.get(id.seat).copied().flatten()?;
                // What somebody shows to all is read, not only seen.
                let unasked = match id.is_screen {
                    true => u16::MAX,
                    false if Some(id.seat) == dominant => usual.max(360),
                    false => usual,
                };
                let height = self.looks_at(user, id.kind()).unwrap_or(unasked);
                Some(Wish { of: id, layers, height })
            })
            .collect();
        let is_dominant = |wish: &Wish<Shown>| Some(wish.of.seat) == dominant;
        wishes.sort_by_key(|wish| {
            (Reverse(wish.of.is_screen), Reverse(is_dominant(wish)), Reverse(wish.height))
        });
        wishes
    }

    /// Pictures are switched as chosen. Whether anything changed; whole pictures that are needed for it are noted.
    fn look(
        &mut self,
        now: Duration,
        offers: &BTreeMap<Shown, Vec<(Source, Layer)>>,
        keys: &mut Vec<Source>,
    ) -> bool {
        let mut is_new = false;
        for at in 0..self.pictures.len() {
            let shown = self.slots.iter().find(|(slot, _)| *slot == Slot::Pair(at)).map(|(_, id)| id);
            let source = shown.and_then(|id| {
                let level = self.layers.of(id)?;
                offers.get(&id)?.get(usize::from(level)).map(|(source, _)| *source)
            });
            let track = &mut self.pictures[at];
            let before = (track.from, track.next);
            if track.want(now, source) && self.path.drop_pair(at) {
                // The path is full of what it no longer carries: what went before stops at once.
                track.stop();
            }
            is_new |= (track.from, track.next) != before;
            // Asked for as long as it is waited for.
            keys.extend(track.next);
        }
        is_new
    }

    /// Sounds of those who are in slots. Whether anything changed.
    fn hear(&mut self, now: Duration, sounds: &BTreeMap<usize, Source>) -> bool {
        let mut is_new = false;
        let slots = (0..self.sounds.len()).map(Slot::Pair).chain((0..self.voices.len()).map(Slot::Voice));
        for slot in slots.collect::<Vec<_>>() {
            let shown = self.slots.iter().find(|(other, _)| *other == slot).map(|(_, id)| id);
            let source = shown.filter(|id| !id.is_screen).and_then(|id| sounds.get(&id.seat)).copied();
            let Some(track) = self.sound_mut(slot) else { continue };
            let before = (track.from, track.next);
            track.want(now, source);
            is_new |= (track.from, track.next) != before;
        }
        is_new
    }

    /// How high their pictures are wanted, if that is news.
    fn is_wanted(&mut self, now: Duration, wanted: (u16, u16)) -> Option<(u16, u16)> {
        let told = self.wanted.unwrap_or((u16::MAX, u16::MAX));
        let is_less = wanted.0 < told.0 || wanted.1 < told.1;
        let is_more = self.wanted.is_some() && (wanted.0 > told.0 || wanted.1 > told.1);
        self.less_wanted_since = is_less.then(|| self.less_wanted_since.unwrap_or(now));
        let is_long_so = |since: Duration| now.saturating_sub(since) >= LESS_AFTER;
        if !is_more && !self.less_wanted_since.is_some_and(is_long_so) {
            return None;
        }
        self.less_wanted_since = None;
        self.wanted = Some(wanted);
        Some(wanted)
    }
}

fn is_pair(slot: Slot) -> bool {
    matches!(slot, Slot::Pair(_))
}
