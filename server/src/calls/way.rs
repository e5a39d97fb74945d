//! Which way the media of a room of many goes, and what is said to and heard of the media server.
//!
//! A move overlaps: the old way stays open until the clients close it. To the media server they move when they are
//! told that the topology is `sfu`; back, their connections to it stay until they close them, or for the time in which
//! a lost socket may come back.
use super::{
    Action, Cx, MediaNews, MediaOrder, MediaSeat, Reply, SocketId,
    crowd::{Crowd, Member},
    forward::{DESCRIPTIONS_A_MINUTE, Fingerprints, fingerprint},
    refuse,
    room::{Room, Seat, Shape, after},
};
use calls_protocol::{
    Ack, Answer, CallError, ErrorCode, Recipient, Refusal, RelayedRenegotiate, Renegotiate, Sdp, ServerEvent,
    Speaker, Speakers, Streams, Subscribe, Topology, UnixMillis, UserId, Wanted,
};
use std::{collections::VecDeque, sync::Arc};

/// Offers of one client that wait for the media server. It answers within seconds; more is no client of ours.
const UNANSWERED: usize = 16;

/// `call:subscribe` of one participant in a minute: somebody scrolls through a grid.
const WISHES_A_MINUTE: usize = 300;

/// Which way the media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight between every two. Connections to the media server from before end at `let_go`.
    Straight { let_go: Option<UnixMillis> },
    /// Through the media server; since when few enough are in it to go straight.
    ThroughServer { few_since: Option<UnixMillis> },
}

impl Way {
    pub(super) const FIRST: Self = Self::Straight { let_go: None };

    pub(super) fn topology(self) -> Topology {
        match self {
            Self::Straight { .. } => Topology::Mesh,
            Self::ThroughServer { .. } => Topology::Sfu,
        }
    }

    fn is_through_server(self) -> bool {
        matches!(self, Self::ThroughServer { .. })
    }
}

/// What one member has to do with the media server.
#[derive(Debug, Clone, Default)]
pub(super) struct MediaSide {
    /// They came with an offer to it, and so may know no other way.
    pub(super) came_by_it: bool,
    pub(super) line: Option<MediaLine>,
    /// Their connection was lost while they were away, and they have yet to hear it.
    pub(super) lost: bool,
}

/// A connection to the media server.
#[derive(Debug, Clone)]
pub(super) struct MediaLine {
    pub(super) number: u64,
    pub(super) is_up: bool,
    /// An offer was answered: the media server knows what is switched on.
    is_answered: bool,
    /// Offers that wait for their answer.
    pub(super) waiting: VecDeque<(Occasion, u64)>,
    /// What was passed on, so that a repeated description has no second effect.
    described: Fingerprints,
}

/// What brought an offer, which says how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Initiate,
    Join,
    Renegotiate,
}

impl Occasion {
    fn event(self) -> &'static str {
        match self {
            Self::Initiate => "call:initiate",
            Self::Join => "call:join_room",
            Self::Renegotiate => "call:renegotiate",
        }
    }
}

impl Crowd {
    fn is_for_server(&self, cx: &Cx<'_>) -> bool {
        let Some(media) = cx.settings.media else { return false };
        let straight = if self.is_open() { media.mesh_of_open_room } else { media.mesh_of_group };
        self.members.len() > straight || self.members.iter().any(|member| member.media.came_by_it)
    }

    /// When the way may change by itself, or what is left of the former one ends.
    pub(super) fn way_deadline(&self, settings: &super::CallSettings) -> Option<UnixMillis> {
        match self.way {
            Way::Straight { let_go } => let_go,
            Way::ThroughServer { few_since } => Some(after(few_since?, settings.media?.back_after)),
        }
    }
}

impl Room {
    fn media_seat(&self, user: UserId, connection: u64) -> MediaSeat {
        MediaSeat { room: self.name.clone(), user, connection }
    }

