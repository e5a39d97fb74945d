//! Every version stands once, in the table of the workspace. Elsewhere two crates would drift apart.
use super::{Finding, Source};

pub(super) fn has_no_version_of_its_own(file: &Source) -> Vec<Finding> {
    let has_own_table = file.lines().any(|(_, line)| line.trim() == "[workspace]");
    if !file.path.ends_with("/Cargo.toml") || has_own_table {
        // The one at the top is the table itself; what stands beside the workspace (fuzzing) has a table of its own.
        return Vec::new();
    }
    let mut section = String::new();
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if line.starts_with('#') {
            continue;
        }
        let (key, value) = (key.trim(), value.trim());
        let is_own = match kind(&section) {
            Section::Package => key == "version",
            Section::Dependencies => !key.ends_with(".workspace") && names_a_version(value),
            Section::OneDependency => key == "version",
            Section::Other => false,
        };
        if is_own {
            findings.push(file.finding(
                number,
                format!("{key} has its version here: put it into the table in the top Cargo.toml, write `workspace = true`"),
            ));
        }
    }
    findings
}

enum Section {
    /// `[package]`
    Package,
    /// `[dependencies]`, `[dev-dependencies]`, `[target.'cfg(unix)'.dependencies]`
    Dependencies,
    /// `[dependencies.tokio]`
    OneDependency,
    /// Anything else.
    Other,
}

fn kind(section: &str) -> Section {
    if section == "package" {
        Section::Package
    } else if section.ends_with("dependencies") {
        Section::Dependencies
    } else if section.contains("dependencies.") {
        Section::OneDependency
    } else {
        Section::Other
    }
}

/// `"1"` or `{ version = "1", .. }`
fn names_a_version(value: &str) -> bool {
    let in_table = value.split([',', '{']).any(|part| {
        part.trim().strip_prefix("version").is_some_and(|rest| rest.trim_start().starts_with('='))
    });
    value.starts_with('"') || in_table
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn check(text: &str) -> Vec<String> {
        places(has_no_version_of_its_own(&file("core/Cargo.toml", text)))
    }

    #[test]
    fn versions_from_the_table_are_fine() {
        let text = "[package]\nversion.workspace = true\n[dependencies]\ntokio.workspace = true\n\
                    serde = { workspace = true, features = [\"rc\"] }\n[features]\ndefault = [\"a\"]\n\
                    # tokio = \"1\"\n[lints]\nworkspace = true\n";

        assert_eq!(check(text), [""; 0]);
    }

    #[test]
    fn a_version_anywhere_else_is_found() {
        assert_eq!(check("[dependencies]\ntokio = \"1\"\n"), ["core/Cargo.toml:2"]);
        assert_eq!(check("[dev-dependencies]\ntokio = { version = \"1\" }\n"), ["core/Cargo.toml:2"]);
        assert_eq!(check("[dependencies.tokio]\nversion = \"1\"\n"), ["core/Cargo.toml:2"]);
        assert_eq!(check("[target.'cfg(unix)'.dependencies]\nlibc = \"0\"\n"), ["core/Cargo.toml:2"]);
        assert_eq!(check("[package]\nname = \"x\"\nversion = \"1\"\n"), ["core/Cargo.toml:3"]);
    }

    #[test]
    fn a_table_itself_has_versions() {
        let table = file("Cargo.toml", "[workspace.dependencies]\ntokio = \"1\"\n");

        assert_eq!(places(has_no_version_of_its_own(&table)), [""; 0]);
        assert_eq!(check("[dependencies]\ntokio = \"1\"\n[workspace]\n"), [""; 0]);
    }
}
