//! The transport alone, with a service that answers every event: to try clients on, and to measure what a
//! connection and an event cost.
//!
//! `cargo run --release -p calls-server --example sockets -- 2100` serves;
//! `… -- measure 10000` serves, and opens so many connections from a second process.
use anyhow::Context as _;
use calls_server::socket::{
    CloseReason, ConnectRefused, Event, Frame, Handshake, Hub, Malformed, Service, SocketHandle, SocketId,
    SocketSettings, Sockets,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use std::{convert::Infallible, env, fs, net::SocketAddr, process::Stdio, sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

struct Echo;

impl Service for Echo {
    type Identity = ();

    async fn connect(&self, _: SocketId, handshake: &Handshake) -> Result<(), ConnectRefused> {
        match &handshake.auth {
            Some(auth) if auth.get().contains("\"wrong\"") => {
                Err(ConnectRefused::new("unauthorized", "the token is wrong"))
            }
            _ => Ok(()),
        }
    }

    fn opened(&self, socket: &SocketHandle, (): &()) {
        send(socket, Frame::event("opened", &socket.id().0));
    }

    async fn event(&self, socket: &SocketHandle, (): &(), event: Event<'_>) {
        match (event.name, event.ack) {
            ("close", _) => socket.close(),
            (_, Some(ack)) => send(socket, Frame::ack(ack, &event.payload)),
            (name, None) => send(socket, Frame::event(name, &event.payload)),
        }
    }

    fn malformed(&self, socket: &SocketHandle, malformed: Malformed<'_>) {
        let fault = format!("{:?}", malformed.fault);
        match malformed.ack {
            Some(ack) => send(socket, Frame::ack(ack, &fault)),
            None => send(socket, Frame::event("call:error", &fault)),
        }
    }

    fn closed(&self, _: SocketId, _: CloseReason) {}
}

fn send(socket: &SocketHandle, frame: Result<Frame, serde_json::Error>) {
    // A socket that is gone needs no answer.
    let _ = frame.map(|frame| socket.send(frame));
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["measure", count] => measure(count).await,
        ["clients", count, address] => clients(count.parse()?, address.parse()?).await,
        [port] => serve(TcpListener::bind(("127.0.0.1", port.parse()?)).await?).await,
        _ => anyhow::bail!("sockets PORT | sockets measure COUNT"),
    }
}

async fn serve(listener: TcpListener) -> anyhow::Result<()> {
    let settings = SocketSettings {
        cors: "localhost".parse().expect("an origin"),
        events_per_second: 1_000_000,
        ..SocketSettings::default()
    };
    let sockets = Sockets::new(settings, Arc::new(Hub::new()), Arc::new(Echo));
    loop {
        let (stream, peer) = listener.accept().await?;
        let sockets = sockets.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let sockets = sockets.clone();
            async move { Ok::<_, Infallible>(sockets.handle(request, peer).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
    }
}

/// Serves, lets another process open `count` connections, and says what they cost.
async fn measure(count: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(serve(listener));
    let connections: u64 = count.parse()?;
    let mut clients = tokio::process::Command::new(env::current_exe()?)
        .args(["clients", count, &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut go = clients.stdin.take().context("piped")?;
    let mut done = clients.stdout.take().context("piped")?;
    let mut step = async || -> anyhow::Result<(u64, [f64; 2], f64)> {
        let ([user, system], start) = (cpu_seconds()?, Instant::now());
        go.write_all(b".").await?;
        done.read_u8().await?;
        let now = cpu_seconds()?;
        Ok((resident()?, [now[0] - user, now[1] - system], start.elapsed().as_secs_f64()))
    };
    let each = |[user, system]: [f64; 2], count: f64| {
        let micros = 1e6 / count;
        format!(
            "{:.1} us ({:.1} user, {:.1} system)",
            (user + system) * micros,
            user * micros,
            system * micros
        )
    };

    let before = resident()?;
    let (after, cpu, took) = step().await?;
    println!("{connections} connections in {took:.2} s");
    println!(
        "  memory: {:.2} kB a connection ({before} kB before)",
        (after - before) as f64 / connections as f64
    );
    println!("  CPU:    {} a connection", each(cpu, connections as f64));
    let (events, cpu, took) = step().await?;
    println!("one acknowledged event of 2.4 kB on each in {took:.2} s");
    println!("  memory: {:.2} kB a connection", (events - before) as f64 / connections as f64);
    println!("  CPU:    {} an event", each(cpu, connections as f64));
    let (_, cpu, took) = step().await?;
    println!("one hundred events on each of a hundred connections in {took:.2} s");
    println!("  CPU:    {} an event", each(cpu, 10_000.0));
    drop(go);
    clients.wait().await?;
    Ok(())
}

/// The other process: one byte in starts a step, one byte out says that it is done.
async fn clients(count: usize, address: SocketAddr) -> anyhow::Result<()> {
    let (mut go, mut done) = (tokio::io::stdin(), tokio::io::stdout());
    let payload = RawValue::from_string(format!("\"{}\"", "v=0 a=candidate ".repeat(150)))?;
    let event = masked(format!("421[\"echo\",{payload}]").as_bytes());

    go.read_u8().await?;
    // Five hundred at a time: what HTTP keeps for so many is part of what a storm of clients costs.
    let mut open: Vec<TcpStream> =
        stream::iter((0..count).map(|_| connect(address))).buffer_unordered(500).try_collect().await?;
    report(&mut done).await?;

    go.read_u8().await?;
    for stream in &mut open {
        echo(stream, &event, payload.get().len() + 5).await?;
    }
    report(&mut done).await?;

    go.read_u8().await?;
    for stream in open.iter_mut().take(100) {
        for _ in 0..100 {
            echo(stream, &event, payload.get().len() + 5).await?;
        }
    }
    report(&mut done).await?;
    // Stays until the other end has read its numbers.
    let _ = go.read_u8().await;
    Ok(())
}

async fn report(done: &mut tokio::io::Stdout) -> anyhow::Result<()> {
    done.write_all(b".").await?;
    Ok(done.flush().await?)
}

/// A WebSocket of plain bytes: a library's buffers would only slow the other side down.
async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let mut stream = TcpSocket::new_v4()?.connect(address).await?;
    stream
        .write_all(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await?;
    let mut seen = vec![];
    // The OPEN packet ends the response; then the CONNECT and its answer, and the service's first event.
    until(&mut stream, &mut seen, b"}").await?;
    seen.clear();
    stream.write_all(&masked(b"40")).await?;
    until(&mut stream, &mut seen, b"]").await?;
    Ok(stream)
}

async fn until(stream: &mut TcpStream, seen: &mut Vec<u8>, end: &[u8]) -> anyhow::Result<()> {
    while !seen.ends_with(end) {
        anyhow::ensure!(stream.read_buf(seen).await? > 0, "closed: {}", String::from_utf8_lossy(seen));
    }
    Ok(())
}

async fn echo(stream: &mut TcpStream, event: &[u8], length: usize) -> anyhow::Result<()> {
    stream.write_all(event).await?;
    let mut answer = vec![0; length + if length > 125 { 4 } else { 2 }];
    stream.read_exact(&mut answer).await?;
    Ok(())
}

/// A client's text frame; its mask is zero, which is as good as any here.
fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(length) if length > 125 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => frame.push(0x80 | text.len() as u8),
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text);
    frame
}

/// Resident memory of this process, in kilobytes.
fn resident() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("a number")?.parse()?)
}

/// CPU time of this process, user and system.
fn cpu_seconds() -> anyhow::Result<[f64; 2]> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("a name")?.1.split_whitespace().collect();
    // Fields 14 and 15, counted from the one before the name; the kernel's clock ticks a hundred times a second.
    Ok([fields[11].parse::<f64>()? / 100.0, fields[12].parse::<f64>()? / 100.0])
}