    fn many(&mut self) -> Option<&mut Crowd> {
        match &mut self.shape {
            Shape::Crowd(crowd) => Some(crowd),
            Shape::Pair(_) => None,
        }
    }

    fn line_of(&mut self, user: UserId) -> Option<&mut MediaLine> {
        self.many()?.member_mut(user)?.media.line.as_mut()
    }

    /// Somebody came or went: the way may be another one now. Whoever is told of the room anyway is `but`.
    pub(super) fn choose_way(&mut self, cx: &mut Cx<'_>, but: Option<UserId>) {
        let Shape::Crowd(crowd) = &mut self.shape else { return };
        let is_for_server = crowd.is_for_server(cx);
        match &mut crowd.way {
            Way::Straight { .. } if is_for_server => {
                crowd.way = Way::ThroughServer { few_since: None };
                self.tell_state(cx, but);
            }
            Way::ThroughServer { few_since } if is_for_server => *few_since = None,
            Way::ThroughServer { few_since } => *few_since = few_since.or(Some(cx.now)),
            Way::Straight { .. } => {}
        }
    }

    pub(super) fn way_time_is_up(&mut self, cx: &mut Cx<'_>) {
        let Shape::Crowd(crowd) = &mut self.shape else { return };
        if crowd.way_deadline(cx.settings).is_none_or(|at| at > cx.now) {
            return;
        }
        match crowd.way {
            Way::ThroughServer { .. } => {
                crowd.way = Way::Straight { let_go: Some(after(cx.now, cx.settings.grace)) };
                self.tell_state(cx, None);
            }
            Way::Straight { .. } => {
                crowd.way = Way::FIRST;
                for user in self.seated() {
                    self.let_go(cx, user);
                }
            }
        }
    }

    /// Tells everyone who has a seat the whole state. Who is away hears it when they are back.
    fn tell_state(&mut self, cx: &mut Cx<'_>, but: Option<UserId>) {
        for user in self.seated() {
            if Some(user) != but
                && let Some(to) = self.seat(user).and_then(Seat::socket)
            {
                self.send_state(cx, user, to);
            }
        }
        let told = self.log.last();
        if let Some(crowd) = self.many() {
            crowd.state_told = Some(told);
        }
    }

    pub(super) fn send_state(&self, cx: &mut Cx<'_>, user: UserId, to: SocketId) {
        let state = ServerEvent::RoomState(self.state(cx, user));
        cx.out.push(Action::Send { to, event: Arc::new(state), id: None });
    }

    /// A member's connection to the media server is over, for whatever reason.
    pub(super) fn let_go(&mut self, cx: &mut Cx<'_>, user: UserId) {
        let Some(member) = self.many().and_then(|crowd| crowd.member_mut(user)) else { return };
        let Some(line) = member.media.line.take() else { return };
        let seat = self.media_seat(user, line.number);
        cx.order(MediaOrder::Leave { seat });
    }

    /// Another socket speaks for a seat, or the same one is not sure what it heard. What the media server told meanwhile
    /// is in no log: it says it again.
    pub(super) fn remind(&mut self, cx: &mut Cx<'_>, user: UserId, to: SocketId) {
        let Some(crowd) = self.many() else { return };
        let is_through_server = crowd.way.is_through_server();
        let Some(member) = crowd.member_mut(user) else { return };
        let lost = std::mem::take(&mut member.media.lost);
        match member.media.line.as_ref().map(|line| line.number) {
            Some(number) => {
                let seat = self.media_seat(user, number);
                cx.order(MediaOrder::Again { seat });
            }
            None if lost && is_through_server => self.say_lost(cx, to),
            None => {}
        }
    }

    fn say_lost(&self, cx: &mut Cx<'_>, to: SocketId) {
        let refusal =
            Refusal::new(ErrorCode::Unavailable, "the media connection was lost: offer to connect again");
        self.say_error(cx, to, Occasion::Renegotiate.event(), refusal);
    }

