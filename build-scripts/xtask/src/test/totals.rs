//! Reads what `cargo test` prints: how many tests ran in which part, and which lines a person wants to see.

/// How many tests of a run passed, failed and were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Totals {
    /// One thing that either went well or not.
    pub(crate) fn of_one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), skipped: 0 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// The last line of a run.
    pub(crate) fn line(self) -> String {
        let Self { passed, failed, skipped } = self;
        match skipped {
            0 => format!("{passed} passed, {failed} failed"),
            _ => format!("{passed} passed, {failed} failed, {skipped} skipped"),
        }
    }

    /// A run in which nothing ran has not shown anything.
    pub(crate) fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// Follows the output of `cargo test`, line by line.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) totals: Totals,
    /// The test program that is running.
    program: String,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// It goes to the screen as it is.
    AsItIs,
    /// Something shorter goes to the screen.
    Instead(String),
    /// It says nothing new.
    Nothing,
}

impl Reader {
    pub(crate) fn read(&mut self, line: &str) -> Show {
        let text = line.trim();
        if let Some(program) = program(text) {
            self.program = program;
            return Show::Nothing;
        }
        if let Some((totals, time)) = result(text) {
            self.totals.add(totals);
            if totals == Totals::default() {
                return Show::Nothing;
            }
            return Show::Instead(format!("  {}: {}{time}", self.program, totals.line()));
        }
        let is_routine = text.is_empty()
            || text.starts_with("all doctests ran in ")
            || (text.starts_with("running ") && (text.ends_with(" tests") || text.ends_with(" test")))
            || (text.starts_with("test ") && (text.ends_with(" ... ok") || text.contains(" ... ignored")));
        if is_routine { Show::Nothing } else { Show::AsItIs }
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/calls_server-0123)`, `Doc-tests calls_server`
fn program(text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("Doc-tests ") {
        return Some(format!("{name}, examples in the documentation"));
    }
    let (source, binary) = text.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    let file = binary.rsplit(['/', '\\']).next()?;
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    Some(format!("{name}, {}", source.trim_start_matches("unittests ")))
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn result(text: &str) -> Option<(Totals, String)> {
    let (_, counts) = text.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.trim().strip_suffix(word));
        part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
    };
    let totals = Totals { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
    let time = counts.rsplit_once("finished in ").map_or(String::new(), |(_, time)| format!(" ({time})"));
    Some((totals, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "
   Compiling calls-protocol v0.1.0 (protocol)
    Finished `test` profile [unoptimized + debuginfo] target(s) in 5.27s
     Running unittests src/lib.rs (target/debug/deps/calls_protocol-1b0489e95d17b3c7)

running 3 tests
test ids::tests::a_numeric_string_is_an_id ... ok
test error::tests::slow ... ignored
test wire::tests::nonsense_is_refused ... FAILED

failures:

---- wire::tests::nonsense_is_refused stdout ----
assertion failed

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

     Running tests/it/main.rs (target/debug/deps/it-abc)
running 0 tests
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests calls_protocol
running 1 test
test protocol/src/lib.rs - (line 7) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s
all doctests ran in 0.22s; merged doctests compilation took 0.22s
";

    fn shown() -> (Totals, Vec<String>) {
        let mut reader = Reader::default();
        let lines = RUN.lines().filter_map(|line| match reader.read(line) {
            Show::AsItIs => Some(line.trim().to_owned()),
            Show::Instead(line) => Some(line),
            Show::Nothing => None,
        });
        let lines = lines.collect();
        (reader.totals, lines)
    }

    #[test]
    fn the_totals_of_all_programs_are_added_up() {
        let (totals, _) = shown();

        assert_eq!(totals, Totals { passed: 2, failed: 1, skipped: 1 });
        assert_eq!(totals.line(), "2 passed, 1 failed, 1 skipped");
        assert!(!totals.is_good());
    }

    #[test]
    fn what_went_well_is_short_and_what_failed_is_whole() {
        let (_, lines) = shown();

        assert_eq!(
            lines,
            [
                "Compiling calls-protocol v0.1.0 (protocol)",
                "Finished `test` profile [unoptimized + debuginfo] target(s) in 5.27s",
                "test wire::tests::nonsense_is_refused ... FAILED",
                "failures:",
                "---- wire::tests::nonsense_is_refused stdout ----",
                "assertion failed",
                "  calls_protocol, src/lib.rs: 1 passed, 1 failed, 1 skipped (0.02s)",
                "  calls_protocol, examples in the documentation: 1 passed, 0 failed (0.31s)",
            ]
        );
    }

    #[test]
    fn a_run_without_a_test_is_not_good() {
        assert!(!Totals::default().is_good());
        assert!(Totals::of_one(true).is_good());
        assert!(!Totals::of_one(false).is_good());
    }
}
