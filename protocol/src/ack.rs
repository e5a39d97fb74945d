//! What the server answers where a client asked for an acknowledgement: `{ok:true, …}` or `{ok:false, error}`.
use crate::{
    CallId, ClientEvent, ErrorCode, GroupIncoming, IceServers, Incoming, Refusal, RoomName, RoomState,
    Seconds, UnixMillis, UserId,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Every way the server can say yes.
#[derive(Debug, Clone, PartialEq)]
pub enum Ack {
    /// To events that have nothing to tell.
    Done,
    /// To `call:register`.
    Registered(Registered),
    /// To `call:initiate`.
    Initiated(Initiated),
    /// To `call:accept`.
    Accepted(Accepted),
    /// To `call:end`.
    Ended(Ended),
    /// To `call:join_room` and `call:resume`.
    RoomState(RoomState),
    /// To `call:chat`.
    Written(Written),
}

/// An acknowledgement with nothing but `ok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Done {}

/// To `call:register`, and `call:registered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// Whose calls this socket takes now.
    pub user_id: UserId,
    /// For this user.
    pub ice_servers: IceServers,
    /// 1-1 calls that ring for this user right now; each is also emitted as `call:incoming`.
    pub pending: Vec<Incoming>,
    /// Group calls that ring for this user right now; each is also emitted as `group_call:incoming`.
    #[serde(default)]
    pub pending_groups: Vec<GroupIncoming>,
}

/// To `call:initiate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Initiated {
    /// The row of the call.
    pub call_id: CallId,
    /// The room.
    pub room_name: RoomName,
    /// For the caller.
    pub ice_servers: IceServers,
    /// How many devices ring; 0 while a push wakes one.
    pub devices: usize,
    /// When it stops ringing.
    pub expires_at: UnixMillis,
    /// Both called each other at once: the room of the other call, which goes on instead of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<RoomName>,
}

/// To `call:accept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The row of the call.
    pub call_id: CallId,
    /// The room.
    pub room_name: RoomName,
    /// For the callee.
    pub ice_servers: IceServers,
    /// When it was answered.
    pub started_at: UnixMillis,
}

/// To `call:end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EndedAck"))]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// From accept to end.
    pub duration: Seconds,
}

/// To `call:chat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// When it reached the server, as the others are told. Said again, it reached it the first time.
    pub sent_at: UnixMillis,
}

impl Ack {
    /// Appends `{"ok":true, …}`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"ok\":true");
        let start = out.len();
        match self {
            Self::Done => serde_json::to_writer(&mut *out, &Done {}),
            Self::Registered(ack) => serde_json::to_writer(&mut *out, ack),
            Self::Initiated(ack) => serde_json::to_writer(&mut *out, ack),
            Self::Accepted(ack) => serde_json::to_writer(&mut *out, ack),
            Self::Ended(ack) => serde_json::to_writer(&mut *out, ack),
            Self::Written(ack) => serde_json::to_writer(&mut *out, ack),
            Self::RoomState(ack) => serde_json::to_writer(&mut *out, ack),
        }
        .expect("messages serialise, and a Vec takes every byte");
        // The fields follow `ok` inside one object: their own brace becomes the comma between, or goes.
        if out[start..] == *b"{}" {
            out.remove(start);
        } else {
            out[start] = b',';
        }
    }
}

impl Refusal {
    /// Appends `{"ok":false,"error":{"code":…,"message":…}}`.
    pub fn write_ack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"ok\":false,\"error\":");
        serde_json::to_writer(&mut *out, self).expect("messages serialise, and a Vec takes every byte");
        out.push(b'}');
    }
}

/// Why an acknowledgement brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server's answer is not one.
    #[error("the server's acknowledgement cannot be read: {0}")]
    Unreadable(String),
}