    fn say_error(&self, cx: &mut Cx<'_>, to: SocketId, event: &str, refusal: Refusal) {
        let error = CallError {
            event: event.to_owned(),
            code: refusal.code,
            message: refusal.message.into_owned(),
            room_name: Some(self.name.clone()),
        };
        cx.out.push(Action::Send { to, event: Arc::new(ServerEvent::Error(error)), id: None });
    }

    /// Passes on what somebody has switched on, if the media server knows them.
    pub(super) fn order_media(&mut self, cx: &mut Cx<'_>, user: UserId) {
        let Shape::Crowd(crowd) = &self.shape else { return };
        let Some(member) = crowd.member(user) else { return };
        let Some(line) = &member.media.line else { return };
        let (audio, video, screen) = (member.sender.audio, member.sender.video, member.sender.screen);
        let seat = self.media_seat(user, line.number);
        cx.order(MediaOrder::Media { seat, audio, video, screen });
    }

    /// Somebody came with an offer to the media server, or says it again.
    pub(super) fn came_by_server(
        &mut self,
        cx: &mut Cx<'_>,
        user: UserId,
        offer: Sdp,
        occasion: Occasion,
    ) -> Result<(), Refusal> {
        if cx.settings.media.is_none() {
            // The room's topology says what to do instead.
            return Ok(());
        }
        let Some(member) = self.many().and_then(|crowd| crowd.member_mut(user)) else { return Ok(()) };
        member.media.came_by_it = true;
        self.choose_way(cx, Some(user));
        self.offer_to_server(cx, user, offer, occasion)
    }

    fn offer_to_server(
        &mut self,
        cx: &mut Cx<'_>,
        user: UserId,
        sdp: Sdp,
        occasion: Occasion,
    ) -> Result<(), Refusal> {
        let now = cx.now;
        let Some(member) = self.many().and_then(|crowd| crowd.member_mut(user)) else {
            unreachable!("whoever offers has a seat in a room of many")
        };
        let line = member.media.line.get_or_insert_with(|| {
            *cx.connections += 1;
            MediaLine {
                number: *cx.connections,
                is_up: false,
                is_answered: false,
                waiting: VecDeque::new(),
                described: Fingerprints::default(),
            }
        });
        member.media.lost = false;
        let print = fingerprint(&(&sdp, true));
        if line.described.has(print) {
            return Ok(());
        }
        if line.waiting.len() >= UNANSWERED || !member.sender.describing.once_more(now, DESCRIPTIONS_A_MINUTE)
        {
            return refuse(ErrorCode::RateLimited, "too many descriptions in a minute: wait a moment");
        }
        line.described.add(print, ());
        line.waiting.push_back((occasion, print));
        let (number, is_answered) = (line.number, line.is_answered);
        let seat = self.media_seat(user, number);
        cx.order(MediaOrder::Offer { seat, sdp });
        if !is_answered {
            self.order_media(cx, user);
        }
        Ok(())
    }

    /// `call:renegotiate` with `toUserId: 0`.
    pub(super) fn renegotiate_with_server(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        message: Renegotiate,
    ) -> Reply {
        let is_there = cx.settings.media.is_some();
        let Some(crowd) = self.many().filter(|_| is_there) else { return no_server() };
        let is_through_server = crowd.way.is_through_server();
        self.sit(cx, socket, user)?;
        match (message.sdp_offer, message.sdp_answer) {
            (Some(_), _) if !is_through_server => {
                return refuse(
                    ErrorCode::Conflict,
                    "this call runs straight between devices for now: offer when its topology is sfu",
                );
            }
            (Some(offer), _) => self.offer_to_server(cx, user, offer, Occasion::Renegotiate)?,
            (None, Some(sdp)) => self.answer_server(cx, user, sdp)?,
            (None, None) => return refuse(ErrorCode::BadRequest, "send either sdpOffer or sdpAnswer"),
        }
        Ok(Ack::Done)
    }

