//! How big the library is, beside Google's for the same.
use anyhow::{Context, Result, ensure};
use std::{fmt, fs, path::Path, process::Command};

/// How big a library is, stripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// In bytes, as a phone keeps it.
    raw: u64,
    /// In bytes, as it lies in an `.aar` or `.apk` and comes over the network.
    zipped: u64,
}

/// Google's library, on arm64.
const LIBWEBRTC: Size = Size { raw: 11_800_000, zipped: 5_400_000 };

impl Size {
    /// Measures a file.
    pub(crate) fn of(library: &Path) -> Result<Self> {
        // A zip packs by the same method, so gzip gives the same but for a few bytes of its own.
        let packed = Command::new("gzip").arg("--stdout").arg(library).output().context("gzip")?;
        ensure!(packed.status.success(), "gzip could not read {}", library.display());
        Ok(Self { raw: fs::metadata(library)?.len(), zipped: packed.stdout.len() as u64 })
    }

    /// Whether it is more than was set: half of Google's.
    fn is_over(self) -> bool {
        self.raw * 2 > LIBWEBRTC.raw || self.zipped * 2 > LIBWEBRTC.zipped
    }
}

/// One line a kind of phone, with Google's below.
pub(crate) struct Table<'a>(pub(crate) &'a [(&'a str, Size)]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18}{:>12}{:>12}", "", "raw", "zipped")?;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, size: &Size| {
            write!(f, "{name:<18}{:>9.2} MB{:>9.2} MB", size.raw as f64 / 1e6, size.zipped as f64 / 1e6)
        };
        for (abi, size) in self.0 {
            row(f, abi, size)?;
            // Google's numbers are of this one.
            if *abi == ARM64 {
                let share = |ours: u64, theirs: u64| ours as f64 * 100.0 / theirs as f64;
                let (raw, zipped) = (share(size.raw, LIBWEBRTC.raw), share(size.zipped, LIBWEBRTC.zipped));
                let verdict = if size.is_over() { "  !! more than half" } else { "" };
                write!(f, "   {raw:.0} % and {zipped:.0} % of libwebrtc{verdict}")?;
            }
            writeln!(f)?;
        }
        row(f, "libwebrtc, arm64", &LIBWEBRTC)
    }
}

/// What Android calls the kind of phone that Google's numbers are of.
const ARM64: &str = "arm64-v8a";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_beside_what_they_are_measured_by() {
        let table = Table(&[
            ("arm64-v8a", Size { raw: 5_310_000, zipped: 2_540_000 }),
            ("x86", Size { raw: 6_000_000, zipped: 2_900_000 }),
        ]);

        assert_eq!(
            table.to_string(),
            "                           raw      zipped\n\
             arm64-v8a              5.31 MB     2.54 MB   45 % and 47 % of libwebrtc\n\
             x86                    6.00 MB     2.90 MB\n\
             libwebrtc, arm64      11.80 MB     5.40 MB"
        );
    }

    #[test]
    fn more_than_half_in_either_measure_is_said() {
        for (raw, zipped, is_over) in
            [(5_900_000, 2_700_000, false), (5_900_001, 2_000_000, true), (5_000_000, 2_700_001, true)]
        {
            assert_eq!(Size { raw, zipped }.is_over(), is_over, "{raw}, {zipped}");
        }
        let table = Table(&[("arm64-v8a", Size { raw: 5_000_000, zipped: 2_800_000 })]).to_string();
        assert!(table.contains("52 % of libwebrtc  !! more than half"), "{table}");
    }

    #[test]
    fn a_file_is_measured_as_it_is_and_as_it_would_be_packed() {
        let file = std::env::temp_dir().join(format!("xtask-size-{}", std::process::id()));
        fs::write(&file, [7; 100_000]).unwrap();

        let size = Size::of(&file).unwrap();

        assert!(size.raw == 100_000 && size.zipped < 1_000, "{size:?}");
        fs::remove_file(file).unwrap();
    }
}
