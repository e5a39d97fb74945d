//! What each person on the stage saw and heard, and how they are asked about it.
use super::*;

impl Actor {
    /// What stands under this name in a slot, or did a moment ago.
    pub(super) fn name_of(&self, now: Duration, slot: Slot, of: UserId) -> Option<Kind> {
        let before = self.shown_before.0.iter().filter(|_| now < self.shown_before.1);
        let is_it = |(other, name, _): &&(Slot, UserId, Kind)| *other == slot && *name == of;
        self.shown.iter().chain(before).find(is_it).map(|(_, _, kind)| *kind)
    }

    /// Shows every picture that is whole by now, in order; after a hole, from the next that needs none before it.
    pub(super) fn watch(&mut self, now: Duration, ssrc: u32, person: usize, newest: u64) {
        let Some(receiving) = self.receives.get_mut(&ssrc) else { return };
        let start = *receiving.next.get_or_insert(newest);
        let mut at = start;
        loop {
            let read = |number: u64| {
                let bytes = receiving.packets.get(&number)?;
                let packet = Packet::parse(bytes)?;
                Some((packet, Descriptor::parse(packet.payload)))
            };
            let Some((first, about)) = read(at) else { break };
            if first.payload.is_empty() {
                at += 1;
                receiving.next = Some(at);
                continue;
            }
            let about = about.expect("VP8");
            let mut end = at;
            let whole = loop {
                match read(end) {
                    Some((packet, _)) if packet.head.timestamp != first.head.timestamp => break false,
                    Some((packet, _)) if packet.head.marker => break true,
                    Some(_) => end += 1,
                    None => break false,
                }
            };
            if !whole || !about.begins {
                break;
            }
            if about.is_key {
                receiving.is_whole = true;
            }
            at = end + 1;
            receiving.next = Some(at);
            if !receiving.is_whole {
                continue;
            }
            let from = u32::from_be_bytes(first.payload[14..18].try_into().expect("four")) as usize;
            assert_ne!(from, person);
            let (slot, _) = self.slots.iter().find(|(_, (_, picture))| *picture == ssrc).expect("a slot");
            let is_now = |(other, name, _): &&(Slot, UserId, Kind)| other == slot && *name == user(from);
            let before = self.shown_before.0.iter().filter(|_| now < self.shown_before.1);
            let Some((_, _, kind)) = self.shown.iter().chain(before).find(is_now) else {
                panic!("a picture under a wrong name")
            };
            let kind = *kind;
            let looked = self.looked.entry((from, kind)).or_default();
            if let Some(last) = looked.last {
                looked.freeze = looked.freeze.max(now - last);
            }
            looked.last = Some(now);
            looked.pictures += 1;
            looked.height = u16::from_le_bytes([first.payload[12], first.payload[13]]);
        }
        // A whole picture that is all there makes what is missing before it needless.
        let key = (at + 1..=receiving.highest).find(|start| {
            let part = |number: u64| receiving.packets.get(&number).and_then(|bytes| Packet::parse(bytes));
            let begins =
                |packet: &Packet<'_>| Descriptor::parse(packet.payload).is_some_and(|found| found.is_key);
            let Some(first) = part(*start).filter(begins) else { return false };
            let mut parts =
                (*start..).map_while(part).take_while(|p| p.head.timestamp == first.head.timestamp);
            parts.any(|part| part.head.marker)
        });
        if let Some(key) = key {
            receiving.missing.retain(|number, _| *number > key);
            receiving.next = Some(key);
            return self.watch(now, ssrc, person, newest);
        }
        // What is missing will not come any more.
        let is_behind = receiving.missing.is_empty() && receiving.highest > at + 3;
        if is_behind {
            receiving.is_whole = false;
        }
    }
}

impl Stage {
    pub(in super::super) fn seen(&self, receiver: usize, sender: usize) -> u64 {
        self.looked(receiver, sender, Kind::Camera).map_or(0, |looked| looked.pictures)
    }

    pub(in super::super) fn seen_screen(&self, receiver: usize, sender: usize) -> u64 {
        self.looked(receiver, sender, Kind::Screen).map_or(0, |looked| looked.pictures)
    }

    fn looked(&self, receiver: usize, sender: usize, kind: Kind) -> Option<&Looked> {
        self.people[&receiver].looked.get(&(sender, kind))
    }

    pub(in super::super) fn seen_by(&self, receiver: usize) -> Vec<usize> {
        let looked = self.people[&receiver].looked.iter();
        looked.filter(|(_, looked)| looked.pictures > 20).map(|((sender, _), _)| *sender).collect()
    }

    pub(in super::super) fn heard(&self, receiver: usize, sender: usize) -> u64 {
        self.people[&receiver].heard.get(&sender).copied().unwrap_or(0)
    }

    pub(in super::super) fn names_heard(&self, receiver: usize) -> Vec<UserId> {
        self.people[&receiver].heard_now.clone()
    }

    pub(in super::super) fn most_heard_at_once(&self, receiver: usize) -> usize {
        self.people[&receiver].most_heard
    }

    pub(in super::super) fn shown(&self, sender: usize) -> u64 {
        self.people[&sender].pictures
    }

    pub(in super::super) fn height(&self, receiver: usize, sender: usize) -> u16 {
        self.looked(receiver, sender, Kind::Camera).map_or(0, |looked| looked.height)
    }

    pub(in super::super) fn longest_freeze(&self, receiver: usize, sender: usize) -> Duration {
        self.looked(receiver, sender, Kind::Camera).map_or(Duration::MAX, |looked| looked.freeze)
    }

    pub(in super::super) fn keys_asked(&self, sender: usize) -> u64 {
        self.people[&sender].keys_asked
    }

    pub(in super::super) fn repaired(&self, receiver: usize) -> u64 {
        self.people[&receiver].repaired
    }

    pub(in super::super) fn slots_asked(&self, receiver: usize) -> usize {
        self.people[&receiver].asked
    }

    pub(in super::super) fn wanted(&self, sender: usize) -> Option<(u16, u16)> {
        self.people[&sender].wanted
    }
}
