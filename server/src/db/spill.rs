//! What a stopping server could not write: a file in the data folder, one row a line, for the next start.
//!
//! A row may stand there that was written after all: applying it again changes nothing.
use super::{
    Place, Store, Unwritten, Writer,
    batch::{Batch, CallRow, GroupRow, SeatRow},
    private::stripped,
};
use calls_protocol::{CallId, IceCandidate, Stats, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tracing::{error, info, warn};

/// So much is read before it is written on.
const AT_ONCE: usize = 4 << 20;

/// How long the database may take for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where what was not written is kept.
#[derive(Debug, Clone)]
pub struct Spill {
    file: PathBuf,
    database: String,
}

/// One line. What it is about stands before the row.
#[derive(Serialize, Deserialize)]
enum Line {
    /// The database that the next lines are for.
    For(String),
    Call(CallId, CallRow),
    Group(CallId, GroupRow),
    Seat(CallId, UserId, SeatRow),
    Candidate(IceCandidate, UnixMillis),
    Statistics(CallId, Stats, UnixMillis),
}

/// What was found in the file.
#[derive(Debug, Default)]
struct Found {
    rows: usize,
    /// Lines that are no rows: half written, or of a newer server.
    broken: usize,
    /// Rows for another database.
    foreign: usize,
}

impl Spill {
    /// In this folder, for this database.
    pub fn new(folder: &Path, place: &Place) -> Self {
        Self { file: folder.join("unwritten.jsonl"), database: place.name() }
    }

    /// Puts what waits behind what the file holds already.
    pub(super) fn keep(&self, parts: &[Arc<Batch>]) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = File::options();
        options.create(true).append(true);
        // Who called whom, and from which address, is nobody else's on this machine to read.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = BufWriter::new(options.open(&self.file)?);
        // The last line of a file that is there may be half a line.
        file.write_all(b"\n")?;
        put(&mut file, &Line::For(self.database.clone()))?;
        for part in parts {
            keep_part(&mut file, part)?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// Writes to the database what the last server could not. The file goes when all of it is written; one that holds
    /// something else as well is kept under another name.
    pub async fn take_up(&self, store: &Store, writer: &Writer) -> Result<(), Unwritten> {
        let file = match File::open(&self.file) {
            Ok(file) if store.kind() != "none" => file,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                error!(file = %self.file.display(), %error, "rows of the last run cannot be read");
                return Ok(());
            }
            _ => return Ok(()),
        };
        let found = self.read(file, writer).await?;
        writer.flush(PATIENCE).await?;
        let Found { rows, broken, foreign } = found;
        info!(rows, "rows that the last run could not write are written");
        if broken + foreign == 0 {
            if let Err(error) = fs::remove_file(&self.file) {
                // They are written again at the next start, which changes nothing.
                error!(file = %self.file.display(), %error, "rows that are written cannot be removed");
            }
            return Ok(());
        }
        let kept = self.free_name();
        warn!(broken, foreign, kept = %kept.display(), "lines that are no rows of this database are kept aside");
        if let Err(error) = fs::rename(&self.file, &kept) {
            error!(file = %self.file.display(), %error, "they cannot be kept aside");
        }
        Ok(())
    }

    async fn read(&self, file: File, writer: &Writer) -> Result<Found, Unwritten> {
        let mut found = Found::default();
        let mut is_ours = false;
        for line in BufReader::new(file).split(b'\n') {
            let Ok(line) = line else {
                found.broken += 1;
                break;
            };
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Line>(&line) {
                Ok(Line::For(database)) => is_ours = database == self.database,
                Ok(_) if !is_ours => found.foreign += 1,
                Ok(line) => {
                    found.rows += 1;
                    writer.put_back(|batch, with_candidates| put_back(batch, line, with_candidates));
                }
                Err(_) => found.broken += 1,
            }
            if writer.counts().queue_bytes >= AT_ONCE {
                writer.flush(PATIENCE).await?;
            }
        }
        Ok(found)
    }

    /// `unwritten.jsonl.bad`, or the next that is free.
    fn free_name(&self) -> PathBuf {
        let name = |number: u32| {
            let mut name = self.file.clone().into_os_string();
            name.push(if number == 1 { ".bad".to_owned() } else { format!(".bad{number}") });
            PathBuf::from(name)
        };
        (1..).map(name).find(|name| !name.exists()).expect("there is always a next number")
    }
}

fn put(file: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

fn keep_part(file: &mut impl Write, part: &Batch) -> io::Result<()> {
    for (call, row) in &part.calls.rows {
        put(file, &Line::Call(*call, row.clone()))?;
    }
    for (call, row) in &part.groups.rows {
        put(file, &Line::Group(*call, row.clone()))?;
    }
    for ((call, user), row) in &part.seats.rows {
        put(file, &Line::Seat(*call, *user, row.clone()))?;
    }
    for (candidate, at) in &part.candidates {
        put(file, &Line::Candidate(candidate.clone(), *at))?;
    }
    for (call, stats, at) in &part.statistics {
        put(file, &Line::Statistics(*call, stats.clone(), *at))?;
    }
    Ok(())
}

fn put_back(batch: &mut Batch, line: Line, with_candidates: bool) {
    match line {
        Line::For(_) => {}
        Line::Call(call, mut row) => {
            if !with_candidates {
                // Written down when addresses were stored; now they are not.
                let offer = row.rang.as_mut().map(|rang| &mut rang.offer);
                let answer = row.answered.as_mut().map(|answered| &mut answered.answer);
                for description in [offer, answer].into_iter().flatten() {
                    *description = description.as_ref().and_then(stripped);
                }
            }
            batch.put_call(call, row);
        }
        Line::Group(call, row) => batch.put_group(call, row),
        Line::Seat(call, user, row) => batch.put_seat(call, user, row),
        Line::Candidate(..) if !with_candidates => {}
        Line::Candidate(candidate, at) => batch.put_candidate(candidate, at),
        Line::Statistics(call, stats, at) => batch.put_statistics(call, stats, at),
    }
}
