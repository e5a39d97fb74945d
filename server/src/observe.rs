//! What an operator sees of a running server: log lines and numbers. Neither holds an SDP, an address, a token or the
//! name of a person; users and rooms appear by their ids.
mod lines;
mod log;
mod metrics;
mod process;
mod registry;
mod relay;

pub use lines::{CALLS_TARGET, line, log_note};
pub use log::{LogError, start_log, text_lines};
pub use metrics::Metrics;
pub(crate) use process::file_limit;
pub use registry::{Counter, Counters, Gauge, Histogram, Page};
pub use relay::write_relay;
