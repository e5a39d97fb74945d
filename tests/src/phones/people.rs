//! What people do, and what happens to their phones.
use super::{
    EVENING, What, World,
    phone::{is_over, is_talking},
};
use crate::sim::{Random, group_id};
use calls_machine::{
    CallKey, CallKind, CallSnapshot, CallState, Callee, Command, FromDevice, Input, Picture,
};
use calls_protocol::{CallType, Reaction, RoomName};

/// What somebody is about to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Intent {
    Calls,
    /// The first and the last call each other.
    CallsTheOther,
    CallsTheGroup,
    OpensARoom,
    Answers(CallKey),
    GivesUp(CallKey),
    Fiddles(CallKey),
    HangsUp(CallKey),
}

/// What is about to go wrong, or right again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// The line to the server breaks.
    Breaks(usize),
    /// Another network is in use; the line to the server survives it or not.
    Moves {
        phone: usize,
        line_breaks: bool,
    },
    /// No network at all.
    GoesOffline {
        phone: usize,
        length: u64,
    },
    ComesOnline {
        phone: usize,
        elsewhere: bool,
    },
    /// Nothing passes from one to the other.
    Blocks {
        from: usize,
        to: usize,
        length: u64,
    },
    Unblocks {
        from: usize,
        to: usize,
    },
    AppDies(usize),
    AppStarts(usize),
}

/// What a person has seen of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Waits,
    Rings,
    Talks,
    Over,
}

impl World {
    pub(crate) fn plan_the_evening(&mut self) {
        for phone in 0..self.phones.len() {
            if !self.random.one_in(5) {
                let at = self.now + self.random.below(2_000);
                self.agenda.add(at, What::Trouble(Trouble::AppStarts(phone)));
            }
            let busy = if self.random.one_in(4) { 6 } else { 3 };
            for _ in 0..1 + self.random.below(busy) {
                let at = self.now + 3_000 + self.random.below(EVENING - 20_000);
                let intent = match self.random.below(8) {
                    0 => Intent::CallsTheGroup,
                    1 => Intent::OpensARoom,
                    _ => Intent::Calls,
                };
                self.agenda.add(at, What::Does(phone, None, intent));
            }
            if self.is_rough {
                let rough = if self.random.one_in(4) { 10 } else { 4 };
                for _ in 0..self.random.below(rough) {
                    let at = self.now + 3_000 + self.random.below(EVENING - 5_000);
                    let trouble = self.some_trouble(phone);
                    self.agenda.add(at, What::Trouble(trouble));
                }
            }
        }
        if self.phones.len() >= 2 && self.random.one_in(3) {
            // Two call each other at nearly the same moment.
            let at = self.now + 4_000 + self.random.below(20_000);
            let last = self.phones.len() - 1;
            for phone in [0, last] {
                let at = at + self.random.below(150);
                self.agenda.add(at, What::Does(phone, None, Intent::CallsTheOther));
            }
        }
        if self.is_rough && self.random.one_in(5) {
            let at = self.now + self.random.below(EVENING);
            let length = 500 + self.random.below(6_000);
            self.agenda.add(at, What::ServerDies(length));
        }
        self.start_beating();
    }

    fn some_trouble(&mut self, phone: usize) -> Trouble {
        let random = &mut self.random;
        let other = usize::try_from(random.below(self.phones.len() as u64)).expect("few phones");
        match random.below(10) {
            0 | 1 => Trouble::Breaks(phone),
            2..=4 => Trouble::Moves { phone, line_breaks: random.one_in(2) },
            5 => Trouble::GoesOffline { phone, length: some_length(random) },
            6 | 7 => Trouble::Blocks { from: phone, to: other, length: some_length(random) },
            8 => Trouble::Blocks { from: other, to: phone, length: some_length(random) },
            _ => Trouble::AppDies(phone),
        }
    }

    pub(crate) fn does(&mut self, phone: usize, life: Option<u32>, intent: Intent) -> Result<(), String> {
        if !self.is_lively || life.is_some_and(|life| self.phones[phone].life != life) {
            return Ok(());
        }
        self.tell(|| format!("phone {phone}: {intent:?}"));
        let me = self.phones[phone].user;
        let others: Vec<_> = self.phones.iter().map(|p| p.user).filter(|user| *user != me).collect();
        match intent {
            Intent::Calls => {
                let to = self.random.pick(&others).copied();
                to.map_or(Ok(()), |to| self.dials(phone, Callee::User(to)))
            }
            Intent::CallsTheOther => {
                let (first, last) = (self.phones[0].user, self.phones[self.phones.len() - 1].user);
                self.dials(phone, Callee::User(if me == first { last } else { first }))
            }
            Intent::CallsTheGroup if me.get() <= 3 => self.dials(phone, Callee::Group(group_id())),
            Intent::CallsTheGroup => Ok(()),
            Intent::OpensARoom => {
                let name = if self.random.one_in(2) { "lounge" } else { "kitchen" };
                let room = RoomName::new(name).expect("a room name");
                if !self.may_begin(phone) {
                    return Ok(());
                }
                let command = Command::Join { room, call_type: CallType::Audio };
                self.with_phone(phone, |phone, cx| phone.command(cx, command))
            }
            Intent::Answers(call) => {
                let command = match self.random.below(5) {
                    0 => Command::Reject { call },
                    1 => Command::Accept { call, call_type: CallType::Video },
                    _ => Command::Accept { call, call_type: CallType::Audio },
                };
                self.with_phone(phone, |phone, cx| phone.command(cx, command))
            }
            Intent::GivesUp(call) => {
                let waits = self.noticed.get(&(phone, self.phones[phone].life, call)) == Some(&Stage::Waits);
                if !waits {
                    return Ok(());
                }
                self.with_phone(phone, |phone, cx| phone.command(cx, Command::HangUp { call }))
            }
            Intent::HangsUp(call) => {
                self.with_phone(phone, |phone, cx| phone.command(cx, Command::HangUp { call }))
            }
            Intent::Fiddles(call) => self.fiddles(phone, call),
        }
    }

