//! The one macro that ties an event's name to its payload, in both directions.
use crate::DecodeError;
use serde::Deserialize;

/// An event is a name and a payload. From this list come the enum, its names, how each is read and written, and its
/// place in the description, so that a name stands in one place only.
///
/// After the payload may stand what the description tells of it: `-> Answer refused [..]`, the good acknowledgement
/// and why the server may say no besides the reasons that any event can meet; `+ eventId`, an event that belongs to
/// a room and so is numbered.
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum $enum:ident {
            $(
                $(#[doc = $purpose:literal])*
                $event:literal => $variant:ident($payload:ty)
                $(-> $answer:ident refused [$($code:ident)*])? $(+ $id:ident)?,
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $enum {
            $($(#[doc = $purpose])* $variant($payload),)*
        }

        impl $enum {
            /// Every event name of this direction.
            pub const NAMES: &'static [&'static str] = &[$($event),*];

            /// The event's name on the wire.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $event,)*
                }
            }

            /// Reads the payload of the event called `name`.
            pub fn decode(name: &str, payload: &str) -> Result<Self, crate::DecodeError> {
                match name {
                    $($event => crate::events::read($event, payload).map(Self::$variant),)*
                    _ => Err(crate::DecodeError::UnknownEvent(name.chars().take(64).collect())),
                }
            }

            /// Appends the payload as JSON.
            pub fn write_payload(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(payload) => serde_json::to_writer(out, payload),)*
                }
                .expect("messages serialise, and a Vec takes every byte");
            }

            /// The payload as JSON text.
            pub fn payload(&self) -> String {
                let mut out = Vec::new();
                self.write_payload(&mut out);
                String::from_utf8(out).expect("JSON is UTF-8")
            }

            /// Every event of this direction, in the order above.
            #[cfg(feature = "schema")]
            pub(crate) fn describe(reader: &mut crate::schema::Reader) -> Vec<crate::schema::Message> {
                vec![$(crate::schema::Message {
                    event: $event,
                    purpose: concat!($($purpose),*).trim(),
                    payload: reader.object::<$payload>(),
                    answer: None$(.or(Some(crate::schema::Reader::answer::<crate::$answer>())))?,
                    refusals: &[$($(crate::ErrorCode::$code),*)?],
                    numbered: false $(|| !stringify!($id).is_empty())?,
                }),*]
            }
        }
    };
}
pub(crate) use events;

/// Reads a payload.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    event: &'static str,
    payload: &'de str,
) -> Result<T, DecodeError> {
    // A derived struct would also take an array, field by field; the contract does not.
    if !payload.trim_ascii_start().starts_with('{') {
        return Err(DecodeError::BadPayload { event, reason: "expected an object".into() });
    }
    serde_json::from_str(payload).map_err(|error| {
        #[cfg(feature = "paths")]
        let what = with_the_field::<T>(payload, &error);
        // To name the field, everything that can be read would be in a phone's library twice.
        #[cfg(not(feature = "paths"))]
        let what = error.to_string();
        DecodeError::BadPayload { event, reason: brief(without_position(&what)) }
    })
}

/// Reads it again, slowly, to name the field at fault.
#[cfg(feature = "paths")]
fn with_the_field<'de, T: Deserialize<'de>>(payload: &'de str, error: &serde_json::Error) -> String {
    let mut slowly = serde_json::Deserializer::from_str(payload);
    match serde_path_to_error::deserialize::<_, T>(&mut slowly) {
        // All of it is well, but something stands behind it.
        Ok(_) => error.to_string(),
        Err(error) => error.to_string(),
    }
}

/// The position is of no use to a person: the payload is one line.
fn without_position(what: &str) -> &str {
    what.rsplit_once(" at line ").map_or(what, |(what, _)| what)
}

/// A reason quotes what it found. What was found may be the whole message, and the reason is sent back and logged.
fn brief(reason: &str) -> String {
    const LONGEST: usize = 200;
    match reason.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ClientEvent;

    #[test]
    fn a_reason_names_the_field_and_stays_short_whatever_was_sent() {
        let huge = "x".repeat(30_000);
        let payload = format!(r#"{{"roomName":"r","streams":[{{"userId":1,"maxHeight":"{huge}"}}]}}"#);

        let reason = ClientEvent::decode("call:subscribe", &payload).unwrap_err().to_string();

        assert!(reason.starts_with("call:subscribe: streams[0].maxHeight: invalid type"), "{reason}");
        assert!(reason.len() < 300, "{} bytes", reason.len());
    }
}
