//! What passes an interface, as a file that Wireshark and tcpdump read.
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    time::SystemTime,
};

/// A file of packets, complete after each of them.
#[derive(Debug)]
pub(crate) struct Pcap(BufWriter<File>);

impl Pcap {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        // Version 2.4, microseconds, 64 KiB of each packet at most, plain IP (LINKTYPE_RAW).
        for (word, width) in [(0xa1b2_c3d4, 4), (2, 2), (4, 2), (0, 4), (0, 4), (65_536, 4), (101_u32, 4)] {
            file.write_all(&word.to_le_bytes()[..width])?;
        }
        Ok(Self(file))
    }

    pub(crate) fn add(&mut self, packet: &[u8]) -> io::Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let length = packet.len() as u32;
        for word in [now.as_secs() as u32, now.subsec_micros(), length, length] {
            self.0.write_all(&word.to_le_bytes())?;
        }
        self.0.write_all(packet)?;
        self.0.flush()
    }
}