    fn dials(&mut self, phone: usize, to: Callee) -> Result<(), String> {
        if !self.may_begin(phone) {
            return Ok(());
        }
        let call_type = if self.random.one_in(2) { CallType::Audio } else { CallType::Video };
        self.with_phone(phone, |phone, cx| {
            let room = phone.room_name(cx);
            phone.command(cx, Command::Dial { room, to, call_type })
        })
    }

    /// Nobody dials while it rings; a second call is begun now and then.
    fn may_begin(&mut self, phone: usize) -> bool {
        let live = self.phones[phone].calls().iter().filter(|call| !is_over(call));
        let (mut count, mut all_talk) = (0, true);
        for call in live {
            (count, all_talk) = (count + 1, all_talk && is_talking(call));
        }
        self.phones[phone].app.is_some() && (count == 0 || count == 1 && all_talk && self.random.one_in(3))
    }

    fn fiddles(&mut self, phone: usize, call: CallKey) -> Result<(), String> {
        let Some(known) = self.phones[phone].calls().iter().find(|known| known.key == call) else {
            return Ok(());
        };
        if !is_talking(known) {
            return Ok(());
        }
        if known.kind != CallKind::OneToOne && self.random.one_in(2) {
            let known = known.clone();
            self.gathers(phone, &known)?;
            self.later(phone, 500, 9_000, Intent::Fiddles(call));
            return Ok(());
        }
        let command = match self.random.below(5) {
            4 => Command::ShareScreen { call, on: !known.is_sharing },
            0 => Command::Mute { call, muted: !known.is_muted },
            1 if known.picture == Picture::None => Command::Show { call, picture: Picture::Camera },
            1 => Command::Show { call, picture: Picture::None },
            _ => Command::Hold { call, held: !known.is_held },
        };
        let shows = matches!(command, Command::Show { .. } | Command::ShareScreen { .. });
        self.with_phone(phone, |phone, cx| phone.command(cx, command))?;
        if shows {
            // What is sent changed, and the connections say so.
            let life = self.phones[phone].life;
            let ends: Vec<_> =
                self.media.ends_of(phone).filter(|end| end.peer.call == call).copied().collect();
            for end in ends.into_iter().filter(|end| end.life == life) {
                let wants = Input::Peer(end.peer, calls_machine::FromPeer::WantsToOffer);
                self.with_phone(phone, |phone, cx| phone.give(cx, wants))?;
            }
        }
        self.later(phone, 500, 9_000, Intent::Fiddles(call));
        Ok(())
    }

    /// What people do in a room of many. Whether they may is the server's to say.
    fn gathers(&mut self, phone: usize, known: &CallSnapshot) -> Result<(), String> {
        let call = known.key;
        let id = format!("{phone}-{}-{}", self.now, self.random.below(1_000_000));
        let other = self.random.pick(&known.others).map(|them| them.user);
        let command = match (self.random.below(4), other) {
            (0, _) => Command::RaiseHand { call, raised: !known.is_hand_up },
            (1, _) => Command::React { call, id, reaction: Reaction::Clap },
            (2, Some(user)) => Command::MuteOther { call, user },
            _ => Command::Write { call, text: id.clone(), id },
        };
        self.with_phone(phone, |phone, cx| phone.command(cx, command))
    }

    fn later(&mut self, phone: usize, least: u64, spread: u64, intent: Intent) {
        let at = self.now + least + self.random.below(spread);
        let life = Some(self.phones[phone].life);
        self.agenda.add(at, What::Does(phone, life, intent));
    }

