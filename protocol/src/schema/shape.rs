//! What a value may be, read out of the JSON schema that the Rust types derive.
use super::order::fields_of;
use crate::{GroupIncoming, IceServer, Incoming, Participant, Speaker, StreamPlace, StreamWish, WaitingUser};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The type of a value.
#[derive(Debug, Clone)]
pub struct Type {
    /// Its name in Rust, if it has one of its own.
    pub name: Option<String>,
    /// What it is.
    pub doc: String,
    /// What it may be on the wire.
    pub kind: Kind,
}

/// What a value may be on the wire.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole {
        /// The least.
        least: u64,
        /// The greatest.
        most: u64,
        /// Whether the digits may also come as a string.
        or_text: bool,
    },
    /// Any number.
    Number {
        /// The least.
        least: f64,
        /// The greatest.
        most: f64,
    },
    /// A string.
    Text {
        /// The least number of characters.
        shortest: usize,
        /// The greatest number of characters, if there is one besides that of the message.
        longest: Option<usize>,
        /// The regular expression that it fulfils.
        pattern: Option<String>,
    },
    /// One of these strings.
    Word {
        /// Each with its meaning.
        words: Vec<(String, String)>,
        /// Whether any other string, and `null`, is read as the first of them.
        open: bool,
    },
    /// Passed on as it came.
    ObjectOrText {
        /// The most bytes that its JSON may have.
        longest: Option<usize>,
    },
    /// Any number of one type.
    List(Box<Type>),
    /// An object.
    Object {
        /// In the order of the source.
        fields: Vec<Field>,
        /// If not empty: exactly one of these lists of fields has to be there; its first field tells which.
        one_of: Vec<Vec<String>>,
    },
}

/// A field of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// What it says.
    pub doc: String,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether it may be `null`.
    pub nullable: bool,
    /// What it may be otherwise.
    pub of: Type,
}

/// Reads the description of Rust types, for one direction.
pub(crate) struct Reader {
    generator: SchemaGenerator,
    /// What we read may leave out an optional field or set it to `null`; what we write does one of the two.
    reads: bool,
}

impl Reader {
    /// Of messages that we read: a field is required if reading fails without it.
    pub(crate) fn of_what_is_read() -> Self {
        let settings = SchemaSettings::draft2020_12().for_deserialize();
        Self { generator: settings.into_generator(), reads: true }
    }

