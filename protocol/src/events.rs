//! The one macro that ties an event's name to its payload, in both directions.
use crate::DecodeError;
use serde::Deserialize;

/// An event is a name and a payload. From this list come the enum, its names, and how each is read and written,
/// so that a name stands in one place only.
macro_rules! events {
    ($(#[$doc:meta])* pub enum $enum:ident { $($(#[$vdoc:meta])* $event:literal => $variant:ident($payload:ty),)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $enum {
            $($(#[$vdoc])* $variant($payload),)*
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

            /// Name, purpose and schema of every event of this direction.
            #[cfg(feature = "schema")]
            pub(crate) fn describe(generator: &mut schemars::SchemaGenerator) -> Vec<crate::schema::Message> {
                vec![$(crate::schema::Message {
                    event: $event,
                    purpose: crate::schema::purpose(&[$(stringify!($vdoc)),*]),
                    schema: generator.subschema_for::<$payload>(),
                }),*]
            }
        }
    };
}
pub(crate) use events;

/// Reads a payload. Only when that fails is it read again, slowly, to name the field at fault.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    event: &'static str,
    payload: &'de str,
) -> Result<T, DecodeError> {
    // A derived struct would also take an array, field by field; the contract does not.
    if !payload.trim_ascii_start().starts_with('{') {
        return Err(DecodeError::BadPayload { event, reason: "expected an object".into() });
    }
    serde_json::from_str(payload).map_err(|_| {
        let mut slowly = serde_json::Deserializer::from_str(payload);
        let reason = match serde_path_to_error::deserialize::<_, T>(&mut slowly) {
            Ok(_) => "trailing characters".into(),
            Err(error) => {
                let path = error.path().to_string();
                let what = error.into_inner().to_string();
                // The position is of no use to a person: the payload is one line.
                let what = what.split(" at line ").next().unwrap_or(&what);
                if path == "." { what.into() } else { format!("{path}: {what}") }
            }
        };
        DecodeError::BadPayload { event, reason }
    })
}
