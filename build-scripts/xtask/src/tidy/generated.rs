//! A generated file that nobody regenerated tells what was true last month.
use super::{Finding, Source};
use crate::generated::Generated;

pub(super) fn is_up_to_date(files: &[Source], generated: &[Generated]) -> Vec<Finding> {
    generated.iter().filter_map(|made| check(files, made)).collect()
}

fn check(files: &[Source], made: &Generated) -> Option<Finding> {
    let what = "is not what the code says: run cargo xtask gen".to_owned();
    let Some(file) = files.iter().find(|file| file.path == made.path) else {
        return Some(Finding { path: made.path.to_owned(), line: 1, what });
    };
    if file.text == made.text {
        return None;
    }
    let same = file.text.lines().zip(made.text.lines()).take_while(|(old, new)| old == new).count();
    Some(file.finding(same + 1, what))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn made() -> [Generated; 1] {
        [Generated { path: "docs/protocol.md", text: "one\ntwo\n".into() }]
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(places(is_up_to_date(&[file("docs/protocol.md", "one\ntwo\n")], &made())), [""; 0]);
        assert_eq!(
            places(is_up_to_date(&[file("docs/protocol.md", "one\n2\n")], &made())),
            ["docs/protocol.md:2"]
        );
        assert_eq!(
            places(is_up_to_date(&[file("docs/protocol.md", "one\n")], &made())),
            ["docs/protocol.md:2"]
        );
    }

    #[test]
    fn a_file_that_was_never_written_is_found() {
        assert_eq!(places(is_up_to_date(&[], &made())), ["docs/protocol.md:1"]);
    }
}