    /// Somebody looks at their phone, and makes up their mind about what is new on it.
    pub(crate) fn person_looks(&mut self, phone: usize) {
        let life = self.phones[phone].life;
        let calls = self.phones[phone].calls().iter().map(|call| (call.key, stage_of(call.state)));
        for (key, stage) in calls.collect::<Vec<_>>() {
            if self.noticed.insert((phone, life, key), stage) == Some(stage) {
                continue;
            }
            match stage {
                Stage::Rings if !self.random.one_in(5) => {
                    self.later(phone, 200, 15_000, Intent::Answers(key));
                }
                Stage::Waits if self.random.one_in(2) => {
                    self.later(phone, 500, 60_000, Intent::GivesUp(key));
                }
                Stage::Talks => {
                    self.later(phone, 300, 4_000, Intent::Fiddles(key));
                    if !self.random.one_in(4) {
                        self.later(phone, 1_000, 60_000, Intent::HangsUp(key));
                    }
                }
                Stage::Rings | Stage::Waits | Stage::Over => {}
            }
        }
    }

    pub(crate) fn trouble(&mut self, trouble: Trouble) -> Result<(), String> {
        self.tell(|| format!("{trouble:?}"));
        match trouble {
            Trouble::Breaks(phone) => {
                self.line_breaks(phone);
                Ok(())
            }
            Trouble::Moves { phone, line_breaks } => {
                if !self.media.has_network(phone) {
                    return Ok(());
                }
                self.is_touched(phone);
                if line_breaks {
                    self.line_breaks(phone);
                }
                self.media.comes_online(&mut self.random, phone, true);
                self.network_changed(phone)
            }
            Trouble::GoesOffline { phone, length } => {
                if !self.media.has_network(phone) {
                    return Ok(());
                }
                self.is_touched(phone);
                self.line_breaks(phone);
                self.media.goes_offline(&mut self.random, phone);
                let elsewhere = self.random.one_in(2);
                self.agenda.add(self.now + length, What::Trouble(Trouble::ComesOnline { phone, elsewhere }));
                Ok(())
            }
            Trouble::ComesOnline { phone, elsewhere } => {
                self.is_touched(phone);
                self.media.comes_online(&mut self.random, phone, elsewhere);
                self.network_changed(phone)
            }
            Trouble::Blocks { from, to, length } => {
                self.media.block(&mut self.random, from, to);
                self.agenda.add(self.now + length, What::Trouble(Trouble::Unblocks { from, to }));
                if self.random.one_in(2) {
                    self.media.block(&mut self.random, to, from);
                    let back = Trouble::Unblocks { from: to, to: from };
                    self.agenda.add(self.now + length, What::Trouble(back));
                }
                Ok(())
            }
            Trouble::Unblocks { from, to } => {
                self.media.unblock(&mut self.random, from, to);
                Ok(())
            }
            Trouble::AppDies(phone) => {
                self.app_dies(phone)?;
                if self.random.one_in(2) {
                    let at = self.now + 300 + self.random.below(20_000);
                    self.agenda.add(at, What::Trouble(Trouble::AppStarts(phone)));
                }
                Ok(())
            }
            Trouble::AppStarts(phone) => self.with_phone(phone, |phone, cx| {
                phone.start(cx);
                Ok(Vec::new())
            }),
        }
    }

    pub(crate) fn app_dies(&mut self, phone: usize) -> Result<(), String> {
        self.tally.kills += u64::from(self.phones[phone].app.is_some());
        self.is_touched(phone);
        self.with_phone(phone, |phone, cx| {
            phone.is_killed(cx);
            Ok(Vec::new())
        })
    }

    pub(crate) fn line_breaks(&mut self, phone: usize) {
        if let Some(socket) = self.phones[phone].socket() {
            self.network.plan_break(self.now, &mut self.random, &mut self.agenda, socket);
        }
    }

    fn network_changed(&mut self, phone: usize) -> Result<(), String> {
        self.with_phone(phone, |phone, cx| phone.give(cx, Input::Device(FromDevice::NetworkChanged)))
    }

    /// The evening is over: every network works, and every app runs.
    pub(crate) fn all_is_well_again(&mut self) -> Result<(), String> {
        self.is_rough = false;
        self.media.unblock_all(&mut self.random);
        for phone in 0..self.phones.len() {
            if !self.media.has_network(phone) {
                self.trouble(Trouble::ComesOnline { phone, elsewhere: false })?;
            }
            self.trouble(Trouble::AppStarts(phone))?;
        }
        Ok(())
    }

    pub(crate) fn everybody_says_goodbye(&mut self) -> Result<(), String> {
        for phone in 0..self.phones.len() {
            let calls: Vec<CallKey> = self.phones[phone].calls().iter().map(|call| call.key).collect();
            for call in calls {
                self.with_phone(phone, |phone, cx| phone.command(cx, Command::HangUp { call }))?;
            }
        }
        Ok(())
    }
}

fn stage_of(state: CallState) -> Stage {
    match state {
        CallState::Dialing | CallState::RingingThere { .. } | CallState::Answering | CallState::AtTheDoor => {
            Stage::Waits
        }
        CallState::RingingHere => Stage::Rings,
        CallState::Talking { .. } => Stage::Talks,
        CallState::Ended { .. } => Stage::Over,
    }
}

/// A tunnel, a lift, or an underground ride.
fn some_length(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.below(4_000),
        1 => random.below(12_000),
        2 => random.below(30_000),
        _ => random.below(70_000),
    }
}
