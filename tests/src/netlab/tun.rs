//! A TUN device: a network interface whose other end is a file of ours. What the system sends there is read, one IP
//! packet at a time; what is written there arrives.
use super::pcap::Pcap;
use rustix::ioctl::{self, Setter, opcode};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    sync::{Mutex, PoisonError},
};

#[derive(Debug)]
pub(crate) struct Tun {
    file: File,
    /// Where all that passes is written down, if somebody wants that.
    record: Option<Mutex<Pcap>>,
}

/// `struct ifreq`, as far as TUNSETIFF reads it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// `TUNSETIFF`
const SET_INTERFACE: ioctl::Opcode = opcode::write::<std::ffi::c_int>(b'T', 202);
/// `IFF_TUN | IFF_NO_PI`: IP packets, with nothing in front of them.
const PLAIN_IP: u16 = 0x0001 | 0x1000;

impl Tun {
    /// Makes the device in the network namespace of this thread. It goes when this is dropped.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file =
            OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open("/dev/net/tun")?;
        let mut request = Request { name: [0; 16], flags: PLAIN_IP, rest: [0; 22] };
        // One zero has to stay at the end.
        if name.len() >= request.name.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        request.name[..name.len()].copy_from_slice(name.as_bytes());
        // SAFETY: TUNSETIFF reads a `struct ifreq`, 40 bytes, which `Request` is laid out as, and keeps no pointer.
        unsafe { ioctl::ioctl(&file, Setter::<SET_INTERFACE, Request>::new(request)) }?;
        Ok(Self { file, record: None })
    }

    /// Writes all that passes from here on into a file.
    pub(crate) fn record(&mut self, path: &Path) -> io::Result<()> {
        self.record = Some(Mutex::new(Pcap::create(path)?));
        Ok(())
    }

    /// The next packet, or why there is none.
    pub(crate) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let length = (&self.file).read(into)?;
        self.note(&into[..length])?;
        Ok(length)
    }

    pub(crate) fn write(&self, packet: &[u8]) -> io::Result<usize> {
        self.note(packet)?;
        (&self.file).write(packet)
    }

    fn note(&self, packet: &[u8]) -> io::Result<()> {
        match &self.record {
            Some(record) => record.lock().unwrap_or_else(PoisonError::into_inner).add(packet),
            None => Ok(()),
        }
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
