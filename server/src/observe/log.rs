//! Where log lines go and what they look like: text for people, JSON for machines.
use super::lines::CALLS_TARGET;
use crate::settings::{LogFormat, LogSettings};
use std::{fmt, io::IsTerminal};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{Format, Full, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `log_level` cannot be read.
    #[error("log_level is no filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// There is one already.
    #[error("the log was started before")]
    Started(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Starts the log of this process on its standard output, where the Node handler wrote, too.
pub fn start_log(settings: &LogSettings) -> Result<(), LogError> {
    let ansi = std::io::stdout().is_terminal();
    Ok(tracing::subscriber::set_global_default(text_lines(settings, std::io::stdout, ansi)?)?)
}

/// The log that writes to `writer`.
pub fn text_lines<W>(
    settings: &LogSettings,
    writer: W,
    ansi: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter: EnvFilter = settings.filter.parse()?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // A line that finds the disk full or the pipe closed is lost. To complain on standard error, which mostly goes
        // to the same place, would panic in the middle of a call.
        .log_internal_errors(false);
    Ok(match settings.format {
        LogFormat::Json => Box::new(log.json().flatten_event(true).finish()),
        LogFormat::Text => Box::new(log.with_ansi(ansi).event_format(TextLine(Format::default())).finish()),
    })
}

/// One line an event. The line of a call ends where the documents end it; its fields say the same once more, and
/// stand in JSON only.
struct TextLine(Format<Full, SystemTime>);

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != CALLS_TARGET {
            return self.0.format_event(context, writer, event);
        }
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} ", event.metadata().level())?;
        let mut message = Message { writer, outcome: Ok(()) };
        event.record(&mut message);
        message.outcome?;
        writeln!(message.writer)
    }
}

struct Message<'a> {
    writer: Writer<'a>,
    outcome: fmt::Result,
}

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.outcome = write!(self.writer, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::lines::{log_note, tests::one_of_each},
        *,
    };
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, act: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let settings = LogSettings { format, filter: "info".into() };
        let log = text_lines(&settings, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(log, act);
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn in_text_a_line_of_a_call_ends_as_in_the_documents() {
        let text = logged(LogFormat::Text, || {
            one_of_each().iter().for_each(|(note, _)| log_note(note));
            tracing::warn!(port = 3000, "something else");
        });

        for (line, (_, expected)) in text.lines().zip(one_of_each()) {
            assert!(line.ends_with(&format!("Z  INFO {expected}")), "{line}");
        }
        let other = text.lines().last().unwrap();
        assert!(other.contains("WARN") && other.ends_with("something else port=3000"), "{other}");
    }

    #[test]
    fn in_json_a_line_of_a_call_carries_its_fields() {
        let text = logged(LogFormat::Json, || one_of_each().iter().for_each(|(note, _)| log_note(note)));

        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (json, (_, expected)) in lines.iter().zip(one_of_each()) {
            assert_eq!(json["message"], expected);
            assert_eq!(json["target"], CALLS_TARGET);
        }
        assert_eq!(lines[1]["event"], "initiated");
        assert_eq!((&lines[1]["from"], &lines[1]["to"]), (&123.into(), &456.into()));
        assert_eq!(lines[4]["after_ms"], 2500);
        assert_eq!(lines[10]["reason"], "timeout");
        assert_eq!(lines[10].get("by"), None);
    }
}
