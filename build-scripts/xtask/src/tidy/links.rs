//! Links in the documents lead to files and headings that exist.
use super::{Finding, Source};
use std::collections::HashSet;

pub(super) fn lead_somewhere(files: &[Source]) -> Vec<Finding> {
    let documents = files.iter().filter(|file| file.has_extension(&["md"]) && !is_a_piece(&file.path));
    documents.flat_map(|document| check(document, files)).collect()
}

/// Markdown beside code is put into a document somewhere else; its links are checked where they end up.
fn is_a_piece(path: &str) -> bool {
    path.contains("/src/") || path.contains("/benches/")
}

fn check(document: &Source, files: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in prose(document) {
        for target in targets(&line) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if let Some(fault) = fault(document, &target, files) {
                findings.push(document.finding(number, format!("link to {target}: {fault}")));
            }
        }
    }
    findings
}

/// Lines that are not code, with what stands in backticks taken out.
fn prose(document: &Source) -> impl Iterator<Item = (usize, String)> {
    let mut in_code = false;
    document.lines().filter_map(move |(number, line)| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return None;
        }
        // Odd parts stand between two backticks.
        let outside: String = line.split('`').step_by(2).collect();
        (!in_code).then_some((number, outside))
    })
}

/// What `[text](target)` and `![text](target "title")` lead to.
fn targets(line: &str) -> Vec<String> {
    let mut rest = line;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once("](") {
        let Some((target, tail)) = after.split_once(')') else { break };
        found.extend(target.split_whitespace().next().map(str::to_owned));
        rest = tail;
    }
    found
}

fn fault(document: &Source, target: &str, files: &[Source]) -> Option<&'static str> {
    let (path, heading) =
        target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let Some(path) = resolve(&document.path, path) else { return Some("leads out of the project") };
    let Some(file) = files.iter().find(|file| file.path == path) else {
        let folder = format!("{path}/");
        let exists = path.is_empty() || files.iter().any(|file| file.path.starts_with(&folder));
        return (!exists).then_some("there is no such file: put it right or take it out");
    };
    let heading = heading?;
    let is_missing = file.has_extension(&["md"]) && !anchors(file).contains(heading);
    is_missing.then_some("the file has no such heading: put it right or take it out")
}

/// The path from the top of the project; none if it leaves the project.
fn resolve(from: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(from.to_owned());
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The names that the headings of a document get when it is shown, and those it gives itself: `<a id="name">`.
fn anchors(document: &Source) -> HashSet<String> {
    let given = document.text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let headings = prose_with_code(document).filter_map(|line| line.strip_prefix('#').map(str::to_owned));
    let anchor = |heading: String| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let keep = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        keep.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).chain(given.map(str::to_owned)).collect()
}

/// Lines outside fenced code, whole.
fn prose_with_code(document: &Source) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    document.text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn check(text: &str) -> Vec<String> {
        let files = [
            file("docs/a.md", text),
            file("docs/adr/0001-b.md", "# The `first` one: why\n```\n# no heading\n```\n"),
            file("README.md", "# Read\n"),
        ];
        places(lead_somewhere(&files))
    }

    #[test]
    fn links_to_files_folders_and_headings_that_exist_are_fine() {
        assert_eq!(check("[a](adr/0001-b.md) and [b](../README.md \"title\")"), [""; 0]);
        assert_eq!(check("[a](adr) [b](adr/) [c](..)"), [""; 0]);
        assert_eq!(check("[a](adr/0001-b.md#the-first-one-why)"), [""; 0]);
        assert_eq!(check("<a id=\"there\"></a>\n[a](#there)"), [""; 0]);
        assert_eq!(check("# Here\n[a](#here) [b](https://example.org/x) [c](mailto:a@example.org)"), [""; 0]);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(check("ok\n[a](adr/0002-c.md)"), ["docs/a.md:2"]);
        assert_eq!(check("[a](adr/0001-b.md#no-heading)"), ["docs/a.md:1"]);
        assert_eq!(check("[a](../../outside.md)"), ["docs/a.md:1"]);
        assert_eq!(check("![picture](plot.png) [a](#nowhere)"), ["docs/a.md:1"; 2]);
    }

    #[test]
    fn a_piece_of_another_document_is_checked_there() {
        let piece = file("protocol/src/head.md", "[a](#a-heading-of-the-whole)");

        assert_eq!(places(lead_somewhere(&[piece])), [""; 0]);
    }

    #[test]
    fn code_has_no_links() {
        assert_eq!(check("`[a](nowhere.md)`\n```\n[a](nowhere.md)\n```\n"), [""; 0]);
    }
}