    /// Of messages that we write: a field is required if it is always there.
    pub(crate) fn of_what_is_written() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        Self { generator: settings.into_generator(), reads: false }
    }

    /// A message.
    pub(crate) fn object<T: JsonSchema + for<'de> Deserialize<'de>>(&mut self) -> Type {
        let schema = self.generator.subschema_for::<T>().to_value();
        self.of(&schema, fields_of::<T>())
    }

    /// An acknowledgement: whoever reads the event writes it.
    pub(crate) fn answer<T: JsonSchema + for<'de> Deserialize<'de>>() -> Type {
        Self::of_what_is_written().object::<T>()
    }

    fn of(&self, schema: &Value, order: &'static [&'static str]) -> Type {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            let order = if order.is_empty() { inner(name) } else { order };
            let named = self.of(&self.generator.definitions()[name], order);
            return Type { name: Some(name.to_owned()), ..named };
        }
        let doc = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        Type { name: None, doc, kind: self.kind(schema, order) }
    }

    fn kind(&self, schema: &Value, order: &'static [&'static str]) -> Kind {
        if let Some(words) = schema["oneOf"].as_array().filter(|of| of.iter().all(|w| w["const"].is_string()))
        {
            let word = |w: &Value| {
                let text = |key: &str| w[key].as_str().unwrap_or_default().replace('\n', " ");
                (text("const"), text("description"))
            };
            let open = schema["x-open"] == Value::Bool(true);
            return Kind::Word { words: words.iter().map(word).collect(), open };
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            other => unreachable!("a schema of ours has a type, not {other} in {schema}"),
        };
        let bound = |key: &str| schema[key].as_f64();
        let whole = |key: &str| schema[key].as_u64();
        let length = |key: &str| whole(key).and_then(|n| usize::try_from(n).ok());
        match types[..] {
            ["object", "string"] => {
                let longest = length("x-longest-json").filter(|longest| *longest < u32::MAX as usize);
                Kind::ObjectOrText { longest }
            }
            ["boolean", ..] => Kind::Flag,
            ["integer", ..] => Kind::Whole {
                least: whole("minimum").unwrap_or(0),
                most: whole("maximum").unwrap_or(crate::ids::LARGEST_ID),
                or_text: schema["x-or-text"] == Value::Bool(true),
            },
            ["number", ..] => Kind::Number {
                least: bound("minimum").unwrap_or(0.0),
                most: bound("maximum").unwrap_or(f64::MAX),
            },
            ["string", ..] => Kind::Text {
                shortest: length("minLength").unwrap_or(0),
                longest: length("maxLength"),
                pattern: schema["pattern"].as_str().map(str::to_owned),
            },
            ["array", ..] => Kind::List(Box::new(self.of(&schema["items"], &[]))),
            ["object", ..] => self.fields(schema, order),
            ref other => unreachable!("no message of ours has a {other:?}"),
        }
    }

    fn fields(&self, schema: &Value, order: &'static [&'static str]) -> Kind {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        assert_eq!(properties.len(), order.len(), "the fields {order:?} are not those of {schema}");
        let names = |list: &Value| -> Vec<String> {
            let list = list.as_array().map_or(&[][..], Vec::as_slice);
            list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        let required = names(&schema["required"]);
        let fields = order.iter().map(|name| {
            let property = &properties[*name];
            let required = required.iter().any(|r| r == name);
            // An optional named type is `anyOf [it, null]`.
            let inner = property["anyOf"].as_array().and_then(|any| any.iter().find(|s| s["type"] != "null"));
            let may_be_null = property["anyOf"].is_array()
                || property["type"].as_array().is_some_and(|types| types.iter().any(|t| t == "null"));
            Field {
                name: (*name).to_owned(),
                doc: property["description"].as_str().unwrap_or_default().replace('\n', " "),
                required,
                nullable: if self.reads { !required } else { required && may_be_null },
                of: self.of(inner.unwrap_or(property), &[]),
            }
        });
        let one_of = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
        Kind::Object {
            fields: fields.collect(),
            one_of: one_of.iter().map(|way| names(&way["required"])).collect(),
        }
    }
}

/// The order of the fields of what stands inside messages.
fn inner(name: &str) -> &'static [&'static str] {
    match name {
        "GroupIncoming" => fields_of::<GroupIncoming>(),
        "IceServer" => fields_of::<IceServer>(),
        "Incoming" => fields_of::<Incoming>(),
        "Participant" => fields_of::<Participant>(),
        "Speaker" => fields_of::<Speaker>(),
        "StreamPlace" => fields_of::<StreamPlace>(),
        "StreamWish" => fields_of::<StreamWish>(),
        "WaitingUser" => fields_of::<WaitingUser>(),
        // No object, or `fields` says that this list lacks it.
        _ => &[],
    }
}

impl Type {
    /// The fields, if it is an object.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Object { fields, .. } => fields,
            _ => &[],
        }
    }
}

/// What has a name of its own among these types and inside them, once each and in the order of first use.
pub(super) fn named_types<'a>(of: impl Iterator<Item = &'a Type>) -> Vec<&'a Type> {
    fn add<'a>(of: &'a Type, named: &mut Vec<&'a Type>) {
        if of.name.is_some() {
            if named.iter().any(|other| other.name == of.name) {
                return;
            }
            named.push(of);
        }
        match &of.kind {
            Kind::List(item) => add(item, named),
            Kind::Object { fields, .. } => fields.iter().for_each(|field| add(&field.of, named)),
            _ => {}
        }
    }
    let mut named = Vec::new();
    of.for_each(|of| add(of, &mut named));
    named
}
