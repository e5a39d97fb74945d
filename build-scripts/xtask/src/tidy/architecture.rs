//! ARCHITECTURE.md says what each crate is for; a crate that it does not name cannot be found by a newcomer.
use super::{Finding, Source};
use crate::workspace::Member;

const MAP: &str = "ARCHITECTURE.md";

pub(super) fn names_every_crate(files: &[Source], crates: &[Member]) -> Vec<Finding> {
    let Some(map) = files.iter().find(|file| file.path == MAP) else {
        return vec![Finding { path: MAP.into(), line: 1, what: "is missing: write it".into() }];
    };
    let quoted =
        |name: &str| map.text.contains(&format!("`{name}`")) || map.text.contains(&format!("`{name}/`"));
    let last = map.text.lines().count().max(1);
    let unnamed = crates.iter().filter(|member| !quoted(&member.name) || !quoted(&member.folder));
    unnamed
        .map(|member| {
            let Member { name, folder } = member;
            map.finding(last, format!("says nothing of `{name}` in `{folder}/`: tell what it is for"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn member() -> Member {
        Member { name: "calls-core".into(), folder: "core".into() }
    }

    #[test]
    fn a_crate_must_be_named_with_its_folder() {
        let whole = [file(MAP, "# Parts\n`core/` holds `calls-core`, the engine.\n")];
        let half = [file(MAP, "# Parts\n`calls-core` is the engine.\n")];

        assert_eq!(places(names_every_crate(&whole, &[member()])), [""; 0]);
        assert_eq!(places(names_every_crate(&half, &[member()])), ["ARCHITECTURE.md:2"]);
    }

    #[test]
    fn without_the_document_nothing_is_tidy() {
        assert_eq!(places(names_every_crate(&[], &[])), ["ARCHITECTURE.md:1"]);
    }
}
