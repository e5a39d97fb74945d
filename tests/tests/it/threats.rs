//! `docs/threat-model.md` names tests; each of them has to be there.
use anyhow::{Context, Result};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where tests stand.
const PLACES: [&str; 4] = ["protocol", "rtp", "server", "tests"];

#[test]
fn every_test_that_the_threat_model_names_is_there() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")?;
    let model = fs::read_to_string(root.join("docs/threat-model.md"))?;
    let named: BTreeSet<&str> = model.split('`').filter(|word| is_test(word)).collect();
    let mut files = Vec::new();
    for place in PLACES {
        list(&root.join(place), &mut files)?;
    }
    let mut code = String::new();
    for file in files {
        code.push_str(&fs::read_to_string(file)?);
    }

    let missing: Vec<_> = named.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();

    assert!(named.len() > 40, "only {} are named", named.len());
    assert!(missing.is_empty(), "no such test: {missing:?}");
    Ok(())
}

/// A name of several words.
fn is_test(word: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    word.chars().all(is_name) && word.matches('_').count() >= 3
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            list(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}
