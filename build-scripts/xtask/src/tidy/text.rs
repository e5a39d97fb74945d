//! What holds for every text file.
use super::{Finding, Source};

/// Folders that exist on one machine only, or mean another thing on the next. Without slashes, so that this file does
/// not find itself.
const OF_ONE_MACHINE: [&str; 5] = ["home", "root", "Users", "work", "tmp"];

pub(super) fn names_no_folder_of_one_machine(file: &Source) -> Vec<Finding> {
    let find = |(number, line): (usize, &str)| {
        let folder = OF_ONE_MACHINE.iter().find(|folder| has_absolute(line, folder))?;
        Some(file.finding(number, format!("a path in /{folder}: write it from the top of the project")))
    };
    file.lines().filter_map(find).collect()
}

/// Whether `line` has the path `/folder/x`, not as the later part of a longer path or address.
fn has_absolute(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        let starts_here = before.is_none_or(|c| !c.is_alphanumeric() && !"/._-~*}>)".contains(c));
        starts_here && after.is_some_and(|c| c.is_alphanumeric() || "._$<{".contains(c))
    })
}

pub(super) fn ends_its_lines_cleanly(file: &Source) -> Vec<Finding> {
    let is_of_windows = file.has_extension(&["bat"]);
    let mut findings: Vec<Finding> = file
        .lines()
        // Windows reads its scripts only with ends of line of its own.
        .map(|(number, line)| (number, if is_of_windows { line.trim_end_matches('\r') } else { line }))
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']))
        .map(|(number, _)| file.finding(number, "space at the end of the line: remove it"))
        .collect();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(file.finding(file.lines().count(), "no end of line at the end of the file: add it"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn folders(line: &str) -> Vec<String> {
        places(names_no_folder_of_one_machine(&file("a.md", line)))
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in OF_ONE_MACHINE {
            assert_eq!(folders(&format!("ok\nsee /{folder}/alice/notes")), ["a.md:2"]);
            assert_eq!(folders(&format!("let path = \"/{folder}/x\";")), ["a.md:1"]);
            assert_eq!(folders(&format!("file:/{folder}/x")), ["a.md:1"]);
        }
    }

    #[test]
    fn a_part_of_another_path_or_address_is_not() {
        for folder in OF_ONE_MACHINE {
            assert_eq!(folders(&format!("https://example.org/{folder}/x")), [""; 0]);
            assert_eq!(folders(&format!("src/{folder}/x and ./{folder}/x and ~/{folder}/x")), [""; 0]);
            assert_eq!(folders(&format!("/{folder}/ alone names nothing")), [""; 0]);
        }
    }

    #[test]
    fn lines_end_where_their_text_ends() {
        assert_eq!(places(ends_its_lines_cleanly(&file("a", "one\ntwo\n"))), [""; 0]);
        assert_eq!(places(ends_its_lines_cleanly(&file("a", "one \ntwo\t\n"))), ["a:1", "a:2"]);
        assert_eq!(places(ends_its_lines_cleanly(&file("a", "one\ntwo"))), ["a:2"]);
        assert_eq!(places(ends_its_lines_cleanly(&file("a", ""))), [""; 0]);
        assert_eq!(places(ends_its_lines_cleanly(&file("a", "one\r\n"))), ["a:1"]);
        assert_eq!(places(ends_its_lines_cleanly(&file("a.bat", "one\r\ntwo \r\n"))), ["a.bat:2"]);
    }
}
