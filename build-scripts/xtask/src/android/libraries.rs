//! What the library is linked with: Android's own libraries as empty shells that name what they have, and the unwinder
//! that the NDK would bring.
use super::{ARM64, Kit};
use crate::{run, setup};
use anyhow::{Context, Result, ensure};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What each library of Android has that we may use: `build-scripts/android/symbols.txt`.
const LIST: &str = "build-scripts/android/symbols.txt";

/// The sources of LLVM's unwinder that arm64 needs. `std` walks the stack also where a panic ends the process.
const UNWIND: [&str; 5] = [
    "libunwind.cpp",
    "UnwindLevel1.c",
    "UnwindLevel1-gcc-ext.c",
    "UnwindRegistersRestore.S",
    "UnwindRegistersSave.S",
];

const UNWIND_FLAGS: [&str; 4] = [
    "-funwind-tables",
    "-D_LIBUNWIND_IS_NATIVE_ONLY",
    "-D_LIBUNWIND_HIDE_SYMBOLS",
    // Android's name for where `errno` is; the headers have another.
    "-D__errno_location=__errno",
];

/// The shells, in a folder.
pub(super) struct Libraries {
    pub(super) folder: PathBuf,
    /// Which library has what.
    pub(super) symbols: Symbols,
}

/// The names in each library, by its name without `lib` and `.so`.
pub(super) type Symbols = BTreeMap<String, Vec<String>>;

impl Libraries {
    /// Makes them, unless they are there for the same list.
    pub(super) fn make(kit: &Kit, root: &Path) -> Result<Self> {
        let list = fs::read_to_string(root.join(LIST)).with_context(|| format!("cannot read {LIST}"))?;
        let symbols = parse(&list)?;
        let place = setup::fingerprint(format!("{:?}\0{list}\0{UNWIND_FLAGS:?}", kit.zig).as_bytes());
        let folder = kit.folder.join(format!("libraries-{place:016x}"));
        if !folder.join("done").is_file() {
            fs::create_dir_all(&folder)?;
            for (library, names) in &symbols {
                shell(&folder, library, names)?;
            }
            unwinder(kit, &folder)?;
            fs::write(folder.join("done"), "")?;
        }
        Ok(Self { folder, symbols })
    }
}

/// Lines of names under `[library]`.
fn parse(list: &str) -> Result<Symbols> {
    let mut symbols = Symbols::new();
    let mut library = None;
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            symbols.entry(name.to_owned()).or_default();
            library = symbols.get_mut(name);
        } else {
            let names = library.as_mut().with_context(|| format!("{LIST}: {line} stands in no [library]"))?;
            names.extend(line.split_whitespace().map(str::to_owned));
        }
    }
    ensure!(!symbols.is_empty(), "{LIST} names no library");
    Ok(symbols)
}

/// A library that has names and nothing behind them.
fn shell(folder: &Path, library: &str, names: &[String]) -> Result<()> {
    let mut source = String::from(".text\n");
    for name in names {
        writeln!(source, ".globl {name}\n.type {name}, %function\n{name}: ret")?;
    }
    let file = folder.join(format!("{library}.s"));
    fs::write(&file, source)?;
    let mut clang = Command::new("clang-19");
    clang.arg(format!("--target={}", ARM64.clang)).args(["-shared", "-nostdlib", "-fuse-ld=lld-19"]);
    clang.arg(format!("-Wl,-soname,lib{library}.so")).arg(&file);
    run::run(clang.arg("-o").arg(folder.join(format!("lib{library}.so"))))
}

fn unwinder(kit: &Kit, folder: &Path) -> Result<()> {
    let sources = kit.zig.join("libunwind");
    let include = [sources.join("include"), sources.join("src")].map(|path| format!("-I{}", path.display()));
    let mut archive = Command::new("llvm-ar-19");
    archive.arg("crs").arg(folder.join("libunwind.a"));
    for source in UNWIND {
        let object = folder.join(format!("{source}.o"));
        let mut flags = [&UNWIND_FLAGS[..], &[&include[0], &include[1]]].concat();
        if source.ends_with(".cpp") {
            flags.extend(["-std=c++17", "-nostdinc++", "-fno-exceptions", "-fno-rtti"]);
        }
        kit.compile(&sources.join("src").join(source), &flags, &object)?;
        archive.arg(object);
    }
    run::run(&mut archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_read_by_library() {
        let symbols = parse("# why\n[c]\nmalloc free\n\nread\n[log]\n__android_log_write\n").unwrap();

        assert_eq!(symbols["c"], ["malloc", "free", "read"]);
        assert_eq!(symbols["log"], ["__android_log_write"]);
    }

    #[test]
    fn a_name_that_belongs_nowhere_is_said() {
        let error = parse("malloc").unwrap_err().to_string();

        assert!(error.ends_with("malloc stands in no [library]"), "{error}");
        assert!(parse("").is_err());
    }
}
