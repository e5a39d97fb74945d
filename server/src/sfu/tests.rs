//! What strangers say to the port of a media server. `docs/threat-model.md` names these tests.
use super::*;
use crate::{
    calls::MediaSeat,
    stun::{Class, Message, Writer, attribute, method},
};
use calls_protocol::{Sdp, UserId};
use ring::hmac;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::{atomic::Ordering::Relaxed, mpsc::Receiver},
    time::Duration,
};

/// How something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(20);

const OFFER: &str = include_str!("sdp/tests/engine.sdp");

/// A media server of one thread, what it tells, and how it knows its one client.
struct Scene {
    sfu: Sfu,
    ufrag: String,
    pwd: String,
    news: Receiver<MediaNews>,
}

impl Scene {
    fn start() -> Self {
        let (tell, news) = mpsc::channel();
        let settings = SfuSettings {
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            addresses: vec![Ipv4Addr::LOCALHOST.into()],
            tcp: true,
            workers: 1,
            slots: 25,
        };
        let sfu = Sfu::start(&settings, move |told| drop(tell.send(told))).unwrap();
        sfu.order(MediaOrder::Offer { seat: seat(), sdp: Sdp::object("offer", OFFER) });
        let MediaNews::Answer { sdp, .. } = news.recv_timeout(PATIENCE).unwrap() else { panic!("no answer") };
        let text = sdp.sdp().unwrap().into_owned();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.to_owned()
        };
        Self { sfu, ufrag: value("a=ice-ufrag:"), pwd: value("a=ice-pwd:"), news }
    }

    /// A check as the client would send it, if it had this name and password.
    fn check(&self, ufrag: &str, pwd: &str, number: u8) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd.as_bytes());
        Writer::new(Class::Request, method::BINDING, [number; 12])
            .with(attribute::USERNAME, format!("{ufrag}:them").as_bytes())
            .signed(&key)
            .with_fingerprint()
            .finish()
    }

    fn dropped(&self) -> u64 {
        self.sfu.counts().dropped.load(Relaxed)
    }
}

fn seat() -> MediaSeat {
    let room = RoomName::new("room").unwrap();
    MediaSeat { room, user: UserId::new(1).unwrap(), connection: 1 }
}

fn stranger() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// What comes first says what was answered: the port answers in the order in which it is spoken to.
fn first_answer(socket: &UdpSocket) -> [u8; 12] {
    let mut bytes = [0; 1_500];
    let len = socket.recv(&mut bytes).unwrap();
    Message::parse(&bytes[..len]).unwrap().transaction
}

#[tokio::test]
async fn whoever_is_nobody_gets_no_answer() {
    let scene = Scene::start();
    let socket = stranger();
    let to = scene.sfu.address();
    let mut said = 0;
    for first in 0..=255 {
        for len in [1, 12, 60, 1_200] {
            socket.send_to(&vec![first; len], to).unwrap();
            said += 1;
        }
    }
    // A check for nobody, one of the client's with a wrong password, one that is not signed.
    let unsigned = Writer::new(Class::Request, method::BINDING, [3; 12])
        .with(attribute::USERNAME, format!("{}:them", scene.ufrag).as_bytes())
        .with_fingerprint()
        .finish();
    for check in [scene.check("Abcdefgh", &scene.pwd, 1), scene.check(&scene.ufrag, "wrong", 2), unsigned] {
        socket.send_to(&check, to).unwrap();
        said += 1;
    }

    socket.send_to(&scene.check(&scene.ufrag, &scene.pwd, 9), to).unwrap();

    assert_eq!(first_answer(&socket), [9; 12]);
    assert_eq!(scene.dropped(), said);
    scene.sfu.stop();
}

#[tokio::test]
async fn nobody_speaks_for_a_client_from_where_the_client_was_not_seen() {
    let scene = Scene::start();
    let (client, stranger) = (stranger(), stranger());
    let to = scene.sfu.address();
    client.send_to(&scene.check(&scene.ufrag, &scene.pwd, 1), to).unwrap();
    assert_eq!(first_answer(&client), [1; 12]);
    let before = scene.dropped();

    // An alert of DTLS that would end the handshake, and media.
    stranger.send_to(&[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40], to).unwrap();
    stranger.send_to(&[0x80; 200], to).unwrap();
    client.send_to(&scene.check(&scene.ufrag, &scene.pwd, 2), to).unwrap();

    assert_eq!(first_answer(&client), [2; 12]);
    assert_eq!(scene.dropped(), before + 2);
    assert!(scene.news.try_recv().is_err(), "the client is still there");
    scene.sfu.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_that_says_nothing_of_use_is_closed() {
    let scene = Scene::start();
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 0], &[0, 4, 1, 2, 3, 4]] {
        let mut stream = TcpStream::connect(scene.sfu.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(nonsense).unwrap();

        // Closed, or broken off with what it did not read.
        let read = stream.read(&mut [0; 100]);

        let is_reset = |error: io::Error| error.kind() == io::ErrorKind::ConnectionReset;
        assert!(read.map_or_else(is_reset, |len| len == 0));
    }
    scene.sfu.stop();
}
