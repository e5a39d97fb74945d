//! Finds libvpx and compiles the few lines of C between it and Rust.
fn main() {
    println!("cargo:rerun-if-changed=src/shim.c");
    let found = match pkg_config::Config::new().atleast_version("1.8").probe("vpx") {
        Ok(found) => found,
        Err(error) => {
            // A build script has no other way to say what to do.
            eprintln!("libvpx is missing: `cargo xtask setup` installs it (package libvpx-dev)\n{error}");
            std::process::exit(1);
        }
    };
    cc::Build::new().file("src/shim.c").includes(found.include_paths).warnings(true).compile("calls_vpx");
}
