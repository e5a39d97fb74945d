//! What the operating system says of this process, by the names that every dashboard knows.
use super::registry::Page;
use std::fs;

/// Linux counts CPU time in hundredths of a second for every program (`USER_HZ`), whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Writes memory, CPU time and open files, where the system tells them.
pub(super) fn write(page: &mut Page) {
    if let Some(kib) = resident_kib() {
        page.gauge("process_resident_memory_bytes", "Memory of this process", kib * 1024);
    }
    if let Some(seconds) = cpu_seconds() {
        page.counter("process_cpu_seconds_total", "CPU time of this process", seconds);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        page.gauge("process_open_fds", "Open files and sockets of this process", files.count());
    }
    if let Some(limit) = file_limit() {
        page.gauge("process_max_fds", "Most files and sockets that this process may open", limit);
    }
}

fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the name in brackets and may hold spaces; user and system time are the 12th and 13th
    // after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    Some((times.next()? + times.next()?) as f64 / TICKS_PER_SECOND)
}

/// Most files and sockets that this process may open, where the system tells.
pub(crate) fn file_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn on_linux_all_of_them_are_there_and_sensible() {
        assert!(resident_kib().unwrap() > 500);
        assert!(cpu_seconds().unwrap() >= 0.0);
        assert!(file_limit().unwrap() > 3);
    }
}
