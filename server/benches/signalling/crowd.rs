//! Many users at once: all connect, or all come back after the server was ended.
use super::{connection::Connection, random::Random};
use anyhow::{Result, ensure};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

/// Handshakes under way at once. More only measures the queue of the kernel.
const AT_ONCE: usize = 100;

/// Connects and registers users 1 to `users`. Must be called within a `LocalSet`, as all here.
pub(crate) async fn arrive(server: SocketAddr, users: u32) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(users as usize);
    let mut tasks = JoinSet::new();
    for user in 1..=users {
        if tasks.len() == AT_ONCE
            && let Some(connection) = tasks.join_next().await
        {
            connections.push(connection??);
        }
        tasks.spawn_local(Connection::open(server, user));
    }
    while let Some(connection) = tasks.join_next().await {
        connections.push(connection??);
    }
    // Neighbours call each other; the order of arrival must not decide who that is.
    connections.sort_by_key(|connection| connection.user);
    Ok(connections)
}

/// A crowd whose server is about to go away.
pub(crate) struct Crowd {
    tasks: JoinSet<Connection>,
}

impl Crowd {
    /// From now on each client notices that its server is gone and tries to come back, as stock clients do: after
    /// 1 s, then after twice as long each time up to 5 s, each wait half as much shorter or longer by chance.
    pub(crate) fn hold(connections: Vec<Connection>, server: SocketAddr, random: &mut Random) -> Self {
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn_local(come_back(connection, server, Random::new(random.next())));
        }
        Self { tasks }
    }

    /// Waits until all are served again.
    pub(crate) async fn all_back(mut self, deadline: Instant) -> Result<Vec<Connection>> {
        let all = self.tasks.len();
        let mut back = Vec::with_capacity(all);
        while let Ok(Some(connection)) = timeout_at(deadline, self.tasks.join_next()).await {
            back.push(connection?);
        }
        ensure!(back.len() == all, "only {} of {all} clients came back", back.len());
        back.sort_by_key(|connection| connection.user);
        Ok(back)
    }
}

async fn come_back(mut connection: Connection, server: SocketAddr, mut random: Random) -> Connection {
    while let Ok(()) = rest(&mut connection).await {}
    let user = connection.user;
    drop(connection);
    let mut wait = Duration::from_secs(1);
    loop {
        sleep(wait.mul_f64(0.5 + random.share())).await;
        if let Ok(connection) = Connection::open(server, user).await {
            return connection;
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// Answers pings.
async fn rest(connection: &mut Connection) -> Result<()> {
    while connection.next()?.is_some() {}
    connection.flush().await?;
    connection.fill().await
}
