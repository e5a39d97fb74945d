//! One client: a TCP connection that speaks WebSocket, Engine.IO and Socket.IO just far enough to make calls.
use super::frames::{self, Frame};
use anyhow::{Context, Result, bail, ensure};
use std::{io::Write, net::SocketAddr, ops::Range, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// What stock clients give a connection to be set up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A registered user's connection.
pub(crate) struct Connection {
    pub(crate) user: u32,
    stream: TcpStream,
    inbox: Vec<u8>,
    /// How much of the inbox is done with.
    done: usize,
    outbox: Vec<u8>,
    scratch: Vec<u8>,
}

impl Connection {
    /// Connects, joins the default namespace and registers the user; the acknowledgement has come.
    pub(crate) async fn open(server: SocketAddr, user: u32) -> Result<Self> {
        timeout(CONNECT_TIMEOUT, Self::set_up(server, user)).await.context("not set up within 20 s")?
    }

    async fn set_up(server: SocketAddr, user: u32) -> Result<Self> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let (inbox, outbox, scratch) = (Vec::new(), Vec::new(), Vec::new());
        let mut connection = Self { user, stream, inbox, done: 0, outbox, scratch };
        connection.upgraded().await?;
        connection.wait_for("0{").await?;
        connection.say(format_args!("40"));
        connection.flush().await?;
        connection.wait_for("40{").await?;
        connection.say(format_args!("420[\"call:register\",{{\"userId\":{user}}}]"));
        connection.flush().await?;
        connection.wait_for("430[{\"ok\":true").await?;
        Ok(connection)
    }

    async fn upgraded(&mut self) -> Result<()> {
        let end = loop {
            self.fill().await?;
            if let Some(end) = self.inbox.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.inbox[..end]);
        ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {}", head.lines().next().unwrap_or_default());
        self.done = end;
        Ok(())
    }

    async fn wait_for(&mut self, start: &str) -> Result<()> {
        loop {
            while let Some(packet) = self.next()? {
                let packet = self.text(packet)?;
                if packet.starts_with(start) {
                    return Ok(());
                }
                // `call:registered` may come before the acknowledgement.
                ensure!(packet.starts_with("42"), "instead of {start}: {packet}");
            }
            self.fill().await?;
        }
    }

    /// The next packet that has come, if one has; pings are answered on the way.
    pub(crate) fn next(&mut self) -> Result<Option<Range<usize>>> {
        while let Some((frame, end)) = frames::take(&self.inbox, self.done).map_err(anyhow::Error::msg)? {
            self.done = end;
            match frame {
                Frame::Text(range) if &self.inbox[range.clone()] == b"2" => self.say(format_args!("3")),
                Frame::Text(range) => return Ok(Some(range)),
                Frame::Ping(range) => frames::put_pong(&mut self.outbox, self.user, &self.inbox[range]),
                Frame::Pong => {}
                Frame::Close => bail!("the server closed the connection"),
            }
        }
        if self.done == self.inbox.len() {
            self.inbox.clear();
        } else {
            self.inbox.drain(..self.done);
        }
        self.done = 0;
        Ok(None)
    }

    /// The packet that [`Self::next`] found.
    pub(crate) fn text(&self, packet: Range<usize>) -> Result<&str> {
        Ok(std::str::from_utf8(&self.inbox[packet])?)
    }

    /// Waits for more bytes. May be dropped at any time without losing some.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.inbox).await? > 0, "the server hung up");
        Ok(())
    }

    /// Queues one packet for [`Self::flush`].
    pub(crate) fn say(&mut self, packet: std::fmt::Arguments<'_>) {
        self.scratch.clear();
        self.scratch.write_fmt(packet).expect("a Vec takes all that is written");
        // Any mask will do, as nothing sits between the driver and the server.
        frames::put_text(&mut self.outbox, self.user.wrapping_mul(0x9E37_79B1), &self.scratch);
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        if !self.outbox.is_empty() {
            self.stream.write_all(&self.outbox).await?;
            self.outbox.clear();
        }
        Ok(())
    }
}
