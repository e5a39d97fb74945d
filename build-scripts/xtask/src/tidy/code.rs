//! The shape of source files: short, opened by their purpose, in the layout that STYLE.md describes.
use super::{Finding, Source};

/// Past this a file has a second subject. Tests at its end count: they belong to the subject.
const LONGEST: usize = 600;

/// Files that may be longer, each for its reason.
const MAY_BE_LONG: &[&str] = &[
    // Generated, and read as a whole by nobody.
    "web/src/protocol.ts",
];

const CODE: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "kt", "java", "py", "sh", "sql"];

pub(super) fn is_short(file: &Source) -> Option<Finding> {
    let length = file.text.lines().count();
    let is_long = file.has_extension(CODE) && length > LONGEST && !MAY_BE_LONG.contains(&file.path.as_str());
    is_long.then(|| {
        file.finding(
            LONGEST + 1,
            format!("{length} lines: move the second subject out, {LONGEST} are enough for one"),
        )
    })
}

pub(super) fn opens_with_its_purpose(file: &Source) -> Option<Finding> {
    let first = file.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!"));
    let is_silent = file.has_extension(&["rs"]) && !first.is_some_and(|line| line.starts_with("//! "));
    is_silent.then(|| file.finding(1, "starts without `//!`: say in a line what this file is for"))
}

pub(super) fn has_no_mod_rs(file: &Source) -> Option<Finding> {
    let folder = file.path.strip_suffix("/mod.rs")?;
    Some(file.finding(1, format!("is a mod.rs: call it {folder}.rs, so that its name says what it is")))
}

/// The words for "later", put together here so that this file has none itself.
const LATER: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn leaves_no_loose_ends(file: &Source) -> Vec<Finding> {
    if !file.has_extension(CODE) && !file.has_extension(&["toml", "yml", "yaml", "html", "css"]) {
        return Vec::new();
    }
    let find = |(number, line): (usize, &str)| {
        let word = LATER.iter().find(|word| is_loose(line, word))?;
        Some(file.finding(number, format!("a {word} without an issue: write {word}(#12), or do it now")))
    };
    file.lines().filter_map(find).collect()
}

/// Whether the word stands in a comment without an issue number behind it.
fn is_loose(line: &str, word: &str) -> bool {
    let Some(at) = line.find(word) else { return false };
    let (before, after) = (&line[..at], &line[at + word.len()..]);
    let is_whole = !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
    let in_comment = ["//", "#", "/*", "--", "<!--"].iter().any(|mark| before.contains(mark));
    let number = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
    let has_issue = number.is_some_and(|(n, _)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    is_whole && in_comment && !has_issue
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    #[test]
    fn a_file_of_two_subjects_is_found_by_its_length() {
        let lines = |count: usize| "line\n".repeat(count);

        assert_eq!(places(is_short(&file("a.rs", &lines(600)))), [""; 0]);
        assert_eq!(places(is_short(&file("a.rs", &lines(601)))), ["a.rs:601"]);
        assert_eq!(places(is_short(&file("Cargo.lock", &lines(5000)))), [""; 0]);
        assert_eq!(places(is_short(&file("web/src/protocol.ts", &lines(5000)))), [""; 0]);
    }

    #[test]
    fn a_rust_file_says_what_it_is_for() {
        assert_eq!(places(opens_with_its_purpose(&file("a.rs", "//! Rings.\nmod b;\n"))), [""; 0]);
        assert_eq!(places(opens_with_its_purpose(&file("a.rs", "use std::fs;\n//! Late.\n"))), ["a.rs:1"]);
        assert_eq!(places(opens_with_its_purpose(&file("a.rs", ""))), ["a.rs:1"]);
        assert_eq!(places(opens_with_its_purpose(&file("a.md", "Text\n"))), [""; 0]);
    }

    #[test]
    fn a_mod_rs_is_told_its_better_name() {
        let finding = has_no_mod_rs(&file("server/src/db/mod.rs", "")).unwrap();

        assert!(finding.what.contains("server/src/db.rs"), "{}", finding.what);
        assert_eq!(has_no_mod_rs(&file("server/src/db.rs", "")), None);
    }

    #[test]
    fn work_left_for_later_has_an_issue() {
        let later = LATER[0];
        let loose = |line: &str| places(leaves_no_loose_ends(&file("a.rs", line)));

        assert_eq!(loose(&format!("ok();\n// {later}: think\n")), ["a.rs:2"]);
        assert_eq!(loose(&format!("/* {later}(soon) */")), ["a.rs:1"]);
        assert_eq!(loose(&format!("// {later}(#12): think")), [""; 0]);
        assert_eq!(loose(&format!("let all = \"{later}\";")), [""; 0]);
        assert_eq!(loose(&format!("// {later}S are listed elsewhere")), [""; 0]);
    }
}
