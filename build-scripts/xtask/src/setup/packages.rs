//! Programs from the distribution's packages.
use crate::run::{self, find_program};
use anyhow::{Result, bail};
use std::{env::consts::ARCH, path::Path, process::Command};

/// A package of Debian and Ubuntu.
struct Package {
    name: &'static str,
    gives: Gives,
    why: &'static str,
    need: Need,
}

/// How it shows that a package is installed.
enum Gives {
    /// A program on the path.
    Program(&'static str),
    /// A module that Python can import.
    PythonModule(&'static str),
    /// A library that C programs can be built with.
    Library(&'static str),
    /// A library that programs load, for whatever kind of processor this is.
    SharedLibrary(&'static str),
    /// A file, where a program of that name may be another one.
    File(&'static str),
}

#[derive(PartialEq)]
enum Need {
    /// Without it tests fail.
    Must,
    /// Nothing that is tested today needs it.
    Later,
}

const PACKAGES: &[Package] = &[
    Package {
        name: "build-essential",
        gives: Gives::Program("cc"),
        why: "compiles the C parts of ring, SQLite and Opus",
        need: Need::Must,
    },
    Package {
        name: "cmake",
        gives: Gives::Program("cmake"),
        why: "lays out the build of Opus, the codec of voices",
        need: Need::Must,
    },
    Package {
        name: "libvpx-dev",
        gives: Gives::Library("vpx"),
        why: "VP8, which every browser speaks",
        need: Need::Must,
    },
    Package {
        name: "nasm",
        gives: Gives::Program("nasm"),
        why: "makes OpenH264 fast; it is built without if this is missing",
        need: Need::Later,
    },
    Package {
        // The server without the service: nothing starts, and port 3306 stays as it is.
        name: "mariadb-server-core",
        gives: Gives::Program("mariadbd"),
        why: "the tests of the store run on a real MariaDB, which they start themselves",
        need: Need::Must,
    },
    Package {
        name: "mariadb-client-core",
        gives: Gives::Program("my_print_defaults"),
        why: "mariadb-install-db, which lays out a new MariaDB, asks it for the settings",
        need: Need::Must,
    },
    Package {
        name: "coturn",
        gives: Gives::Program("turnserver"),
        why: "the TURN credentials are checked against a real relay, with its own client",
        need: Need::Must,
    },
    Package {
        name: "openssl",
        gives: Gives::Program("openssl"),
        why: "makes throw-away certificates for tests, and is the other side of those of DTLS",
        need: Need::Must,
    },
    Package {
        name: "iproute2",
        gives: Gives::Program("ip"),
        why: "makes the networks that calls are tested over",
        need: Need::Must,
    },
    Package {
        name: "nftables",
        gives: Gives::Program("nft"),
        why: "turns a machine of those networks into a router that hides a home",
        need: Need::Must,
    },
    Package {
        name: "iputils-ping",
        gives: Gives::Program("ping"),
        why: "measures whether those networks are as slow as they should be",
        need: Need::Must,
    },
    Package {
        name: "python3",
        gives: Gives::Program("python3"),
        why: "runs python-socketio, one of the foreign clients",
        need: Need::Must,
    },
    Package {
        name: "python3-venv",
        gives: Gives::PythonModule("ensurepip"),
        why: "keeps what python-socketio needs in a folder of its own",
        need: Need::Must,
    },
    Package {
        name: "pkg-config",
        gives: Gives::Program("pkg-config"),
        why: "finds libvpx, and OpenSSL for rust_socketio, one of the foreign clients",
        need: Need::Must,
    },
    Package {
        // Only the stock Rust client is built with it. Nothing of ours may be: `deny.toml` sees to that.
        name: "libssl-dev",
        gives: Gives::Library("openssl"),
        why: "rust_socketio, one of the foreign clients, is built with OpenSSL",
        need: Need::Must,
    },
    Package {
        name: "libasound2-dev",
        gives: Gives::Library("alsa"),
        why: "the sound card of a call on Linux",
        need: Need::Must,
    },
    Package {
        // Not the compiler that the project is built with: rustup's has no source of `std` to build for Android.
        name: "rustc-web",
        gives: Gives::File("/usr/bin/rustc"),
        why: "compiles for Android",
        need: Need::Must,
    },
    Package {
        name: "cargo-web",
        gives: Gives::File("/usr/bin/cargo"),
        why: "compiles for Android",
        need: Need::Must,
    },
    Package {
        name: "rust-web-src",
        gives: Gives::File("/usr/lib/rustlib/src/rust/library/std/Cargo.toml"),
        why: "the standard library is compiled for Android from its source",
        need: Need::Must,
    },
    Package {
        name: "clang-19",
        gives: Gives::Program("clang-19"),
        why: "compiles the C parts of ring and Opus for Android",
        need: Need::Must,
    },
    Package {
        name: "lld-19",
        gives: Gives::Program("ld.lld-19"),
        why: "links the library for Android",
        need: Need::Must,
    },
    Package {
        name: "llvm-19",
        gives: Gives::Program("llvm-readelf-19"),
        why: "reads what was linked for Android",
        need: Need::Must,
    },
    Package {
        name: "xvfb",
        gives: Gives::Program("Xvfb"),
        why: "is the screen on which two windows call each other in the tests",
        need: Need::Must,
    },
    Package {
        name: "libgl1",
        gives: Gives::SharedLibrary("libGL.so.1"),
        why: "the windows are drawn with it",
        need: Need::Must,
    },
    Package {
        name: "fontconfig",
        gives: Gives::Program("fc-list"),
        why: "finds the letters of the windows",
        need: Need::Must,
    },
    Package {
        name: "fonts-noto-core",
        gives: Gives::File("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
        why: "the letters of the windows, Cyrillic ones as well",
        need: Need::Must,
    },
    Package {
        name: "libxrender1",
        gives: Gives::SharedLibrary("libXrender.so.1"),
        why: "Java's windows need it",
        need: Need::Must,
    },
    Package {
        name: "libxtst6",
        gives: Gives::SharedLibrary("libXtst.so.6"),
        why: "Java takes pictures of the windows with it",
        need: Need::Must,
    },
    Package {
        name: "libxi6",
        gives: Gives::SharedLibrary("libXi.so.6"),
        why: "Java's windows need it",
        need: Need::Must,
    },
    Package {
        name: "unzip",
        gives: Gives::Program("unzip"),
        why: "says what the parts of the .aar weigh",
        need: Need::Must,
    },
    Package {
        name: "chromium",
        gives: Gives::Program("chromium"),
        why: "calls the engine, as one of the two browsers of the tests",
        need: Need::Must,
    },
    Package {
        name: "firefox-esr",
        gives: Gives::Program("firefox-esr"),
        why: "calls the engine, as the other browser of the tests",
        need: Need::Must,
    },
    Package {
        // Nothing starts by itself; each browser of the tests has a sound card of its own.
        name: "pulseaudio",
        gives: Gives::Program("pulseaudio"),
        why: "is the sound card without which Firefox gives a page no sound",
        need: Need::Must,
    },
];

impl Package {
    fn is_installed(&self) -> bool {
        match self.gives {
            Gives::Program(program) => find_program(program).is_some(),
            Gives::PythonModule(module) => {
                let mut python = Command::new("python3");
                run::output(python.args(["-c", &format!("import {module}")])).is_ok()
            }
            Gives::Library(library) => {
                run::output(Command::new("pkg-config").args(["--exists", library])).is_ok()
            }
            Gives::SharedLibrary(library) => {
                library_folders(ARCH).iter().any(|folder| Path::new(folder).join(library).is_file())
            }
            Gives::File(file) => Path::new(file).is_file(),
        }
    }

    fn line(&self) -> String {
        let gives = match self.gives {
            Gives::Program(program) => format!("the program {program}"),
            Gives::PythonModule(module) => format!("Python's module {module}"),
            Gives::Library(library) | Gives::SharedLibrary(library) => format!("the library {library}"),
            Gives::File(file) => format!("the file {file}"),
        };
        format!("  {gives}: {} (package {} on Debian and Ubuntu)", self.why, self.name)
    }
}

/// Where distributions keep libraries for a kind of processor, as Rust names it.
fn library_folders(arch: &str) -> [String; 3] {
    let debian = match arch {
        "x86" => "i386-linux-gnu".into(),
        "arm" => "arm-linux-gnueabihf".into(),
        other => format!("{other}-linux-gnu"),
    };
    [format!("/usr/lib/{debian}"), "/usr/lib64".into(), "/usr/lib".into()]
}

/// Installs what is missing.
pub(super) fn install() -> Result<()> {
    let missing: Vec<&Package> = PACKAGES.iter().filter(|package| !package.is_installed()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    run::heading("packages of the system");
    println!("missing here:\n{}", lines(&missing));
    let Some(apt) = Apt::find()? else {
        return verdict(&missing, "this machine has no apt-get; please install these by hand");
    };
    apt.call(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing.iter().map(|package| package.name));
    if apt.call(&install).is_err() {
        // One package that this release does not have must not keep the others away.
        for package in &missing {
            if let Err(error) = apt.call(&["install", "--yes", "--no-install-recommends", package.name]) {
                eprintln!("{}: {error:#}", package.name);
            }
        }
    }
    let still: Vec<&Package> = missing.into_iter().filter(|package| !package.is_installed()).collect();
    verdict(&still, "apt-get could not install these; please do it by hand")
}

fn verdict(missing: &[&Package], what_to_do: &str) -> Result<()> {
    let (must, later): (Vec<&Package>, _) = missing.iter().partition(|package| package.need == Need::Must);
    if !later.is_empty() {
        eprintln!("going on without what nothing needs today:\n{}", lines(&later));
    }
    if must.is_empty() {
        return Ok(());
    }
    bail!("{what_to_do}:\n{}", lines(&must));
}

fn lines(packages: &[&Package]) -> String {
    packages.iter().map(|package| package.line()).collect::<Vec<_>>().join("\n")
}

/// `apt-get`, as root or by `sudo`.
struct Apt {
    by_sudo: bool,
}

impl Apt {
    fn find() -> Result<Option<Self>> {
        if find_program("apt-get").is_none() {
            return Ok(None);
        }
        let is_root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
        if !is_root && find_program("sudo").is_none() {
            bail!("installing packages takes root: run it as root, or install sudo");
        }
        Ok(Some(Self { by_sudo: !is_root }))
    }

    fn call(&self, args: &[&str]) -> Result<()> {
        let quiet = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"];
        let mut command = Command::new(if self.by_sudo { "sudo" } else { "env" });
        run::run(command.args(quiet).args(args))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(need: Need) -> Package {
        Package { name: "tea", gives: Gives::Program("no-such-kettle"), why: "boils water", need }
    }

    #[test]
    fn a_missing_package_is_told_in_words_that_help_without_apt() {
        let error = verdict(&[&package(Need::Must)], "please install these by hand").unwrap_err();

        assert_eq!(
            error.to_string(),
            "please install these by hand:\n  \
             the program no-such-kettle: boils water (package tea on Debian and Ubuntu)"
        );
    }

    #[test]
    fn what_nothing_needs_today_may_be_missing() {
        assert!(!package(Need::Later).is_installed());
        assert!(verdict(&[&package(Need::Later)], "").is_ok());
    }

    #[test]
    fn libraries_are_looked_for_where_those_of_this_processor_are() {
        assert_eq!(library_folders("x86_64")[0], "/usr/lib/x86_64-linux-gnu");
        assert_eq!(library_folders("aarch64")[0], "/usr/lib/aarch64-linux-gnu");
        assert_eq!(library_folders("arm")[0], "/usr/lib/arm-linux-gnueabihf");
        for package in PACKAGES {
            if let Gives::File(file) = package.gives {
                assert!(
                    !file.contains("-linux-gnu"),
                    "{file}: a Gives::SharedLibrary is one on each processor"
                );
            }
        }
    }

    #[test]
    fn no_program_is_asked_for_twice() {
        let names: std::collections::BTreeSet<_> = PACKAGES.iter().map(|package| package.name).collect();

        assert_eq!(names.len(), PACKAGES.len());
    }
}
