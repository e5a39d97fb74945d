//! What a device does in a room of many besides talking: chat, hands, a host's decisions, the media server.
use super::{Asked, Cx, Device, View};
use calls_protocol::{
    Admit, Chat, ClientEvent, Lock, Mute, RaiseHand, React, Reaction, Recipient, Remove, Renegotiate,
    RoomName, RoomState, Sdp, StreamWish, Subscribe, Topology, UserId, WaitingRoom,
};

/// Chat is numbered like what is sent to one, in stays of its own.
const CHAT: u64 = 1_000_000;

/// What a device knows of a room of many.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    is_host: bool,
    is_through_server: bool,
    /// We asked to come in, and wait.
    pub(super) waits: bool,
    /// Who waits, as the host is told.
    guests: Vec<UserId>,
    written: u64,
    described: u64,
}

impl Gathering {
    /// What the server says of the room.
    pub(super) fn told(&mut self, me: UserId, state: &RoomState) {
        self.is_host = state.host_id == Some(me);
        self.is_through_server = state.topology == Topology::Sfu;
        self.waits = state.waiting;
    }

    pub(super) fn host_is(&mut self, me: UserId, host: UserId) {
        self.is_host = host == me;
    }

    pub(super) fn wait(&mut self, guests: Vec<UserId>) {
        self.guests = guests;
    }
}

impl Device {
    /// Something that is done in rooms of many only.
    pub(super) fn gather(&mut self, cx: &mut Cx<'_>, room: &RoomName) {
        let (room_name, user_id) = (room.clone(), self.user);
        let Some(view) = self.rooms.get_mut(room) else { return };
        let present: Vec<UserId> = view.present.iter().copied().collect();
        let other = cx.random.pick(&present).copied();
        let guest = cx.random.pick(&view.many.guests).copied();
        let once = cx.random.below(1_000_000).to_string();
        let event = match (cx.random.below(14), other) {
            (0 | 1, _) => {
                view.many.written += 1;
                let number = (view.number + CHAT) * super::STAY + view.many.written;
                let text = number.to_string();
                ClientEvent::Chat(Chat { room_name, user_id, message_id: text.clone(), text })
            }
            (2, _) => ClientEvent::React(React {
                room_name,
                user_id,
                message_id: once,
                reaction: Reaction::ALL[usize::try_from(cx.random.below(8)).expect("eight")],
            }),
            (3, _) => ClientEvent::RaiseHand(RaiseHand { room_name, user_id, raised: cx.random.one_in(2) }),
            (4, Some(user_id)) => {
                let wish = StreamWish { user_id, kind: None, max_height: 360, paused: false };
                ClientEvent::Subscribe(Subscribe { room_name, streams: vec![wish] })
            }
            (5 | 6, _) if view.many.is_through_server => offer_to_server(view, room_name),
            // Who is no host tries, too.
            (7, Some(to_user_id)) => ClientEvent::Mute(Mute { room_name, to_user_id }),
            (8, _) if view.many.is_host => ClientEvent::Lock(Lock { room_name, locked: cx.random.one_in(3) }),
            (9, _) if view.many.is_host => {
                ClientEvent::WaitingRoom(WaitingRoom { room_name, on: cx.random.one_in(2) })
            }
            (10, Some(to_user_id)) if cx.random.one_in(6) => {
                ClientEvent::Remove(Remove { room_name, to_user_id })
            }
            _ => match guest.or(other) {
                Some(to_user_id) => {
                    let admitted = (!cx.random.one_in(3)).then_some(true).or(Some(false));
                    ClientEvent::Admit(Admit { room_name, to_user_id, admitted })
                }
                None => return,
            },
        };
        self.emit(cx, Asked::Other, event);
    }
}

fn offer_to_server(view: &mut View, room_name: RoomName) -> ClientEvent {
    view.many.described += 1;
    let sdp = Sdp::from_json(&format!("\"{} to server\"", view.many.described)).ok();
    // An answer comes now and then to what was never offered: that is refused, and no harm.
    let is_answer = view.many.described.is_multiple_of(4);
    let (sdp_offer, sdp_answer) = if is_answer { (None, sdp) } else { (sdp, None) };
    let to_user_id = Recipient::MediaServer;
    ClientEvent::Renegotiate(Renegotiate { room_name, to_user_id, sdp_offer, sdp_answer })
}
