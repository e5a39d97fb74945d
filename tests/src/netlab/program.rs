//! A program that runs on a host of a lab.
use super::namespace::Namespace;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fmt::Write,
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

/// So many lines of each program are shown when a test fails.
const LAST_WORDS: usize = 20;

/// A running program. Dropping it kills it as `kill -9` would, and so does the end of the test's own process.
pub struct Program {
    /// For the transcript.
    shown: String,
    child: Child,
    said: Arc<Said>,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// None if a signal ended it.
    pub code: Option<i32>,
    /// All that it printed, to both of its outputs.
    pub lines: Vec<String>,
}

#[derive(Default)]
struct Said {
    so_far: Mutex<Lines>,
    news: Condvar,
}

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    is_over: bool,
}

impl Program {
    #[track_caller]
    pub(crate) fn start(namespace: &Namespace, command: &Command) -> Self {
        let shown = command.get_program().to_string_lossy().into_owned();
        let (reader, writer) = io::pipe().expect("the system has a pipe");
        let mut wrapped = Command::new("ip");
        wrapped
            .args(["netns", "exec", namespace.name()])
            // In a session of its own each is given as much of the machine as all of a build together.
            .args(["setsid", "setpriv", "--pdeathsig", "KILL", "--"])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("the system has a file"))
            .stderr(writer);
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        let child = spawn_to_stay(wrapped).unwrap_or_else(|error| panic!("{shown} does not start: {error}"));
        let said = Arc::new(Said::default());
        let listener = said.clone();
        std::thread::spawn(move || listener.listen(reader));
        Self { shown, child, said }
    }

    /// Waits until what it has said so far satisfies somebody.
    ///
    /// # Panics
    /// If that does not happen in time, or the program ends before; with all that it said.
    #[track_caller]
    pub fn until<T>(&self, within: Duration, mut judge: impl FnMut(&[String]) -> Option<T>) -> T {
        let deadline = Instant::now() + within;
        let mut so_far = self.said.so_far();
        loop {
            if let Some(found) = judge(&so_far.lines) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || so_far.is_over {
                let why = if so_far.is_over { "it ended" } else { "its time was up" };
                let transcript = so_far.lines.join("\n");
                drop(so_far);
                panic!("{}: {why} before it said what was waited for; it said:\n{transcript}", self.shown);
            }
            let waited = self.said.news.wait_timeout(so_far, left);
            so_far = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a line with these words. One that it has said before counts.
    ///
    /// # Panics
    /// As [`Self::until`].
    #[track_caller]
    pub fn wait_for(&self, words: &str, within: Duration) -> String {
        self.until(within, |lines| lines.iter().find(|line| line.contains(words)).cloned())
    }

    /// What it has said so far.
    pub fn lines(&self) -> Vec<String> {
        self.said.so_far().lines.clone()
    }

    /// Sends it a signal, unless it has ended.
    pub fn signal(&self, signal: Signal) {
        // One that ended a moment ago was not waited for yet: the signal goes to nobody else.
        let _is_gone = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// If that does not happen in time; with all that it said.
    #[track_caller]
    pub fn ended(&mut self, within: Duration) -> Ended {
        let is_over = self.is_over(within);
        let lines = self.lines();
        assert!(is_over, "{} does not end within {within:?}; it said:\n{}", self.shown, lines.join("\n"));
        // Its outputs are closed, so it has ended or is about to.
        let code = self.child.wait().expect("it was started").code();
        Ended { code, lines }
    }

    /// Waits until it says nothing any more; false if it still might then.
    pub fn is_over(&self, within: Duration) -> bool {
        let goes_on = |lines: &mut Lines| !lines.is_over;
        let waited = self.said.news.wait_timeout_while(self.said.so_far(), within, goes_on);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It fails only if the program is gone, which is what is wanted.
        let _gone = self.child.kill();
        let _status = self.child.wait();
        if std::thread::panicking() {
            let mut text = String::new();
            let lines = self.lines();
            for line in &lines[lines.len().saturating_sub(LAST_WORDS)..] {
                // Writing to a string does not fail.
                let _ = writeln!(text, "  {line}");
            }
            eprintln!("{} said last:\n{text}", self.shown);
        }
    }
}

impl Said {
    fn so_far(&self) -> MutexGuard<'_, Lines> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, output: io::PipeReader) {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            self.so_far().lines.push(String::from_utf8_lossy(&line).into_owned());
            self.news.notify_all();
        }
        self.so_far().is_over = true;
        self.news.notify_all();
    }
}

type Order = (Command, SyncSender<io::Result<Child>>);

/// Starts programs from a thread that lasts as long as this process: the system ends a program that asked for it
/// (`--pdeathsig`) when the *thread* that started it is gone.
fn spawn_to_stay(command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<SyncSender<Order>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, waiting) = sync_channel::<Order>(0);
        std::thread::spawn(move || {
            for (mut command, answer) in waiting {
                // Whoever asked is waiting, or has panicked.
                let _gone = answer.send(command.spawn());
            }
        });
        orders
    });
    let (answer, child) = sync_channel(1);
    starter.send((command, answer)).expect("the starter never ends");
    child.recv().expect("the starter answers")
}
