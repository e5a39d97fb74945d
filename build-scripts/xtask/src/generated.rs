//! The files that are made from the code, so that nobody keeps two descriptions of one message in step by hand.
mod reasons;

use crate::workspace::Workspace;
use anyhow::{Context, Result};
use calls_protocol::schema;
use std::fs;

/// A file and what has to be in it.
pub(crate) struct Generated {
    /// From the top of the clone.
    pub(crate) path: &'static str,
    /// The whole text.
    pub(crate) text: String,
}

/// Every generated file.
pub(crate) fn files() -> Vec<Generated> {
    vec![
        Generated { path: "docs/protocol.md", text: schema::protocol_md() },
        Generated { path: "web/src/protocol.ts", text: schema::protocol_ts() },
        Generated {
            path: "bindings/kotlin/src/main/kotlin/com/worldmates/calls/EndReasons.kt",
            text: reasons::kotlin(),
        },
    ]
}

/// `cargo xtask gen`.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    for Generated { path, text } in files() {
        let file = workspace.root.join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            println!("{path}: as it was");
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, text).with_context(|| format!("could not write {path}"))?;
        println!("{path}: written");
    }
    Ok(())
}
