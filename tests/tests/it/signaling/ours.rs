//! Against our own server.
use super::Phone;
use anyhow::Result;
use calls_machine::AskId;
use calls_protocol::{CallTarget, CallType, ClientEvent, Initiate, RoomName, Sdp, ServerEvent, UserId};
use calls_tests::{databases::Database, line::Line, server::TestServer};

#[tokio::test]
async fn a_call_rings_and_what_was_asked_is_answered() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (mut ann, mut bob) = (Phone::of(1, server.address()), Phone::of(2, server.address()));
    bob.until("Bob is there", |phone| phone.ups == 1).await?;
    let dial = Initiate {
        from_id: UserId::new(1)?,
        target: CallTarget::User { to: UserId::new(2)?, offer: Sdp::object("offer", "v=0") },
        call_type: CallType::Audio,
        room_name: RoomName::new("call")?,
    };

    // Asked before there is a connection.
    ann.signaling.ask(AskId(1), ClientEvent::Initiate(dial));

    ann.until("the answer", |phone| phone.answers.get(&1) == Some(&true)).await?;
    bob.until("the ring", |phone| matches!(phone.events[..], [ServerEvent::Incoming(_)])).await?;
    ann.signaling.close().await;
    bob.signaling.close().await;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_over_a_line_that_breaks_all_the_time() -> Result<()> {
    let server = TestServer::start(&[("LIMIT_EVENTS_PER_SECOND", "1000")]).await;
    let line = Line::to(server.address()).await;
    let mut phone = Phone::of(1, line.address());
    for n in 1..=200 {
        phone.ask(n);
        match n % 20 {
            7 => line.cut(),
            15 => line.fall_silent(),
            _ => {}
        }
        if n % 10 == 0 {
            // As fast as the connection comes back.
            phone.until("another answer", |phone| phone.answers.len() as u64 >= n - 5).await?;
        }
    }

    phone.until("every answer", |phone| phone.answers.len() == 200).await?;

    assert!(line.taken() > 10, "only {} connections", line.taken());
    phone.signaling.close().await;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_finds_what_was_asked_meanwhile() -> Result<()> {
    let first = TestServer::start(&[]).await;
    let line = Line::to(first.address()).await;
    let mut phone = Phone::of(1, line.address());
    phone.until("up", |phone| phone.ups == 1).await?;
    let second = TestServer::start(&[]).await;
    line.lead_to(second.address());
    line.cut();
    first.stop().await;
    phone.ask(1);

    phone.until("up again, and an answer", |phone| phone.ups == 2 && phone.answers.len() == 1).await?;

    assert_eq!(phone.downs, 1);
    phone.signaling.close().await;
    second.stop().await;
    Ok(())
}

#[tokio::test]
async fn another_push_token_is_written_down_without_another_connection_and_after_one() -> Result<()> {
    let database = Database::sqlite()?;
    let server = TestServer::start(&[("DATABASE_URL", &database.url())]).await;
    let line = Line::to(server.address()).await;
    let mut phone = Phone::of(1, line.address());
    phone.until("up", |phone| phone.ups == 1).await?;
    let is_written = async |token: &str| {
        let row = format!("1|phone|{token}");
        let ask = "SELECT user_id, device_id, push_token FROM wo_call_devices";
        let written = async {
            while database.ask(ask).await? != [row.clone()] {
                tokio::task::yield_now().await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(super::PATIENCE, written).await?
    };

    phone.signaling.push_token("first".into());
    is_written("first").await?;
    phone.ask(1);
    phone.until("an answer", |phone| phone.answers.len() == 1).await?;
    assert_eq!((phone.downs, line.taken()), (0, 1));

    line.cut();
    phone.until("down", |phone| phone.downs == 1).await?;
    phone.signaling.push_token("second".into());
    phone.until("up again", |phone| phone.ups == 2).await?;
    is_written("second").await?;

    phone.signaling.close().await;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn another_network_means_another_connection_at_once_and_closing_leaves_none() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let line = Line::to(server.address()).await;
    let mut phone = Phone::of(1, line.address());
    phone.until("up", |phone| phone.ups == 1).await?;

    phone.signaling.network_changed();

    phone.until("up again", |phone| phone.ups == 2).await?;
    assert_eq!(line.taken(), 2);
    phone.signaling.close().await;
    let gone = async {
        while line.open() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(super::PATIENCE, gone).await?;
    server.stop().await;
    Ok(())
}