/// Reads an acknowledgement whose good form is `T`.
pub fn parse_ack<T: DeserializeOwned>(text: &str) -> Result<T, AckError> {
    #[derive(Deserialize)]
    struct Head {
        ok: bool,
        #[serde(default)]
        error: Option<Refusal>,
    }
    let unreadable = |e: serde_json::Error| AckError::Unreadable(e.to_string());
    let head: Head = serde_json::from_str(text).map_err(unreadable)?;
    if head.ok {
        return serde_json::from_str(text).map_err(unreadable);
    }
    Err(head.error.unwrap_or_else(|| Refusal::new(ErrorCode::Unknown, "the server gave no reason")).into())
}

impl ClientEvent {
    /// Reads the acknowledgement of this event. What cannot be read is a fault of the server's.
    pub fn read_ack(&self, text: &str) -> Result<Ack, Refusal> {
        let read = match self {
            Self::Register(_) => parse_ack(text).map(Ack::Registered),
            Self::Initiate(_) => parse_ack(text).map(Ack::Initiated),
            // Into a room of many one also comes by accepting.
            Self::Accept(_) => parse_ack(text).map(Ack::Accepted).or_else(|unread| match unread {
                AckError::Unreadable(_) => parse_ack(text).map(Ack::RoomState),
                refused @ AckError::Refused(_) => Err(refused),
            }),
            Self::JoinRoom(_) | Self::Resume(_) => parse_ack(text).map(Ack::RoomState),
            Self::End(_) => parse_ack(text).map(Ack::Ended),
            Self::Reject(_)
            | Self::IceCandidate(_)
            | Self::LeaveRoom(_)
            | Self::ToggleMedia(_)
            | Self::Renegotiate(_)
            | Self::Stats(_)
            | Self::Subscribe(_)
            | Self::Mute(_)
            | Self::Remove(_)
            | Self::Lock(_)
            | Self::WaitingRoom(_)
            | Self::Admit(_)
            | Self::RaiseHand(_)
            | Self::React(_) => done(text),
            // A server of before did not say when.
            Self::Chat(_) => parse_ack(text).map(Ack::Written).or_else(|unread| match unread {
                AckError::Unreadable(_) => done(text),
                refused @ AckError::Refused(_) => Err(refused),
            }),
        };
        read.map_err(|error| match error {
            AckError::Refused(refusal) => refusal,
            AckError::Unreadable(reason) => Refusal::new(ErrorCode::Unknown, reason),
        })
    }
}

fn done(text: &str) -> Result<Ack, AckError> {
    parse_ack::<Done>(text).map(|Done {}| Ack::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ack: &Ack) -> String {
        let mut out = Vec::new();
        ack.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_yes_is_ok_true_with_the_fields_beside_it() {
        assert_eq!(text(&Ack::Done), r#"{"ok":true}"#);
        assert_eq!(text(&Ack::Ended(Ended { duration: Seconds(7) })), r#"{"ok":true,"duration":7}"#);
        assert_eq!(
            parse_ack::<Ended>(r#"{"ok":true,"duration":7,"new":1}"#),
            Ok(Ended { duration: Seconds(7) })
        );
    }

    #[test]
    fn a_no_keeps_its_code_and_sentence() {
        let no = Refusal::new(ErrorCode::RoomFull, "the room is full");
        let mut out = Vec::new();
        no.write_ack(&mut out);
        let text = String::from_utf8(out).unwrap();

        assert_eq!(text, r#"{"ok":false,"error":{"code":"room_full","message":"the room is full"}}"#);
        assert_eq!(parse_ack::<Done>(&text), Err(AckError::Refused(no)));
    }

    #[test]
    fn a_code_of_a_newer_server_is_unknown_and_no_failure() {
        let text = r#"{"ok":false,"error":{"code":"tea_time","message":"later"}}"#;

        let Err(AckError::Refused(no)) = parse_ack::<Done>(text) else { panic!("not refused") };
        assert_eq!(no.code, ErrorCode::Unknown);
    }
}
