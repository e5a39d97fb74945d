//! A database that survives the server, less what was not written yet.
use super::Random;
use calls_protocol::CallId;
use calls_server::calls::{OpenCall, Present, Record};
use std::collections::BTreeMap;

/// The server writes in batches; what is younger than this may be lost when it is killed.
const UNWRITTEN: u64 = 50;

#[derive(Default)]
pub(crate) struct Store {
    written: Vec<(u64, Record)>,
}

struct Row {
    open: OpenCall,
    ended: bool,
}

impl Store {
    pub(crate) fn write(&mut self, now: u64, record: Record) {
        if !matches!(record, Record::Candidate { .. } | Record::Statistics { .. }) {
            self.written.push((now, record));
        }
    }

    /// Loses some of the youngest records, in the order in which they would have been written.
    pub(crate) fn crash(&mut self, now: u64, random: &mut Random) -> Vec<Record> {
        let safe = self.written.partition_point(|(at, _)| at + UNWRITTEN <= now);
        let at_risk = u64::try_from(self.written.len() - safe).expect("a short list");
        let survives = safe + usize::try_from(random.below(at_risk + 1)).expect("a short list");
        let lost = self.written.split_off(survives);
        lost.into_iter().rev().map(|(_, record)| record).collect()
    }

    pub(crate) fn next_ids(&self) -> (u64, u64) {
        let (mut next, mut next_group) = (1, 1);
        for (_, record) in &self.written {
            match record {
                Record::Ringing { call, .. } => next = next.max(call.get() + 1),
                Record::GroupRinging { call, .. } => next_group = next_group.max(call.get() + 1),
                _ => {}
            }
        }
        (next, next_group)
    }

    /// What goes on according to the rows, and whether it is a group call.
    pub(crate) fn open_calls(&self) -> Vec<(OpenCall, bool)> {
        let mut calls: BTreeMap<CallId, Row> = BTreeMap::new();
        let mut groups: BTreeMap<CallId, Row> = BTreeMap::new();
        for (_, record) in &self.written {
            apply(record, &mut calls, &mut groups);
        }
        let open = |rows: BTreeMap<CallId, Row>, is_group| {
            rows.into_values().filter(|row| !row.ended).map(move |row| (row.open, is_group))
        };
        open(calls, false).chain(open(groups, true)).collect()
    }
}

fn apply(record: &Record, calls: &mut BTreeMap<CallId, Row>, groups: &mut BTreeMap<CallId, Row>) {
    match record {
        Record::Ringing { call, from, to, call_type, room, offer, at, expires, device } => {
            let open = OpenCall::OneToOne {
                call: *call,
                from: *from,
                to: *to,
                call_type: *call_type,
                room: room.clone(),
                offer: Some(offer.clone()),
                created: *at,
                expires: *expires,
                accepted: None,
                devices: (device.clone(), None),
            };
            calls.insert(*call, Row { open, ended: false });
        }
        Record::Connected { call, at, device, .. } => {
            if let Some(Row { open: OpenCall::OneToOne { accepted, devices, .. }, .. }) = calls.get_mut(call)
            {
                *accepted = Some(*at);
                devices.1.clone_from(device);
            }
        }
        Record::Ended { call, .. } => drop(calls.entry(*call).and_modify(|row| row.ended = true)),
        Record::GroupRinging { call, group, by, call_type, room, at, expires } => {
            let open = OpenCall::Group {
                call: *call,
                group: *group,
                by: *by,
                call_type: *call_type,
                room: room.clone(),
                created: *at,
                expires: *expires,
                active: None,
                participants: Vec::new(),
            };
            groups.insert(*call, Row { open, ended: false });
        }
        Record::GroupActive { call, at } => {
            if let Some(Row { open: OpenCall::Group { active, .. }, .. }) = groups.get_mut(call) {
                *active = Some(*at);
            }
        }
        Record::GroupEnded { call, .. } => drop(groups.entry(*call).and_modify(|row| row.ended = true)),
        Record::Joined { call, user, device, at } => {
            if let Some(Row { open: OpenCall::Group { participants, .. }, .. }) = groups.get_mut(call) {
                participants.push(Present { user: *user, device: device.clone(), since: *at });
            }
        }
        Record::Left { call, user, .. } => {
            if let Some(Row { open: OpenCall::Group { participants, .. }, .. }) = groups.get_mut(call) {
                participants.retain(|present| present.user != *user);
            }
        }
        Record::Candidate { .. } | Record::Statistics { .. } => {}
    }
}
