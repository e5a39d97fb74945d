//! How a call does, for the overlay and for logs.
use crate::snapshot::mirror;
use calls_core::{self as core, CallKey};
use calls_protocol::Recipient;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

mirror! {
    /// How good a connection is, as a person would say.
    Quality of core::Quality {
        /// Nothing is known yet.
        Unknown,
        /// Nobody notices anything.
        Good,
        /// One notices something.
        Weak,
        /// One hardly understands each other.
        Bad,
    }
}

/// How the connection to somebody does.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ParticipantStats {
    /// Who; 0 is the media server, through which everyone comes.
    pub user: i64,
    /// How good it is.
    pub quality: Quality,
    /// There and back.
    pub round_trip: Option<Duration>,
    /// Which way packets go, such as `host -> relay by udp`.
    pub path: Option<String>,
    /// Of their voice.
    pub packets_received: i64,
    /// Of their voice.
    pub packets_lost: i64,
    /// Of their voice, since it began.
    pub loss_percent: f32,
    /// The part of what was heard that was made up, since it began.
    pub concealed_percent: f32,
    /// How long their voice waits for packets that are late.
    pub jitter_buffer: Duration,
    /// The longest time in which nothing came that should have.
    pub longest_gap: Duration,
    /// Bits a second, since stats were asked for last.
    pub bitrate_sent: i64,
    /// Bits a second, since stats were asked for last.
    pub bitrate_received: i64,
    /// Of their picture; 0 if there is none.
    pub picture_width: i32,
    /// Of their picture; 0 if there is none.
    pub picture_height: i32,
    /// Of their picture, in the last second.
    pub pictures_per_second: f32,
}

/// How a call does.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CallStats {
    /// Each connection of it.
    pub participants: Vec<ParticipantStats>,
    /// What may be sent, in bits a second, where it is narrowest.
    pub estimate: i64,
}

/// What was counted when stats were asked for last.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    last: BTreeMap<(CallKey, Recipient), Counted>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    at: Instant,
    builds: u32,
    sent: u64,
    received: u64,
}

impl Meter {
    /// What Kotlin sees of a call.
    pub(crate) fn read(&mut self, now: Instant, call: CallKey, stats: &core::CallStats) -> CallStats {
        let participants = stats.others.iter().map(|other| self.other(now, call, other)).collect();
        // What is not asked for any more, such as calls that ended, is forgotten.
        self.last.retain(|_, counted| now.duration_since(counted.at) < Duration::from_secs(60));
        let estimates = stats.others.iter().map(|other| other.connection.estimate).filter(|bits| *bits > 0);
        CallStats { participants, estimate: estimates.min().unwrap_or(0).cast_signed() }
    }

    fn other(&mut self, now: Instant, call: CallKey, other: &core::OtherStats) -> ParticipantStats {
        let core::OtherStats { to, builds, connection, voice, picture } = other;
        let counted = Counted {
            at: now,
            builds: *builds,
            sent: connection.bytes_sent,
            received: connection.bytes_received,
        };
        let before = self.last.insert((call, *to), counted).filter(|before| before.builds == *builds);
        let rate = |of: fn(&Counted) -> u64| {
            let before = before.as_ref()?;
            let seconds = now.duration_since(before.at).as_secs_f64();
            let bits = of(&counted).saturating_sub(of(before)) * 8;
            (seconds > 0.0).then(|| (bits as f64 / seconds) as i64)
        };
        let (heard, jitter) = (&connection.voice_received, &voice.hearing.jitter);
        let awaited = heard.packets as f32 + heard.packets_lost.max(0) as f32;
        let percent = |part: f32, of: f32| if of > 0.0 { part / of * 100.0 } else { 0.0 };
        let seen = picture.map(|picture| picture.seeing);
        let (width, height) = seen.and_then(|seen| seen.size).unwrap_or_default();
        ParticipantStats {
            user: to.user().map_or(0, |user| user.get().cast_signed()),
            quality: other.quality().into(),
            round_trip: connection.round_trip,
            path: connection.path.map(|path| path.to_string()),
            packets_received: heard.packets.cast_signed(),
            packets_lost: heard.packets_lost,
            loss_percent: percent(heard.packets_lost.max(0) as f32, awaited),
            concealed_percent: percent(
                jitter.made_up as f32,
                jitter.made_up as f32 + jitter.played as f32 * 960.0,
            ),
            jitter_buffer: jitter.target,
            longest_gap: voice.longest_gap,
            bitrate_sent: rate(|counted| counted.sent).unwrap_or(0),
            bitrate_received: rate(|counted| counted.received).unwrap_or(0),
            picture_width: width.cast_signed(),
            picture_height: height.cast_signed(),
            pictures_per_second: seen.map_or(0.0, |seen| seen.frames_per_second as f32),
        }
    }
}
