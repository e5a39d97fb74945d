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
    /// A packet, or reports, at the end of the path.
    pub(super) fn reaches_person(&mut self, person: usize, bytes: &[u8]) {
        let now = self.now;
        let Some(actor) = self.people.get_mut(&person) else { return };
        if control::is_control(bytes) {
            let mut again = Vec::new();
            for message in control::messages(bytes) {
                match message {
                    Message::KeyPicture { ssrc } => {
                        actor.keys_asked += 1;
                        if let Some(sending) = actor.sends.iter_mut().find(|sending| sending.ssrc == ssrc) {
                            sending.key = true;
                        }
                    }
                    Message::Nack { ssrc, missing } => {
                        let Some(sending) = actor.sends.iter().find(|s| s.ssrc == ssrc) else { continue };
                        for number in missing.iter() {
                            let of = |packet: &&Vec<u8>| packet[2..4] == number.to_be_bytes();
                            again.extend(sending.sent.iter().find(of).cloned());
                        }
                    }
                    _ => {}
                }
            }
            again.into_iter().for_each(|packet| self.leaves_for_room(person, packet));
            return;
        }
        let packet = Packet::parse(bytes).expect("a packet");
        let Some([high, low]) = packet.extension(TRANSPORT) else { panic!("no number") };
        actor.arrivals.note(u16::from_be_bytes([*high, *low]), now);
        let (&slot, &(sound, _)) = actor
            .slots
            .iter()
            .find(|(_, (sound, picture))| [*sound, *picture].contains(&packet.head.ssrc))
            .expect("a stream that was agreed");
        // What a hostile one shows is not judged; that nobody else's slot shows it is.
        if self.hostile.is_some_and(|hostile| actor.name_of(now, slot, user(hostile)).is_some()) {
            return;
        }
        let is_sound = packet.head.ssrc == sound;
        let receiving = actor.receives.entry(packet.head.ssrc).or_default();
        let sequence = receiving.counter.unwrap(packet.head.sequence);
        if let Some(before) = receiving.packets.insert(sequence, bytes.to_vec()) {
            assert_eq!(before, bytes, "a repair differs from what it repairs");
            return;
        }
        if receiving.missing.remove(&sequence).is_some() {
            actor.repaired += 1;
        }
        if receiving.highest > 0 && !is_sound {
            for gap in receiving.highest + 1..sequence {
                receiving.missing.insert(gap, now);
            }
        }
        receiving.highest = receiving.highest.max(sequence);
        if is_sound {
            receiving.kind = Some(Kind::Sound);
            let from = u32::from_be_bytes(packet.payload[..4].try_into().expect("four")) as usize;
            assert_ne!(from, person);
            assert!(actor.name_of(now, slot, user(from)).is_some(), "a wrong name");
            *actor.heard.entry(from).or_default() += 1;
            return;
        }
        receiving.kind = Some(Kind::Camera);
        receiving.packets.retain(|number, _| number + 3_000 > sequence);
        actor.watch(now, packet.head.ssrc, person, sequence);
    }

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
