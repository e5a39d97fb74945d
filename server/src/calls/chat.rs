//! What people in a room of many show and write: hands, reactions, chat.
use super::{
    Action, Cx, Reply, SocketId,
    forward::{Sender, fingerprint},
    refuse,
    room::{Room, Seat, Shape},
};
use calls_protocol::{
    Ack, Chat, ChatMessage, ErrorCode, HandChanged, React, Reacted, Refusal, ServerEvent, UnixMillis, UserId,
    Written,
};
use std::sync::Arc;

/// Chat messages of one participant in a minute.
const MESSAGES_A_MINUTE: usize = 60;

/// Hands and reactions of one participant in a minute.
const GESTURES_A_MINUTE: usize = 120;

impl Room {
    /// Whoever shows or writes something is in a room of many, by this device.
    fn speaker(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> Result<&mut Sender, Refusal> {
        if matches!(self.shape, Shape::Pair(_)) {
            return refuse(ErrorCode::Conflict, "this is for rooms of many: a call of two has no such thing");
        }
        self.sit(cx, socket, user)?;
        Ok(self.sender_mut(user).expect("who has a seat is a sender"))
    }

    pub(super) fn raise_hand(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        raised: bool,
    ) -> Reply {
        let now = cx.now;
        let sender = self.speaker(cx, socket, user)?;
        if sender.hand.is_some() == raised {
            return Ok(Ack::Done);
        }
        if !sender.gesturing.once_more(now, GESTURES_A_MINUTE) {
            return too_often();
        }
        let since = raised.then(|| self.next_hand(now));
        let sender = self.sender_mut(user).expect("who has a seat is a sender");
        sender.hand = since;
        let room_name = self.name.clone();
        let changed = HandChanged { room_name, user_id: user, hand_raised_at: since };
        self.tell_others(cx, user, ServerEvent::HandChanged(changed));
        Ok(Ack::Done)
    }

    /// Now, or a moment after the last hand: their order is nobody's guess.
    fn next_hand(&self, now: UnixMillis) -> UnixMillis {
        let Shape::Crowd(crowd) = &self.shape else { return now };
        let last = crowd.members.iter().filter_map(|member| member.sender.hand).max();
        last.map_or(now, |last| UnixMillis(now.0.max(last.0 + 1)))
    }

    /// Shown to whoever is there; old the next moment, so in no log.
    pub(super) fn react(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, react: &React) -> Reply {
        let now = cx.now;
        let sender = self.speaker(cx, socket, user)?;
        let print = fingerprint(&("reaction", &react.message_id));
        if sender.said.has(print) {
            return Ok(Ack::Done);
        }
        if !sender.gesturing.once_more(now, GESTURES_A_MINUTE) {
            return too_often();
        }
        sender.said.add(print, now);
        let reacted = Reacted { room_name: self.name.clone(), user_id: user, reaction: react.reaction };
        let event = Arc::new(ServerEvent::Reacted(reacted));
        for other in self.seated() {
            if other != user
                && let Some(to) = self.seat(other).and_then(Seat::socket)
            {
                cx.out.push(Action::Send { to, event: event.clone(), id: None });
            }
        }
        Ok(Ack::Done)
    }

    pub(super) fn chat(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, chat: Chat) -> Reply {
        let now = cx.now;
        let sender = self.speaker(cx, socket, user)?;
        let print = fingerprint(&("chat", &chat.message_id));
        if let Some(sent_at) = sender.said.get(print) {
            return Ok(Ack::Written(Written { sent_at }));
        }
        if !sender.chatting.once_more(now, MESSAGES_A_MINUTE) {
            return too_often();
        }
        sender.said.add(print, now);
        let message = ChatMessage {
            room_name: self.name.clone(),
            user_id: user,
            user_name: cx.people.name(user),
            message_id: chat.message_id,
            text: chat.text,
            sent_at: now,
        };
        self.tell_others(cx, user, ServerEvent::Chat(message));
        Ok(Ack::Written(Written { sent_at: now }))
    }
}

fn too_often() -> Reply {
    refuse(ErrorCode::RateLimited, "too much in a minute: wait a moment")
}
