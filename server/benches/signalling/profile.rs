//! Where a server spends its time, as `perf` sees it.
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A recording that ends by itself.
pub(crate) struct Recording(Child);

impl Recording {
    /// Records one process for so long. `report` tells the user how to read it.
    pub(crate) fn start(pid: u32, seconds: f64, folder: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let data = folder.join(format!("{name}.perf"));
        println!("to read the profile: perf report --no-children -i {}", data.display());
        let child = Command::new("perf")
            // The clock of the kernel: virtual machines often have no counters. An odd rate keeps out of step with it.
            .args(["record", "--quiet", "--event", "cpu-clock", "--freq", "499"])
            .args(["--pid", &pid.to_string(), "--output"])
            .arg(data)
            .args(["--", "sleep", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join(format!("{name}.log")))?)
            .spawn()
            .context("perf is needed (package linux-perf or linux-tools)")?;
        Ok(Self(child))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // It ends with its `sleep`, or with the server; how it went is in its log.
        let _ = self.0.wait();
    }
}