    fn answer_server(&mut self, cx: &mut Cx<'_>, user: UserId, sdp: Sdp) -> Result<(), Refusal> {
        let now = cx.now;
        let member = self.many().and_then(|crowd| crowd.member_mut(user));
        let Some(Member { media: MediaSide { line: Some(line), .. }, sender, .. }) = member else {
            return refuse(ErrorCode::Conflict, "the media server has offered nothing: offer to it first");
        };
        let print = fingerprint(&(&sdp, false));
        if line.described.has(print) {
            return Ok(());
        }
        if !sender.describing.once_more(now, DESCRIPTIONS_A_MINUTE) {
            return refuse(ErrorCode::RateLimited, "too many descriptions in a minute: wait a moment");
        }
        line.described.add(print, ());
        let number = line.number;
        let seat = self.media_seat(user, number);
        cx.order(MediaOrder::Answer { seat, sdp });
        Ok(())
    }

    /// `ice:candidate` with `toUserId: 0`: where a client is, its checks say.
    pub(super) fn candidate_for_server(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> Reply {
        let is_there = cx.settings.media.is_some();
        if self.many().filter(|_| is_there).is_none() {
            return no_server();
        }
        self.sit(cx, socket, user)?;
        Ok(Ack::Done)
    }

    pub(super) fn subscribe(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        subscribe: Subscribe,
    ) -> Reply {
        if !self.many().is_some_and(|crowd| crowd.way.is_through_server()) {
            return refuse(
                ErrorCode::Unavailable,
                "this call runs straight between devices: there is nothing to subscribe to",
            );
        }
        self.sit(cx, socket, user)?;
        let now = cx.now;
        let Some(crowd) = self.many() else { unreachable!("looked at above") };
        let mut wishes = subscribe.streams;
        // Also of who is about to come: they are seen as soon as they are there.
        wishes.retain(|wish| wish.user_id != user);
        let Some(Member { media: MediaSide { line: Some(line), .. }, sender, .. }) = crowd.member_mut(user)
        else {
            return refuse(
                ErrorCode::Conflict,
                "you are not connected to the media server: offer to it first",
            );
        };
        if !sender.subscribing.once_more(now, WISHES_A_MINUTE) {
            return refuse(ErrorCode::RateLimited, "too many wishes in a minute: the earlier ones hold");
        }
        let number = line.number;
        let seat = self.media_seat(user, number);
        cx.order(MediaOrder::Subscribe { seat, wishes });
        Ok(Ack::Done)
    }

    /// What the media server tells of one seat of this room.
    pub(super) fn media_news(&mut self, cx: &mut Cx<'_>, news: MediaNews) {
        match news {
            MediaNews::Answer { seat, sdp } => {
                let Some((occasion, _)) = self.answered(&seat) else { return };
                if let Some(line) = self.line_of(seat.user) {
                    line.is_answered = true;
                }
                let event = self.answer_event(cx, seat.user, sdp, occasion);
                self.tell(cx, seat.user, event);
            }
            MediaNews::Refused { seat, refusal } => {
                let Some((occasion, print)) = self.answered(&seat) else { return };
                if let Some(line) = self.line_of(seat.user) {
                    // The same offer again is a new try.
                    line.described.forget(print);
                }
                if let Some(to) = self.socket_of(seat.user) {
                    self.say_error(cx, to, occasion.event(), refusal);
                }
            }
            MediaNews::Offer { seat, sdp } => {
                let offer = RelayedRenegotiate {
                    room_name: self.name.clone(),
                    from_user_id: Recipient::MediaServer,
                    sdp_offer: Some(sdp),
                    sdp_answer: None,
                };
                self.pass_on(cx, &seat, ServerEvent::Renegotiate(offer));
            }
            MediaNews::Streams { seat, streams } => {
                let room_name = self.name.clone();
                self.pass_on(cx, &seat, ServerEvent::Streams(Streams { room_name, streams }));
            }
            MediaNews::Wanted { seat, camera, screen } => {
                let room_name = self.name.clone();
                self.pass_on(cx, &seat, ServerEvent::Wanted(Wanted { room_name, camera, screen }));
            }
            MediaNews::Connected { seat } => {
                if let Some(line) = self.current(&seat) {
                    line.is_up = true;
                }
            }
            MediaNews::Gone { seat } => self.media_gone(cx, &seat),
            MediaNews::Speakers { dominant, speakers, .. } => self.tell_speakers(dominant, speakers, cx.out),
        }
    }

    /// The line that news are about, unless it is over.
    fn current(&mut self, seat: &MediaSeat) -> Option<&mut MediaLine> {
        self.line_of(seat.user).filter(|line| line.number == seat.connection)
    }

    /// Takes the oldest offer that waits for its answer.
    fn answered(&mut self, seat: &MediaSeat) -> Option<(Occasion, u64)> {
        self.current(seat)?.waiting.pop_front()
    }

    fn socket_of(&self, user: UserId) -> Option<SocketId> {
        self.seat(user).and_then(Seat::socket)
    }

    fn answer_event(&self, cx: &Cx<'_>, user: UserId, sdp: Sdp, occasion: Occasion) -> ServerEvent {
        let room_name = self.name.clone();
        match occasion {
            Occasion::Initiate | Occasion::Join => ServerEvent::Answer(Answer {
                room_name,
                user_id: Recipient::MediaServer,
                sdp_answer: sdp,
                ice_servers: cx.ice(user),
            }),
            Occasion::Renegotiate => ServerEvent::Renegotiate(RelayedRenegotiate {
                room_name,
                from_user_id: Recipient::MediaServer,
                sdp_offer: None,
                sdp_answer: Some(sdp),
            }),
        }
    }

    /// What the media server says again when it is asked to needs no place in the log.
    fn pass_on(&mut self, cx: &mut Cx<'_>, seat: &MediaSeat, event: ServerEvent) {
        if self.current(seat).is_some()
            && let Some(to) = self.socket_of(seat.user)
        {
            cx.out.push(Action::Send { to, event: Arc::new(event), id: None });
        }
    }

    fn media_gone(&mut self, cx: &mut Cx<'_>, seat: &MediaSeat) {
        if self.current(seat).is_none() {
            return;
        }
        let to = self.socket_of(seat.user);
        let Some(crowd) = self.many() else { return };
        let is_through_server = crowd.way.is_through_server();
        let Some(member) = crowd.member_mut(seat.user) else { return };
        member.media.line = None;
        member.media.lost = to.is_none();
        // After a move back, it was the client that closed it.
        if let Some(to) = to.filter(|_| is_through_server) {
            self.say_lost(cx, to);
        }
    }

    /// Tells everyone who hears the media server who is speaking. It is old the next moment, so it is in no log.
    pub(super) fn tell_speakers(
        &self,
        dominant: Option<UserId>,
        mut speakers: Vec<Speaker>,
        out: &mut Vec<Action>,
    ) {
        let Shape::Crowd(crowd) = &self.shape else { return };
        let is_in = |user: UserId| crowd.member(user).is_some();
        speakers.retain(|speaker| is_in(speaker.user_id));
        let dominant = dominant.filter(|user| is_in(*user));
        let event =
            Arc::new(ServerEvent::Speakers(Speakers { room_name: self.name.clone(), dominant, speakers }));
        for member in &crowd.members {
            if member.media.line.as_ref().is_some_and(|line| line.is_up)
                && let Some(to) = member.seat.socket()
            {
                out.push(Action::Send { to, event: event.clone(), id: None });
            }
        }
    }
}

fn no_server<T>() -> Result<T, Refusal> {
    refuse(ErrorCode::Unavailable, "this call runs straight between devices: no media server is in it")
}
