//! `cargo xtask tidy`: checks what no compiler checks. Each finding says where, what, and what to do about it.
//!
//! A check is a plain function from the files to its findings, so its tests need no folder.
mod architecture;
mod code;
mod generated;
mod links;
mod manifests;
mod text;

use crate::{generated as made, run, workspace::Workspace};
use anyhow::{Result, bail};
use std::{fmt, fs, process::Command, process::ExitCode};

/// A text file of the project.
pub(crate) struct Source {
    /// From the top of the clone, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// Lines with their numbers, as an editor counts them.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }

    fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }
}

/// Something to put right.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    /// What is wrong, and what to do.
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    check(workspace)?;
    println!("tidy: nothing to put right");
    Ok(ExitCode::SUCCESS)
}

/// Fails with all findings if there are any.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let files = sources(workspace)?;
    let mut findings = Vec::new();
    findings.extend(architecture::names_every_crate(&files, &workspace.members()?));
    findings.extend(generated::is_up_to_date(&files, &made::files()));
    findings.extend(links::lead_somewhere(&files));
    for file in &files {
        findings.extend(code::is_short(file));
        findings.extend(code::opens_with_its_purpose(file));
        findings.extend(code::has_no_mod_rs(file));
        findings.extend(code::leaves_no_loose_ends(file));
        findings.extend(manifests::has_no_version_of_its_own(file));
        findings.extend(text::names_no_folder_of_one_machine(file));
        findings.extend(text::ends_its_lines_cleanly(file));
    }
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort();
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    bail!("{}\n{} to put right", lines.join("\n"), lines.len());
}

/// Inputs that a fuzzer found: their bytes are what matters.
const RAW: &[&str] = &["fuzz/regressions/"];

/// Every file that git knows or would add; so a fault is found before it is committed.
fn sources(workspace: &Workspace) -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.current_dir(&workspace.root);
    let names = run::output(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let read = |name: &str| {
        // A file that is gone from the disk has nothing to check, and a picture only that links lead to it.
        let bytes = fs::read(workspace.root.join(name)).ok()?;
        Some(Source { path: name.to_owned(), text: String::from_utf8(bytes).unwrap_or_default() })
    };
    let is_raw = |name: &str| RAW.iter().any(|folder| name.starts_with(folder));
    Ok(names.split('\0').filter(|name| !name.is_empty() && !is_raw(name)).filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::Source;

    /// A file for the tests of the checks.
    pub(super) fn file(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// `path:line` of each finding.
    pub(super) fn places(findings: impl IntoIterator<Item = super::Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }

    #[test]
    fn a_finding_reads_like_a_compilers() {
        let finding = file("a/b.rs", "").finding(7, "wrong; put it right");

        assert_eq!(finding.to_string(), "a/b.rs:7: wrong; put it right");
    }
}
