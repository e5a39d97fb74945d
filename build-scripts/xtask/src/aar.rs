//! `cargo xtask aar`: the library as an Android project takes it, in a Maven folder of this machine.
//!
//! With `--host-check` it is made without an NDK, out of what `android-check` links: to see that everything is in its place,
//! not to be shipped.
use crate::{
    android::{self, Size, Table},
    kotlin::Built,
    run, setup,
    target_dir::TargetDir,
    workspace::Workspace,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// The kinds of phones, as Android calls them.
const ABIS: [&str; 4] = ["arm64-v8a", "armeabi-v7a", "x86_64", "x86"];
/// What the library is called in an app.
const LIBRARY: &str = "libcalls_ffi.so";
/// Modules whose classes are the library.
const CLASSES: [&str; 2] = ["bindings/kotlin", "bindings/android"];

/// How it is made.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Without an NDK: packs what `android-check` links, looks at it, and marks it "not for shipping"
    #[arg(long)]
    host_check: bool,
}

/// `cargo xtask ndk`: the library for each kind of phone, by `cargo-ndk`.
pub(crate) fn ndk(workspace: &Workspace) -> Result<ExitCode> {
    let target = TargetDir::claim(workspace)?;
    for (abi, library) in build_by_ndk(workspace, &target)? {
        println!("{abi}: {} ({} bytes)", library.display(), fs::metadata(&library)?.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn build_by_ndk(workspace: &Workspace, target: &TargetDir) -> Result<Vec<(&'static str, PathBuf)>> {
    ensure!(
        env::var_os("ANDROID_NDK_HOME").is_some_and(|folder| Path::new(&folder).is_dir()),
        "ANDROID_NDK_HOME is not set: install the NDK (r28 or later) and say where it is; \
         without one, `cargo xtask aar --host-check` looks at what can be looked at"
    );
    ensure!(
        run::find_program("cargo-ndk").is_some(),
        "cargo-ndk is missing: cargo install cargo-ndk --version 4.1.2 --locked"
    );
    let out = target.android().join("jniLibs");
    let mut cargo = target.cargo(workspace);
    cargo.arg("ndk").args(ABIS.iter().flat_map(|abi| ["-t", abi])).args(["-P", "26", "-o"]).arg(&out);
    // As `rustc` with one kind of crate: with two of them cargo leaves the fat LTO out.
    cargo.args(["rustc", "--locked", "--profile", "android", "--package", "calls-ffi", "--features", "oboe"]);
    cargo.args(["--lib", "--crate-type", "cdylib", "--"]).args(android::last_arguments());
    run::run(&mut cargo)?;
    let found = ABIS.map(|abi| (abi, out.join(abi).join(LIBRARY)));
    for (abi, library) in &found {
        ensure!(library.is_file(), "cargo-ndk made no library for {abi}");
    }
    Ok(found.to_vec())
}

/// `cargo xtask aar`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    let folder = pack(workspace, &target, options.host_check)?;
    println!("\nfor a Gradle project: maven {{ url = uri(\"{}\") }}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Makes the `.aar` with everything that belongs beside it, and looks at it. Gives the Maven folder.
pub(crate) fn pack(workspace: &Workspace, target: &TargetDir, host_check: bool) -> Result<PathBuf> {
    let (libraries, version) = if host_check {
        (vec![(ABIS[0], android::library(workspace, target)?)], format!("{VERSION}-not-for-shipping"))
    } else {
        (build_by_ndk(workspace, target)?, VERSION.to_owned())
    };
    let built = Built::new(workspace, target)?;
    for (abi, library) in &libraries {
        complete(library, workspace, &built.generated).with_context(|| format!("the library for {abi}"))?;
    }
    run::run(built.maven(workspace).args([
        "--projects",
        "../bindings/kotlin,../bindings/android",
        "compile",
    ]))?;
    let documentation = ["--projects", "../bindings/kotlin", "org.jetbrains.dokka:dokka-maven-plugin:dokka"];
    run::run(built.maven(workspace).args(documentation))?;

    let maven = target.android().join("maven");
    let place = maven.join("com/worldmates/calls/calls").join(&version);
    let parts = target.android().join("aar");
    for folder in [&place, &parts] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
    }
    let roots = |of: &str| CLASSES.map(|module| workspace.root.join(module).join(of));
    zip(&parts.join("classes.jar"), &roots("target/classes"))?;
    let ours = workspace.root.join("build-scripts/aar");
    for file in ["AndroidManifest.xml", "proguard.txt"] {
        fs::copy(ours.join(file), parts.join(file)).with_context(|| file.to_owned())?;
    }
    fs::write(parts.join("R.txt"), "")?;
    let metadata = parts.join("META-INF/com/android/build/gradle");
    fs::create_dir_all(&metadata)?;
    fs::write(metadata.join("aar-metadata.properties"), METADATA)?;
    for (abi, library) in &libraries {
        let folder = parts.join("jni").join(abi);
        fs::create_dir_all(&folder)?;
        fs::copy(library, folder.join(LIBRARY))?;
    }
    if host_check {
        fs::write(parts.join("NOT-FOR-SHIPPING.txt"), NOT_FOR_SHIPPING)?;
    }
    let name = |rest: &str| place.join(format!("calls-{version}{rest}"));
    zip(&name(".aar"), &[parts])?;
    zip(&name("-sources.jar"), &[&roots("src/main/kotlin")[..], &[built.generated]].concat())?;
    zip(&name("-javadoc.jar"), &[workspace.root.join("bindings/kotlin/target/dokka")])?;
    fs::write(name(".pom"), pom(workspace, &version)?)?;

    look_at(&name(".aar"), &libraries)?;
    print_sizes(&name(".aar"), &libraries)?;
    Ok(maven)
}

/// The version of the workspace, which is xtask's own.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const METADATA: &str =
    "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=26\nminCompileSdkExtension=0\n";
const NOT_FOR_SHIPPING: &str = "This was made to be looked at, on a machine without Android's NDK: its native library was \
compiled with the headers of another C library. Make one that phones can use by `cargo xtask aar`.\n";

/// Whether a library has every function that Kotlin calls.
fn complete(library: &Path, workspace: &Workspace, generated: &Path) -> Result<()> {
    let exports = android::exports(library)?;
    let wanted = wanted(workspace, generated)?;
    let missing: Vec<&str> =
        wanted.iter().filter(|name| !exports.contains(*name)).map(String::as_str).collect();
    ensure!(missing.is_empty(), "Kotlin would call what is not there:\n  {}", missing.join("\n  "));
    println!("{} functions that Kotlin calls are there", wanted.len());
    Ok(())
}

/// The functions that Kotlin calls: those of UniFFI, and those written by hand.
fn wanted(workspace: &Workspace, generated: &Path) -> Result<BTreeSet<String>> {
    let package = "com/worldmates/calls";
    let uniffi = fs::read_to_string(generated.join(package).join("calls_ffi.kt"))?;
    let by_hand =
        workspace.root.join("bindings/kotlin/src/main/kotlin").join(package).join("NativePixels.kt");
    let by_hand = fs::read_to_string(&by_hand).with_context(|| by_hand.display().to_string())?;
    let names = external(&uniffi)
        .chain(external(&by_hand).map(|name| format!("Java_com_worldmates_calls_NativePixels_{name}")));
    let names: BTreeSet<String> = names.collect();
    ensure!(
        names.len() > 50,
        "only {} functions were found: the generated Kotlin looks different now",
        names.len()
    );
    Ok(names)
}

fn external(kotlin: &str) -> impl Iterator<Item = String> {
    kotlin.split("external fun ").skip(1).filter_map(|rest| Some(rest.split('(').next()?.trim().to_owned()))
}

/// A zip with what is in some folders. JDK's `jar` makes it: a program that is here anyway.
fn zip(file: &Path, folders: &[PathBuf]) -> Result<()> {
    let mut jar = Command::new("jar");
    jar.args(["--create", "--no-manifest", "--file"]).arg(file);
    for folder in folders {
        ensure!(folder.is_dir(), "{} is not there", folder.display());
        jar.arg("-C").arg(folder).arg(".");
    }
    run::run(&mut jar)
}

/// The POM, with the versions of the parent.
fn pom(workspace: &Workspace, version: &str) -> Result<String> {
    let parent = fs::read_to_string(workspace.root.join("android-demo/pom.xml"))?;
    let of = |name: &str| {
        let value = parent.split(&format!("<{name}.version>")).nth(1).and_then(|rest| rest.split('<').next());
        value.with_context(|| format!("the parent names no version of {name}"))
    };
    let text = fs::read_to_string(workspace.root.join("build-scripts/aar/pom.xml"))?;
    let text = text.replace("@VERSION@", version).replace("@KOTLIN@", of("kotlin")?);
    Ok(text.replace("@COROUTINES@", of("coroutines")?).replace("@JNA@", of("jna")?))
}

/// Whether everything is in its place.
fn look_at(aar: &Path, libraries: &[(&str, PathBuf)]) -> Result<()> {
    let said = run::output(Command::new("jar").args(["--list", "--file"]).arg(aar))?;
    let names: BTreeSet<&str> = said.lines().collect();
    let mut wanted: Vec<String> =
        ["AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt"].map(str::to_owned).to_vec();
    wanted.extend(libraries.iter().map(|(abi, _)| format!("jni/{abi}/{LIBRARY}")));
    for name in wanted {
        ensure!(names.contains(name.as_str()), "{name} is not in {}", aar.display());
    }
    if let Some(strange) = names.iter().find(|name| name.ends_with(".class")) {
        bail!("{strange} lies beside classes.jar instead of in it");
    }
    Ok(())
}

/// How big it is, for each kind of phone.
fn print_sizes(aar: &Path, libraries: &[(&str, PathBuf)]) -> Result<()> {
    let sizes: Vec<(&str, Size)> =
        libraries.iter().map(|(abi, library)| Ok((*abi, Size::of(library)?))).collect::<Result<_>>()?;
    println!("\n{}", Table(&sizes));
    println!("the whole .aar: {:.2} MB", fs::metadata(aar)?.len() as f64 / 1e6);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kotlin_calls_is_found() {
        let kotlin =
            "@JvmStatic\nexternal fun fetch(a: Long): Long\n  external fun uniffi_x_fn_y(\n  `ptr`: Long";

        assert_eq!(external(kotlin).collect::<Vec<_>>(), ["fetch", "uniffi_x_fn_y"]);
    }
}
