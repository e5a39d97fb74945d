//! The writer when there is too much to write, or something that cannot be written.
use super::*;
use calls_server::db::{QueueLimits, Unwritten, WriterLimits};
use calls_tests::{databases::Database, mariadb::MariaDb};
use std::sync::Arc;

#[tokio::test]
async fn while_the_database_is_away_calls_are_kept_and_candidates_only_so_many() {
    let server = Arc::new(MariaDb::start().unwrap());
    let database = Database::on(Arc::clone(&server)).await.unwrap();
    let store = database.store().await.unwrap();
    // About ten candidates and statistics.
    let queue = QueueLimits { spare: 3200, descriptions: 500, ..Default::default() };
    let limits = WriterLimits { queue, last_pause: Duration::from_millis(200), ..Default::default() };
    let writer = Writer::with_limits(&store, limits);
    server.kill();

    for id in 1..=20 {
        whole_call(id, 1, 2, id).into_iter().for_each(|record| writer.push(record));
    }
    // The first attempt to connect is given up after a while.
    let mut stuck = writer.flush(Duration::from_millis(50)).await;
    while !writer.counts().is_away {
        stuck = writer.flush(Duration::from_millis(50)).await;
    }

    assert!(matches!(stuck, Err(Unwritten { rows: 28..=33 })), "{stuck:?}");
    let counts = writer.counts();
    assert!((47..=52).contains(&counts.dropped.rows()), "{counts:?}");
    assert_eq!((counts.dropped.calls, counts.queue_depth), (0, 80 - counts.dropped.rows() as usize));
    assert!(counts.dropped.candidates > 0 && counts.dropped.statistics > 0);
    assert!(counts.dropped.descriptions > 20 && counts.queue_bytes < 20 * 1024, "{counts:?}");

    server.resume().unwrap();
    writer.close(PATIENCE).await.unwrap();
    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_calls WHERE status = 'ended'").await.unwrap(), ["20"]);
    store.close().await;
}

#[tokio::test]
async fn a_database_killed_in_the_middle_and_started_again_misses_nothing() {
    let server = Arc::new(MariaDb::start().unwrap());
    let database = Database::on(Arc::clone(&server)).await.unwrap();
    let store = database.store().await.unwrap();
    let limits = WriterLimits { rows: 40, last_pause: Duration::from_millis(200), ..Default::default() };
    let writer = Writer::with_limits(&store, limits);
    let mut pushed = 0;
    let mut push = |writer: &Writer, calls: u64| {
        for id in pushed + 1..=pushed + calls {
            whole_call(id, 1, 2, id).into_iter().for_each(|record| writer.push(record));
        }
        pushed += calls;
    };
    push(&writer, 100);
    writer.flush(PATIENCE).await.unwrap();

    for _ in 0..3 {
        push(&writer, 200);
        // Somewhere among the batches.
        while writer.counts().queue_depth > 500 {
            tokio::task::yield_now().await;
        }
        server.kill();
        push(&writer, 100);
        assert!(store.ping().await.is_err());
        server.resume().unwrap();
        writer.flush(PATIENCE).await.unwrap();
    }

    writer.close(PATIENCE).await.unwrap();
    let counts = writer.counts();
    assert_eq!((counts.dropped.rows(), counts.queue_depth, counts.is_away), (0, 0, false), "{counts:?}");
    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_calls WHERE status = 'ended'").await.unwrap(), ["1000"]);
    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_ice_candidates").await.unwrap(), ["2000"]);
    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_call_statistics").await.unwrap(), ["1000"]);
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_row_that_the_database_will_never_take_is_given_up_alone() {
    let database = Database::mariadb().await.unwrap();
    let store = database.store().await.unwrap();
    let writer = Writer::start(&store);
    for id in 1..=50 {
        // Ids of Telegram do not fit an INT.
        let from = if id == 33 { 5_000_000_000 } else { 1 };
        writer.push(rings(id, from, 2, 0));
    }
    writer.flush(PATIENCE).await.unwrap();

    assert_eq!(writer.counts().dropped.calls, 1);
    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_calls").await.unwrap(), ["49"]);

    store.widen_user_ids().await.unwrap();
    store.widen_user_ids().await.unwrap();
    writer.push(rings(33, 5_000_000_000, 2, 0));
    writer.close(PATIENCE).await.unwrap();
    assert_eq!(writer.counts().dropped.calls, 1);
    assert_eq!(database.ask("SELECT from_id FROM wo_calls WHERE id = 33").await.unwrap(), ["5000000000"]);
    store.close().await;
}

/// Calls whose descriptions are as large as a client may send them.
fn large_calls(count: u64) -> Vec<Record> {
    let large = |kind: &str| Sdp::object(kind, &"v".repeat(60_000));
    let mut records = vec![];
    for id in 1..=count {
        let mut call = whole_call(id, 1, 2, id);
        for record in &mut call {
            if let Record::Ringing { offer: sdp, .. } | Record::Connected { answer: sdp, .. } = record {
                *sdp = large("offer");
            }
        }
        records.append(&mut call);
    }
    records
}

#[tokio::test]
async fn descriptions_of_many_calls_are_too_large_for_one_statement_and_are_written_all_the_same() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();

        // 256 of these rows in one statement would be 30 MB; MariaDB takes 16.
        write(&store, &large_calls(300), usize::MAX).await;

        let whole =
            "SELECT COUNT(*) FROM wo_calls WHERE LENGTH(sdp_offer) > 60000 AND LENGTH(sdp_answer) > 60000";
        assert_eq!(database.ask(whole).await.unwrap(), ["300"], "{}", database.name);
        store.close().await;
    }
}

