//! TURN through a stream: the packets that the stack means for a relay, one after another over TCP or TLS.
//!
//! RFC 8656, section 2.1: STUN messages follow each other as they are, channel data is padded to four bytes.
use super::servers::StreamServer;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};
use tracing::info;

/// Packets that wait for the stream. One more is dropped, as a full UDP socket would.
pub(crate) const WAITING: usize = 256;

/// The stack itself asks again after this, and a relay that takes longer is no good for voice.
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// The farewell to the relay goes out within this, or is lost: allocations end by themselves, too.
const FLUSH_WITHIN: Duration = Duration::from_millis(500);

/// Carries packets until `out` is closed or the stream ends. What comes is told with the address that stands for it.
pub(crate) async fn carry(
    server: StreamServer,
    stand_in: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    out: mpsc::Receiver<Vec<u8>>,
    inbox: mpsc::Sender<(SocketAddr, Vec<u8>)>,
) {
    // The address of a relay is no secret, but which one somebody uses is: the log says only how it ended.
    if let Err(error) = connect_and_carry(&server, stand_in, tls, out, inbox).await {
        info!(kind = ?error.kind(), is_tls = server.is_tls, "the stream to a relay ended");
    }
}

async fn connect_and_carry(
    server: &StreamServer,
    stand_in: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    out: mpsc::Receiver<Vec<u8>>,
    inbox: mpsc::Sender<(SocketAddr, Vec<u8>)>,
) -> io::Result<()> {
    let connect = async {
        let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
        stream.set_nodelay(true)?;
        Ok::<_, io::Error>(stream)
    };
    let stream = timeout(CONNECT_WITHIN, connect).await??;
    if !server.is_tls {
        return both_ways(stream, stand_in, out, inbox).await;
    }
    let Some(tls) = tls else { return Err(io::ErrorKind::Unsupported.into()) };
    let name = ServerName::try_from(server.host.clone()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let stream = timeout(CONNECT_WITHIN, TlsConnector::from(tls).connect(name, stream)).await??;
    both_ways(stream, stand_in, out, inbox).await
}

async fn both_ways(
    stream: impl AsyncRead + AsyncWrite,
    stand_in: SocketAddr,
    mut out: mpsc::Receiver<Vec<u8>>,
    inbox: mpsc::Sender<(SocketAddr, Vec<u8>)>,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        loop {
            let packet = read_packet(&mut reader).await?;
            if inbox.send((stand_in, packet)).await.is_err() {
                return Ok(());
            }
        }
    };
    let writing = async {
        while let Some(packet) = out.recv().await {
            writer.write_all(&padded(packet)).await?;
            if out.is_empty() {
                writer.flush().await?;
            }
        }
        // The socket that this stream stands beside is gone: say good-bye, and that is all.
        timeout(FLUSH_WITHIN, writer.shutdown()).await?
    };
    tokio::select! {
        ended = reading => ended,
        ended = writing => ended,
    }
}

async fn read_packet(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    reader.read_exact(&mut head).await?;
    let (length, padded) = lengths(head)?;
    let mut packet = vec![0; padded];
    packet[..4].copy_from_slice(&head);
    reader.read_exact(&mut packet[4..]).await?;
    packet.truncate(length);
    Ok(packet)
}

/// The length of a packet and of its place in the stream, by its first four bytes.
fn lengths(head: [u8; 4]) -> io::Result<(usize, usize)> {
    let said = usize::from(u16::from_be_bytes([head[2], head[3]]));
    match head[0] >> 6 {
        0 if said % 4 == 0 => Ok((20 + said, 20 + said)),
        1 => Ok((4 + said, (4 + said).next_multiple_of(4))),
        // Nothing else is ever sent to a TURN client; where the next packet begins cannot be known.
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn padded(mut packet: Vec<u8>) -> Vec<u8> {
    packet.resize(packet.len().next_multiple_of(4), 0);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_keep_their_bounds() {
        let packets = [
            vec![0, 1, 0, 4].into_iter().chain([7; 20]).collect(),
            vec![0x40, 0, 0, 3, 1, 2, 3],
            vec![0x40, 1, 0, 0],
        ];
        let stream: Vec<u8> = packets.iter().cloned().flat_map(padded).collect();

        let mut reader = &stream[..];

        for packet in packets {
            assert_eq!(read_packet(&mut reader).await.unwrap(), packet);
        }
        assert_eq!(read_packet(&mut reader).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_no_packet_ends_the_stream() {
        for bytes in [&[0x80, 0, 0, 0][..], &[0, 1, 0, 3], &[0xff; 64], b"HTTP/1.1 400"] {
            let mut reader = bytes;
            assert!(read_packet(&mut reader).await.is_err(), "{bytes:?}");
        }
    }
}
