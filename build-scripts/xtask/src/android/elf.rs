//! What a phone looks at when it loads a library.
use super::{asked, libraries::Symbols};
use anyhow::Result;
use std::{collections::BTreeSet, path::Path, process::Command};

/// What phones with large pages want.
const PAGE: u64 = 16 * 1024;

/// What has to be callable from outside: by Android, and by Kotlin.
const EXPORTS: [&str; 2] = ["JNI_OnLoad", "uniffi_calls_ffi_fn_constructor_callsengine_connect"];

/// What `llvm-readelf` says of a library, as far as it matters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Elf {
    machine: String,
    soname: String,
    /// How the parts that are loaded lie.
    alignments: Vec<u64>,
    needed: Vec<String>,
    imports: BTreeSet<String>,
    pub(super) exports: BTreeSet<String>,
    /// It would have to be changed while it is loaded, which Android refuses.
    has_text_relocations: bool,
    /// It still has the names that a debugger wants.
    has_symbol_table: bool,
}

pub(super) fn read(library: &Path) -> Result<Elf> {
    let mut readelf = Command::new("llvm-readelf-19");
    readelf.args(["--wide", "--file-header", "--program-headers", "--sections", "--dynamic", "--dyn-syms"]);
    Ok(parse(&asked(readelf.arg(library))?))
}

fn parse(said: &str) -> Elf {
    let mut elf = Elf::default();
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let bracketed =
            || line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(name, _)| name);
        match words.as_slice() {
            ["Machine:", machine @ ..] => elf.machine = machine.join(" "),
            ["LOAD", .., align] => elf.alignments.push(hexadecimal(align)),
            [_, "(NEEDED)", ..] => elf.needed.extend(bracketed().map(str::to_owned)),
            [_, "(SONAME)", ..] => elf.soname = bracketed().unwrap_or_default().to_owned(),
            [_, "(TEXTREL)", ..] => elf.has_text_relocations = true,
            [.., ".symtab", "SYMTAB", _, _, _, _, _, _, _]
            | [.., ".symtab", "SYMTAB", _, _, _, _, _, _, _, _] => elf.has_symbol_table = true,
            // Num: value size type bind visibility index name
            [number, _, _, _, bind, _, index, name, ..] if number.ends_with(':') => {
                let name = name.split('@').next().unwrap_or(name).to_owned();
                match (*bind, *index) {
                    ("GLOBAL", "UND") => elf.imports.extend([name]),
                    // It asks whether the phone has it, and goes on without it.
                    ("WEAK", "UND") | ("LOCAL", _) => {}
                    _ => elf.exports.extend([name]),
                }
            }
            _ => {}
        }
    }
    elf
}

fn hexadecimal(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0)
}

/// What is wrong with it, in words.
pub(super) fn faults(elf: &Elf, soname: &str, allowed: &Symbols) -> Vec<String> {
    let mut faults = Vec::new();
    if elf.machine != "AArch64" {
        faults.push(format!("it is for {:?} and not for arm64", elf.machine));
    }
    if elf.soname != soname {
        faults.push(format!("it calls itself {:?} and not {soname}", elf.soname));
    }
    if elf.alignments.is_empty() || elf.alignments.iter().any(|align| *align == 0 || align % PAGE != 0) {
        faults.push(format!("a part of it does not begin at a page of 16 KiB: {:x?}", elf.alignments));
    }
    for needed in &elf.needed {
        let name = needed.strip_prefix("lib").and_then(|name| name.strip_suffix(".so")).unwrap_or(needed);
        if !allowed.contains_key(name) {
            faults
                .push(format!("it wants {needed}, which is not among the libraries of Android that we use"));
        }
    }
    for import in &elf.imports {
        if !allowed.values().flatten().any(|name| name == import) {
            faults.push(format!("it wants {import}, which is not in the list of what Android has"));
        }
    }
    for export in EXPORTS {
        if !elf.exports.contains(export) {
            faults.push(format!("nobody can call {export}"));
        }
    }
    if elf.has_text_relocations {
        faults.push("its code would have to be changed while it is loaded".to_owned());
    }
    if elf.has_symbol_table {
        faults.push("it is not stripped".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "
  Machine:                           AArch64
  [ 1] .dynsym           DYNSYM          00000000000002a8 0002a8 000ae0 18   A  4   1  8
  Type           Offset   VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align
  PHDR           0x000040 0x0000000000000040 0x0000000000000040 0x000268 0x000268 R   0x8
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x02d1b4 0x02d1b4 R   0x4000
  LOAD           0x02d1b8 0x00000000000311b8 0x00000000000311b8 0x0a1bc8 0x0a1bc8 R E 0x4000
  0x0000000000000001 (NEEDED)       Shared library: [libc.so]
  0x000000000000000e (SONAME)       Library soname: [libcalls_ffi.so]
   Num:    Value          Size Type    Bind   Vis       Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT   UND
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT   UND malloc@LIBC (2)
     4: 0000000000000000     0 NOTYPE  WEAK   DEFAULT   UND getrandom
     2: 00000000000311b8    44 FUNC    GLOBAL DEFAULT    12 JNI_OnLoad
     3: 00000000000311e8    44 FUNC    GLOBAL DEFAULT    12 uniffi_calls_ffi_fn_constructor_callsengine_connect
";

    fn allowed() -> Symbols {
        [("c".to_owned(), vec!["malloc".to_owned()])].into()
    }

    fn faults_of(said: &str) -> Vec<String> {
        faults(&parse(said), "libcalls_ffi.so", &allowed())
    }

    #[test]
    fn a_library_that_a_phone_would_load_has_no_fault() {
        assert_eq!(faults_of(SAID), [""; 0]);
    }

    #[test]
    fn each_fault_is_said_in_words() {
        for (from, to, expected) in [
            ("AArch64", "ARM", "it is for \"ARM\" and not for arm64"),
            ("[libcalls_ffi.so]", "[liba.so]", "it calls itself \"liba.so\" and not libcalls_ffi.so"),
            ("R E 0x4000", "R E 0x1000", "a part of it does not begin at a page of 16 KiB: [4000, 1000]"),
            (
                "[libc.so]",
                "[libssl.so]",
                "it wants libssl.so, which is not among the libraries of Android that we use",
            ),
            (
                "malloc@LIBC (2)",
                "__assert_fail",
                "it wants __assert_fail, which is not in the list of what Android has",
            ),
            ("JNI_OnLoad", "JNI_OnUnload", "nobody can call JNI_OnLoad"),
            ("(NEEDED) ", "(TEXTREL)", "its code would have to be changed while it is loaded"),
            (".dynsym           DYNSYM", ".symtab           SYMTAB", "it is not stripped"),
        ] {
            assert_eq!(faults_of(&SAID.replacen(from, to, 1)), [expected], "{from}");
        }
    }
}
