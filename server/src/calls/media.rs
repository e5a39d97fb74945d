//! What passes between the rules and the media server: orders to it, and news of it.
//!
//! The rules know who is in a room and who sends what; the media server knows connections. Neither waits for the other:
//! an order has no answer but the news that follow from it. Orders about one seat are carried out in order. Each
//! [`MediaOrder::Offer`] gets exactly one [`MediaNews::Answer`] or [`MediaNews::Refused`], in the order of the offers; a
//! seat that ends before that gets none.
use calls_protocol::{Refusal, RoomName, Sdp, Speaker, StreamPlace, StreamWish, UserId};
use std::time::Duration;

/// One participant's one connection to the media server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaSeat {
    /// The room.
    pub room: RoomName,
    /// Who.
    pub user: UserId,
    /// Which connection of theirs. No two of one server are the same, and news of one that is over is ignored.
    pub connection: u64,
}

/// What the media server shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaOrder {
    /// A client offers, for the first time or again. The first offer of a seat begins its connection.
    Offer {
        /// Whose.
        seat: MediaSeat,
        /// The offer.
        sdp: Sdp,
    },
    /// A client answers an offer of the media server.
    Answer {
        /// Whose.
        seat: MediaSeat,
        /// The answer.
        sdp: Sdp,
    },
    /// What a participant wants to see, instead of what they wanted before.
    Subscribe {
        /// Whose wish.
        seat: MediaSeat,
        /// What they want of whom: of people in the room, and not of themselves.
        wishes: Vec<StreamWish>,
    },
    /// What a participant has switched on, by themselves or by the host. The rest is not forwarded. It follows each
    /// offer of a seat that was not answered yet, and each change.
    Media {
        /// Whose.
        seat: MediaSeat,
        /// The microphone.
        audio: bool,
        /// The camera.
        video: bool,
        /// The shared screen.
        screen: bool,
    },
    /// A client lost its socket and is back, by the same media connection: say the offer that waits for its answer,
    /// the streams, and what is wanted of theirs, again.
    Again {
        /// Whose.
        seat: MediaSeat,
    },
    /// The connection is over: forget it. No news of it is needed.
    Leave {
        /// Whose.
        seat: MediaSeat,
    },
}

impl MediaOrder {
    /// Whom it is about.
    pub fn seat(&self) -> &MediaSeat {
        match self {
            Self::Offer { seat, .. }
            | Self::Answer { seat, .. }
            | Self::Subscribe { seat, .. }
            | Self::Media { seat, .. }
            | Self::Again { seat }
            | Self::Leave { seat } => seat,
        }
    }
}

/// What the media server tells.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaNews {
    /// The answer to the oldest offer of a client that has none yet.
    Answer {
        /// Whose.
        seat: MediaSeat,
        /// The answer.
        sdp: Sdp,
    },
    /// The oldest offer of a client that has no answer yet cannot be taken. What was agreed before stays.
    Refused {
        /// Whose.
        seat: MediaSeat,
        /// Why.
        refusal: Refusal,
    },
    /// The media server offers.
    Offer {
        /// To whom.
        seat: MediaSeat,
        /// The offer.
        sdp: Sdp,
    },
    /// In which media section somebody is heard and seen: all of them, each time it changes.
    Streams {
        /// For whom.
        seat: MediaSeat,
        /// Where who is.
        streams: Vec<StreamPlace>,
    },
    /// How large a participant's own pictures are looked at: each time it changes.
    Wanted {
        /// Whose pictures.
        seat: MediaSeat,
        /// The height of the largest layer of the camera that anybody can use; 0 if nobody looks.
        camera: u16,
        /// Whether anybody looks at the shared screen.
        screen: bool,
    },
    /// Who is speaking, for everyone in the room who is connected to the media server.
    Speakers {
        /// Where.
        room: RoomName,
        /// The one to show large.
        dominant: Option<UserId>,
        /// Everyone who is heard.
        speakers: Vec<Speaker>,
    },
    /// A media connection is up.
    Connected {
        /// Whose.
        seat: MediaSeat,
    },
    /// A media connection is over: dead for 30 s, closed by the client, or lost with its worker. The media server has
    /// forgotten it.
    Gone {
        /// Whose.
        seat: MediaSeat,
    },
}

impl MediaNews {
    /// The room that it is about.
    pub fn room(&self) -> &RoomName {
        match self {
            Self::Answer { seat, .. }
            | Self::Refused { seat, .. }
            | Self::Offer { seat, .. }
            | Self::Streams { seat, .. }
            | Self::Wanted { seat, .. }
            | Self::Connected { seat }
            | Self::Gone { seat } => &seat.room,
            Self::Speakers { room, .. } => room,
        }
    }
}

/// When a room of many goes through the media server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaSettings {
    /// As many in a group call still speak straight with each other.
    pub mesh_of_group: usize,
    /// The same for open rooms.
    pub mesh_of_open_room: usize,
    /// How long so few are in it before the room goes back to straight connections.
    pub back_after: Duration,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            mesh_of_group: 2,
            mesh_of_open_room: 4,
            // Somebody who drops out and comes right back does not move everyone twice.
            back_after: Duration::from_secs(10),
        }
    }
}
