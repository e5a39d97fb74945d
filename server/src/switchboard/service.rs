//! What sockets say, made into inputs of the rules.
use super::{Asking, Switchboard};
use crate::{
    auth::{ONLY_HERE, Proof, SignIn},
    calls::{Facts, Input, SocketId},
    clock::wall_clock,
    db::Asker,
    socket::{CloseReason, ConnectRefused, Event, Fault, Handshake, Malformed, Service, SocketHandle},
};
use calls_protocol::{CallTarget, ClientEvent, ErrorCode, Refusal, RoomName, UserId};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tracing::debug;

impl Service for Switchboard {
    /// Whom the token names; nobody in open mode, where `call:register` is believed.
    type Identity = Option<SignIn>;

    async fn connect(&self, _: SocketId, handshake: &Handshake) -> Result<Option<SignIn>, ConnectRefused> {
        let forbidden = |sentence: &str| {
            self.lines.metrics.refused(ErrorCode::Forbidden);
            Err(ConnectRefused::new(ErrorCode::Forbidden.as_str(), sentence))
        };
        if self.lines.auth.is_for_this_machine() && !handshake.is_for_this_machine {
            return forbidden(ONLY_HERE);
        }
        if !self.is_welcome(handshake) {
            return forbidden(
                "pages of this web site may not call here: the operator names it in cors_origins",
            );
        }
        let auth: Value = match &handshake.auth {
            Some(auth) => serde_json::from_str(auth.get()).unwrap_or(Value::Null),
            None => Value::Null,
        };
        let proof = Proof::of_handshake(&auth);
        self.lines.auth.sign_in(proof, wall_clock()).map_err(|error| {
            self.lines.metrics.refused(ErrorCode::Unauthorized);
            ConnectRefused::new(ErrorCode::Unauthorized.as_str(), error.to_string())
        })
    }

    /// As long as its proof holds: whoever is no longer let in does not stay in either.
    fn stays(&self, identity: &Option<SignIn>) -> Option<Duration> {
        let until = identity.as_ref()?.until;
        Some(Duration::from_millis(until.0.saturating_sub(wall_clock().0)))
    }

    fn expired(&self, socket: &SocketHandle) {
        let asking = Asking { socket, event: "connect", room: None, ack: None };
        let sentence = "the sign-in has expired: get a new token and connect again; a call goes on meanwhile";
        self.refuse(&asking, Refusal::new(ErrorCode::Unauthorized, sentence));
    }

    fn opened(&self, _: &SocketHandle, _: &Option<SignIn>) {}

    async fn event(&self, socket: &SocketHandle, identity: &Option<SignIn>, event: Event<'_>) {
        let authenticated = identity.map(|sign_in| sign_in.user);
        self.lines.metrics.event(event.name);
        let payload = event.payload.map_or("null", |payload| payload.get());
        let asking = Asking { socket, event: event.name, room: None, ack: event.ack };
        match ClientEvent::decode(event.name, payload) {
            Ok(said) => {
                let facts = self.facts(socket.id(), &said, authenticated).await;
                self.remember_device(&said, authenticated);
                let room = said.room().cloned();
                let asking = Asking { room: room.as_ref(), ..asking };
                if self.lines.hub.get(socket.id()).is_none() {
                    // It was closed while we looked things up; what it said last must not undo what closed it.
                    return;
                }
                let input = Input::Event { socket: socket.id(), authenticated, event: Box::new(said), facts };
                self.ask(input, Some(&asking));
            }
            Err(error) => {
                // A name that is not ours is whatever a client wrote.
                let known = ClientEvent::NAMES.iter().find(|known| **known == event.name);
                debug!(event = known, "a message was not understood");
                let room = room_in(payload);
                self.refuse(&Asking { room: room.as_ref(), ..asking }, error.into());
            }
        }
    }

    fn malformed(&self, socket: &SocketHandle, malformed: Malformed<'_>) {
        let asking =
            Asking { socket, event: malformed.event.unwrap_or_default(), room: None, ack: malformed.ack };
        self.refuse(&asking, refusal_of(malformed.fault));
    }

    fn closed(&self, socket: SocketId, reason: CloseReason) {
        debug!(?socket, ?reason, "a socket is gone");
        self.input(Input::Closed { socket });
    }
}

impl Switchboard {
    /// Whether the page that connects, if it is one, is of this server or of a site that the operator named. Browsers
    /// ask nobody before they open a WebSocket, so that without this any page could call in its visitor's name.
    fn is_welcome(&self, handshake: &Handshake) -> bool {
        let Some(origin) = handshake.origin.as_deref() else { return true };
        let site = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_own = match (site, handshake.host.as_deref()) {
            (Some(site), Some(host)) => site.eq_ignore_ascii_case(host),
            (None, _) | (_, None) => false,
        };
        is_own || self.lines.cors.allows(origin)
    }

    /// What the rules have to know about an event and cannot know themselves.
    async fn facts(&self, socket: SocketId, said: &ClientEvent, authenticated: Option<UserId>) -> Facts {
        let directory = &self.lines.directory;
        match said {
            // The profile of somebody else is looked up for nobody.
            ClientEvent::Register(register) if authenticated.is_none_or(|user| user == register.user_id) => {
                Facts { profile: Some(directory.profile(register.user_id).await), ..Facts::default() }
            }
            ClientEvent::Initiate(initiate) => match initiate.target {
                CallTarget::Group { group, .. } => {
                    let asker = authenticated.map_or(Asker::Socket(socket), Asker::User);
                    match directory.group(group, asker).await {
                        Ok(group) => Facts { group: Some(group), ..Facts::default() },
                        Err(why) => Facts { no_group: Some(why.into()), ..Facts::default() },
                    }
                }
                // Without a sender of pushes none can wake anybody, so that a caller need not wait in vain.
                CallTarget::User { .. } => Facts { callee_has_push: false, ..Facts::default() },
            },
            ClientEvent::JoinRoom(_) => Facts { may_open_rooms: self.lines.open_rooms, ..Facts::default() },
            _ => Facts::default(),
        }
    }

    fn remember_device(&self, said: &ClientEvent, authenticated: Option<UserId>) {
        if let ClientEvent::Register(register) = said
            && authenticated.is_none_or(|user| user == register.user_id)
        {
            self.lines.devices.saw(register);
        }
    }
}

fn refusal_of(fault: Fault) -> Refusal {
    let (code, sentence) = match fault {
        Fault::TooLarge => (ErrorCode::TooLarge, "the message is too large: send less at once"),
        Fault::RateLimited => {
            (ErrorCode::RateLimited, "too many messages: wait a moment, then send it again")
        }
        Fault::Binary => (ErrorCode::BadRequest, "binary data is not understood: send JSON"),
        Fault::BadJson => (ErrorCode::BadRequest, "the message is no JSON that this server reads"),
        Fault::BadPacket => (ErrorCode::BadRequest, "this is no Socket.IO packet"),
        Fault::NotUtf8 => (ErrorCode::BadRequest, "the message is no UTF-8 text"),
    };
    Refusal::new(code, sentence)
}

/// The room that a message which cannot be read is about, if that much can be read.
fn room_in(payload: &str) -> Option<RoomName> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Room {
        room_name: RoomName,
    }
    serde_json::from_str::<Room>(payload).ok().map(|room| room.room_name)
}