#[tokio::test]
async fn a_server_that_takes_only_small_statements_gets_small_ones() {
    let server = Arc::new(MariaDb::start().unwrap());
    let database = Database::on(Arc::clone(&server)).await.unwrap();
    database.run("SET GLOBAL max_allowed_packet = 1048576").await.unwrap();
    let store = database.store().await.unwrap();

    write(&store, &large_calls(40), usize::MAX).await;
    // One that no statement can hold.
    let mut huge = rings(41, 1, 2, 0);
    if let Record::Ringing { offer, .. } = &mut huge {
        *offer = sdp(&"v".repeat(1_200_000));
    }
    let writer = Writer::start(&store);
    writer.push(huge);
    writer.push(rings(42, 1, 2, 0));
    writer.close(PATIENCE).await.unwrap();

    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_calls WHERE status = 'ended'").await.unwrap(), ["40"]);
    let bare = "SELECT id, sdp_offer IS NULL FROM wo_calls WHERE id > 40";
    assert_eq!(database.ask(bare).await.unwrap(), ["41|1", "42|0"]);
    assert_eq!((writer.counts().dropped.descriptions, writer.counts().dropped.rows()), (1, 0));
    store.close().await;
}

#[tokio::test]
async fn no_address_is_written_where_the_operator_says_so() {
    for database in Database::both().await.unwrap() {
        let mut settings = database.settings().unwrap();
        settings.store_candidates = false;
        let store = Store::open(&settings).await.unwrap();
        let mut call = whole_call(1, 1, 2, 0);
        for record in &mut call {
            if let Record::Ringing { offer: sdp, .. } | Record::Connected { answer: sdp, .. } = record {
                let lines =
                    "v=0\r\nc=IN IP4 192.0.2.7\r\na=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\na=mid:0\r\n";
                *sdp = Sdp::object("offer", lines);
            }
        }
        write(&store, &call, 10).await;
        let mut odd = rings(2, 1, 2, 0);
        if let Record::Ringing { offer, .. } = &mut odd {
            *offer = Sdp::from_json(r#"{"where":"192.0.2.7"}"#).unwrap();
        }
        write(&store, &[odd], 1).await;

        assert_eq!(database.ask("SELECT COUNT(*) FROM wo_ice_candidates").await.unwrap(), ["0"]);
        let everything = database.everything().await.unwrap().join("\n");
        assert!(!everything.contains("192.0.2.7"), "{everything}");
        assert!(everything.matches("a=mid:0").count() == 2, "{everything}");
        assert_eq!(database.ask("SELECT sdp_offer FROM wo_calls WHERE id = 2").await.unwrap(), ["NULL"]);
        store.close().await;
    }
}

#[tokio::test]
async fn without_a_database_everything_is_forgotten_at_once() {
    let store = Store::memory();
    let writer = Writer::start(&store);
    whole_call(1, 1, 2, 0).into_iter().for_each(|record| writer.push(record));

    writer.flush(PATIENCE).await.unwrap();
    writer.close(PATIENCE).await.unwrap();

    assert_eq!(writer.counts(), calls_server::db::WriterCounts::default());
    assert_eq!(store.open_calls().await.unwrap().calls, []);
}
