//! A server that cannot start says in one sentence what to do, ends with 1, and tells no secret.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::os::unix::fs::PermissionsExt;

/// Starts with these settings in vain. Returns what it said.
async fn refused(environment: &[(&str, &str)], port: u16) -> Result<String> {
    refused_by(PROGRAM, environment, port).await
}

async fn refused_by(program: &str, environment: &[(&str, &str)], port: u16) -> Result<String> {
    let folder = Folder::new();
    let mut server = Process::spawn(program, folder.path(), port, environment)?;
    let status = server.ended().await?;
    let said = server.log();
    ensure!(status.code() == Some(1), "{status}: {said}");
    ensure!(!said.contains("panicked"), "{said}");
    // One sentence; where settings are wrong, one for each, and how many there are.
    let lines = said.lines().filter(|line| !line.trim().is_empty()).count();
    ensure!(lines == if said.contains("problem: ") { 2 } else { 1 }, "{said}");
    Ok(said)
}

#[tokio::test]
async fn what_is_set_wrongly_is_named() -> Result<()> {
    let sample = "a7f3e9c2d8b4f6a1c5e8d9b2f4a6c8e1d3f5a7b9c2e4f6a8b1d3f5a7c9e2f4a6";
    for (environment, wanted) in [
        (vec![("RING_SECONDS", "soon")], "RING_SECONDS"),
        (vec![("TURN_SECRET", sample), ("TURN_SERVER", "turn.example.org")], "openssl rand"),
        (vec![("HOST", "0.0.0.0")], "ALLOW_OPEN_ON_PUBLIC_ADDRESS"),
        (vec![("DATABASE_URL", "oracle://db")], "DATABASE_URL"),
        (
            vec![
                ("TURN_SERVER", "turn.example.org"),
                ("TURN_USERNAME", "wmuser"),
                ("TURN_PASSWORD", "wmpass"),
            ],
            "TURN_PASSWORD",
        ),
    ] {
        let said = refused(&environment, free_port()).await?;
        ensure!(said.to_uppercase().contains(&wanted.to_uppercase()), "{environment:?}: {said}");
        ensure!(!said.contains(sample), "the secret is told: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() -> Result<()> {
    let url = format!("mysql://calls:hunter22@127.0.0.1:{}/calls", free_port());

    let said = refused(&[("DATABASE_URL", &url)], free_port()).await?;

    ensure!(said.contains("is it running"), "{said}");
    ensure!(!said.contains("hunter22"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_database_that_refuses_the_user_is_named_without_the_password() -> Result<()> {
    let database = Database::mariadb().await?;
    let url = database.url().replace("root:", "calls:hunter22");

    let said = refused(&[("DATABASE_URL", &url)], free_port()).await?;

    ensure!(said.contains("check the user and its password"), "{said}");
    ensure!(!said.contains("hunter22"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_cannot_be_the_database_is_named() -> Result<()> {
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("folder"))?;
    std::fs::write(path("junk"), [7; 8192])?;
    for (name, wanted) in [
        ("folder", "may this user write there"),
        ("junk/calls.db", "may this user write there"),
        ("junk", "restore a backup"),
    ] {
        let url = format!("sqlite:{}", path(name).display());
        let said = refused(&[("DATABASE_URL", &url)], free_port()).await?;

        ensure!(said.contains(name) && said.contains(wanted), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_named() -> Result<()> {
    let database = Database::sqlite()?;
    let mut other = SqliteConnection::connect(&format!("{}?mode=rwc", database.url())).await?;
    other.execute("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").await?;

    let said = refused(&[("DATABASE_URL", &database.url())], free_port()).await?;

    ensure!(said.contains("another program holds the file"), "{said}");
    other.close().await?;
    Ok(())
}

#[tokio::test]
async fn without_room_on_the_disk_it_says_so() -> Result<()> {
    let folder = Folder::new();
    let script = folder.path().join("small");
    std::fs::write(&script, format!("#!/bin/sh\nulimit -f 8\nexec {PROGRAM}\n"))?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
    let script = script.to_string_lossy();

    let said = refused_by(&script, &[("DATABASE_URL", "sqlite:calls.db")], free_port()).await?;

    ensure!(said.contains("is there room on the disk"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_the_first_server_goes_on() -> Result<()> {
    let (folder, port) = (Folder::new(), free_port());
    let (first, _) = Process::start(PROGRAM, folder.path(), port, &[("DATABASE_URL", "none")]).await?;

    let said = refused(&[("DATABASE_URL", "none")], port).await?;

    ensure!(said.contains(&port.to_string()) && said.contains("--port"), "{said}");
    ensure!(first.metric("calls_live").await? == 0.0);
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_one_database_is_refused_and_the_first_goes_on() -> Result<()> {
    for database in Database::both().await? {
        let (folder, url) = (Folder::new(), database.url());
        let environment = [("DATABASE_URL", url.as_str())];
        let (first, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;

        let said = refused(&environment, free_port()).await?;

        ensure!(said.contains("another calls-server"), "{}: {said}", database.name);
        ensure!(first.metric("calls_live").await? == 0.0);
    }
    Ok(())
}
