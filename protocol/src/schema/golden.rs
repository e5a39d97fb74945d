//! Golden messages: the same JSON for the documentation, the tests, the fuzzer's start and clients in other languages.

/// What a golden message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoldenKind {
    /// The payload of an event of a client.
    Client,
    /// The payload of an event of the server.
    Server,
    /// The good acknowledgement of an event of a client.
    Ack,
    /// The acknowledgement that carries an error.
    Error,
    /// An event that must be refused: `{event, payload, error}`.
    Refused,
}

/// One golden message, a file in `protocol/golden`.
#[derive(Debug, Clone, Copy)]
pub struct Golden {
    /// What it is.
    pub kind: GoldenKind,
    /// `call_initiate.seed1`: the event with `_` for `:`, then the case, if it is not the plain one.
    pub stem: &'static str,
    /// The JSON.
    pub text: &'static str,
}

impl Golden {
    /// The event's name with `_` for `:`; of an error, its code.
    pub fn subject(&self) -> &'static str {
        self.stem.split_once('.').map_or(self.stem, |(subject, _)| subject)
    }

    /// Whether it is about the event called `name`.
    pub fn is_of(&self, name: &str) -> bool {
        self.subject().split('_').eq(name.split([':', '_']))
    }

    /// Whether it is what another golden message reads like once it was understood and written again.
    pub fn is_rewritten(&self) -> bool {
        self.stem.ends_with(".out")
    }

    /// What this one is written as, where that is not what was read: numeric strings become numbers and so on.
    pub fn rewritten(&self) -> &'static str {
        let stem = format!("{}.out", self.stem);
        let found = goldens().iter().find(|other| other.kind == self.kind && other.stem == stem);
        found.map_or(self.text, |other| other.text)
    }
}

macro_rules! goldens {
    ($($kind:ident in $folder:literal: $($stem:literal)*;)*) => {
        &[$($(Golden {
            kind: GoldenKind::$kind,
            stem: $stem,
            text: include_str!(concat!("../../golden/", $folder, "/", $stem, ".json")),
        },)*)*]
    };
}

/// Every golden message.
pub fn goldens() -> &'static [Golden] {
    goldens! {
        Client in "client":
            "call_accept"
            "call_accept.sdp_as_text"
            "call_accept.seed1"
            "call_accept.unknown_fields"
            "call_accept.unknown_fields.out"
            "call_admit"
            "call_admit.not"
            "call_chat"
            "call_end"
            "call_end.seed1"
            "call_end.without_reason"
            "call_end.without_reason.out"
            "call_initiate.group"
            "call_initiate"
            "call_initiate.null_target"
            "call_initiate.null_target.out"
            "call_initiate.numeric_strings"
            "call_initiate.numeric_strings.out"
            "call_initiate.sdp_as_text"
            "call_initiate.seed1"
            "call_initiate.seed1_group"
            "call_join_room"
            "call_join_room.seed1"
            "call_join_room.seed4"
            "call_leave_room"
            "call_lock"
            "call_mute"
            "call_raise_hand"
            "call_react"
            "call_register"
            "call_register.seed1"
            "call_register.seed2"
            "call_register.seed2.out"
            "call_register.without_device"
            "call_register.without_device.out"
            "call_reject"
            "call_reject.newer_reason"
            "call_reject.newer_reason.out"
            "call_reject.seed1"
            "call_reject.seed1.out"
            "call_remove"
            "call_renegotiate.answer"
            "call_renegotiate"
            "call_renegotiate.media_server"
            "call_resume.first"
            "call_resume"
            "call_stats"
            "call_stats.newer_candidate_type"
            "call_subscribe"
            "call_subscribe.screen"
            "call_toggle_media"
            "call_toggle_media.screen"
            "call_toggle_media.seed1"
            "call_waiting_room"
            "ice_candidate.as_text"
            "ice_candidate.as_text.out"
            "ice_candidate"
            "ice_candidate.media_server"
            "ice_candidate.seed1";
        Server in "server":
            "call_answer"
            "call_answer.media_server"
            "call_chat"
            "call_ended.answered_elsewhere"
            "call_ended.glare"
            "call_ended"
            "call_ended.newer_reason"
            "call_ended.newer_reason.out"
            "call_ended.removed"
            "call_ended.timeout"
            "call_ended.unknown_fields"
            "call_ended.unknown_fields.out"
            "call_error"
            "call_error.unknown_event"
            "call_incoming"
            "call_incoming.no_avatar"
            "call_muted"
            "call_registered"
            "call_registered.while_it_rings"
            "call_rejected"
            "call_renegotiate"
            "call_renegotiate.media_server"
            "call_room_changed"
            "call_room_state"
            "call_room_state.moderated"
            "call_room_state.newer_topology"
            "call_room_state.newer_topology.out"
            "call_room_state.open_room"
            "call_room_state.waiting"
            "call_speakers"
            "call_speakers.silence"
            "call_speakers.too_loud"
            "call_speakers.too_loud.out"
            "call_streams"
            "call_streams.newer_kind"
            "call_streams.newer_kind.out"
            "call_waiting"
            "call_wanted"
            "call_wanted.by_nobody"
            "group_call_incoming"
            "ice_candidate"
            "user_hand_changed.down"
            "user_hand_changed"
            "user_joined_call"
            "user_left_call.host"
            "user_left_call"
            "user_media_changed"
            "user_media_changed.screen"
            "user_reacted"
            "user_reacted.newer"
            "user_reacted.newer.out"
            "user_reconnected"
            "user_reconnecting";
        Ack in "ack":
            "call_accept"
            "call_admit"
            "call_chat"
            "call_end"
            "call_initiate.glare"
            "call_initiate"
            "call_join_room"
            "call_join_room.waiting"
            "call_leave_room"
            "call_lock"
            "call_mute"
            "call_raise_hand"
            "call_react"
            "call_register"
            "call_reject"
            "call_remove"
            "call_renegotiate"
            "call_resume"
            "call_stats"
            "call_subscribe"
            "call_toggle_media"
            "call_waiting_room"
            "ice_candidate";
        Error in "error":
            "already_answered"
            "already_in_call"
            "bad_request"
            "conflict"
            "expired"
            "forbidden"
            "internal"
            "not_found"
            "rate_limited"
            "recipient_busy"
            "recipient_offline"
            "room_full"
            "too_large"
            "unauthorized"
            "unavailable"
            "unknown_event";
        Refused in "refused":
            "call_accept.room_with_a_space"
            "call_chat.control"
            "call_initiate.both_targets"
            "call_initiate.no_offer"
            "call_initiate.no_target"
            "call_initiate.unknown_type"
            "call_react.unknown"
            "call_register.missing_user"
            "call_register.not_an_object"
            "call_register.not_numeric"
            "call_register.user_zero"
            "call_renegotiate.nothing_new"
            "call_stats.more_than_all_lost"
            "call_subscribe.too_many"
            "unknown_event";
    }
}
