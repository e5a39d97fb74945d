//! A server with people in it, and a connection that can be cut.
use super::player::Player;
use anyhow::{Context, Result, bail};
use calls_tests::{folder::Folder, server::TestServer};
use sqlx::{Connection, SqliteConnection};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// A server that knows people by their names: Ann, Bob and Cid, who are the group of friends, and the two of the
/// source documents, who are one as well.
pub(super) async fn server(environment: &[(&str, &str)]) -> Result<TestServer> {
    // Not all libraries let go of a connection that is over. A stop need not wait for them as long as usual.
    let environment: Vec<_> = environment.iter().copied().chain([("DRAIN_SECONDS", "1")]).collect();
    let server = TestServer::start_in(Folder::new(), &environment).await;
    let file = server.folder().context("it has a folder")?.path().join("calls.db");
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    for statement in [
        "INSERT INTO wo_users (user_id, first_name, last_name, avatar) VALUES
             (1, 'Ann', 'Ames', 'ann.jpg'), (2, 'Bob', 'Byrd', NULL), (3, 'Cid', 'Cole', NULL),
             (123, 'John', 'Doe', NULL), (456, 'Jane', 'Roe', NULL)",
        "INSERT INTO wo_groupchat (group_id, group_name) VALUES (7, 'Friends'), (789, 'Work')",
        "INSERT INTO wo_groupchatusers (group_id, user_id) VALUES (7, 1), (7, 2), (7, 3), (789, 123), (789, 456)",
    ] {
        sqlx::query(statement).execute(&mut database).await?;
    }
    database.close().await?;
    Ok(server)
}

/// The end of a flow.
pub(super) async fn over(player: &mut Player, server: TestServer) -> Result<()> {
    player.close().await?;
    server.stop().await;
    Ok(())
}

/// Starts a server again, in the same folder and on the same port.
pub(super) async fn restart(server: TestServer) -> Result<TestServer> {
    let port = server.address().port().to_string();
    let folder = server.stop().await.context("it had a folder")?;
    Ok(TestServer::start_in(folder, &[("PORT", &port), ("DRAIN_SECONDS", "1")]).await)
}

/// A port that no connection takes by chance while a server is away from it.
pub(super) async fn port_to_come_back_to() -> Result<String> {
    // Below 32768 systems give none to connections. No test here gets the port of another one.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    while let port = first + NEXT.fetch_add(1, Relaxed)
        && port < 32_000
    {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            return Ok(port.to_string());
        }
    }
    bail!("no port is free")
}

/// What the server counts on its metrics page under that name.
pub(super) async fn counted(server: SocketAddr, name: &str) -> Result<u64> {
    let mut connection = TcpStream::connect(server).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut page = String::new();
    connection.read_to_string(&mut page).await?;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no {name} in {page}"))?.trim().parse()?)
}

/// The way to a server, which can be cut and mended: a phone goes into a lift and comes out.
pub(super) struct Lift {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Lift {
    /// A way to `server`.
    pub(super) async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (is_open, open) = watch::channel(true);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                ways.spawn(way(near, server, open.clone()));
            }
        });
        Ok(Self { address, is_open, tasks })
    }

    /// Where clients go instead of the server.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection, and every new one from now on.
    pub(super) fn cut(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets connections through again.
    pub(super) fn mend(&self) {
        self.is_open.send_replace(true);
    }

    /// Ends it.
    pub(super) async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn way(mut near: TcpStream, server: SocketAddr, mut open: watch::Receiver<bool>) {
    if !*open.borrow() {
        return;
    }
    let through = async {
        let mut far = TcpStream::connect(server).await?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        // However it ends, both ends of it are dropped.
        _ = through => {}
        _ = open.wait_for(|is_open| !is_open) => {}
    }
}
