//! A small TURN client over UDP that says the answers' codes: what coturn's own does not tell.
//!
//! Written apart from the server's codec, so that the two check each other.
use crate::users::User;
use md5::{Digest, Md5};
use ring::hmac;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

const BINDING: u16 = 0x0001;
const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;

/// The address that a server sees us at, if it answers in time.
pub(crate) fn seen_address(server: SocketAddr, within: Duration) -> Option<SocketAddr> {
    let socket = socket_towards(server);
    socket.set_read_timeout(Some(within)).unwrap();
    let request = Message::new(BINDING);
    socket.send(&request.finish()).ok()?;
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer).ok()?;
    Answer(buffer[..length].to_vec()).address(0x0020)
}

fn socket_towards(server: SocketAddr) -> UdpSocket {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let socket = UdpSocket::bind((any, 0)).unwrap();
    socket.connect(server).unwrap();
    socket
}

/// A client with a socket of its own, as one call of one device has.
pub(crate) struct Client {
    socket: UdpSocket,
    user: User,
    realm: Vec<u8>,
    nonce: Vec<u8>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr, user: &User) -> Self {
        let socket = socket_towards(server);
        socket.set_read_timeout(Some(ANSWER_WITHIN)).unwrap();
        Self { socket, user: user.clone(), realm: Vec::new(), nonce: Vec::new() }
    }

    /// Asks for a relay: its address, or the code of the refusal.
    pub(crate) fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let family = if self.socket.local_addr().unwrap().is_ipv4() { 1 } else { 2 };
        let answer = self
            .ask(ALLOCATE, |message| message.with(0x0019, &[17, 0, 0, 0]).with(0x0017, &[family, 0, 0, 0]))?;
        Ok(answer.address(0x0016).expect("a granted relay has an address"))
    }

    /// Prolongs the relay, or gives it back.
    pub(crate) fn refresh(&mut self, seconds: u32) -> Result<(), u16> {
        self.ask(REFRESH, |message| message.with(0x000d, &seconds.to_be_bytes())).map(drop)
    }

    /// Opens the relay for a peer.
    pub(crate) fn permit(&mut self, peer: IpAddr) -> Result<(), u16> {
        self.ask(CREATE_PERMISSION, |message| message.with_address(0x0012, SocketAddr::new(peer, 9)))
            .map(drop)
    }

    /// Gives a peer the channel 0x4000.
    pub(crate) fn bind(&mut self, peer: SocketAddr) -> Result<(), u16> {
        self.ask(CHANNEL_BIND, |message| message.with(0x000c, &[0x40, 0, 0, 0]).with_address(0x0012, peer))
            .map(drop)
    }

    /// Sends data over the channel.
    pub(crate) fn send(&self, data: &[u8]) {
        let mut packet = vec![0x40, 0];
        packet.extend((data.len() as u16).to_be_bytes());
        packet.extend(data);
        self.socket.send(&packet).unwrap();
    }

    /// Data of the channel, if any comes in time.
    pub(crate) fn receive(&self, within: Duration) -> Option<Vec<u8>> {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer);
        self.socket.set_read_timeout(Some(ANSWER_WITHIN)).unwrap();
        let length = length.ok()?;
        assert_eq!(buffer[..2], [0x40, 0], "not data of the channel");
        Some(buffer[4..length].to_vec())
    }

    /// Sends a request, signed once the server has told how, until it is granted or refused.
    fn ask(&mut self, method: u16, fill: impl Fn(Message) -> Message) -> Result<Answer, u16> {
        loop {
            let request = fill(Message::new(method));
            let is_signed = !self.nonce.is_empty();
            let request = if is_signed { self.signed(&request) } else { request };
            let answer = self.exchange(&request);
            let code = answer.code();
            match code {
                None => return Ok(answer),
                Some(401) if is_signed => return Err(401),
                Some(401 | 438) => {
                    self.realm = answer.get(0x0014).expect("told the realm");
                    self.nonce = answer.get(0x0015).expect("told a nonce");
                }
                Some(code) => return Err(code),
            }
        }
    }

    fn exchange(&self, request: &Message) -> Answer {
        self.socket.send(&request.finish()).unwrap();
        loop {
            let mut buffer = [0; 1500];
            let length = self.socket.recv(&mut buffer).expect("the server answers");
            // Anything else is data that came in between.
            if length >= 20 && buffer[8..20] == request.transaction {
                return Answer(buffer[..length].to_vec());
            }
        }
    }

    fn signed(&self, message: &Message) -> Message {
        let User { name, password } = &self.user;
        let realm = String::from_utf8(self.realm.clone()).unwrap();
        let key = Md5::digest(format!("{name}:{realm}:{password}"));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
        let message =
            message.with(0x0006, name.as_bytes()).with(0x0014, &self.realm).with(0x0015, &self.nonce);
        let to_sign = message.with(0x0008, &[0; 20]).finish();
        let signature = hmac::sign(&key, &to_sign[..to_sign.len() - 24]);
        message.with(0x0008, signature.as_ref())
    }
}

/// A request in the making.
struct Message {
    method: u16,
    transaction: [u8; 12],
    attributes: Vec<u8>,
}

impl Message {
    fn new(method: u16) -> Self {
        let mut transaction = [0; 12];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut transaction).unwrap();
        Self { method, transaction, attributes: Vec::new() }
    }

    fn with(&self, number: u16, value: &[u8]) -> Self {
        let mut attributes = self.attributes.clone();
        attributes.extend(number.to_be_bytes());
        attributes.extend((value.len() as u16).to_be_bytes());
        attributes.extend(value);
        attributes.resize(attributes.len().next_multiple_of(4), 0);
        Self { attributes, ..*self }
    }

    fn with_address(&self, number: u16, address: SocketAddr) -> Self {
        let (family, ip) = match address.ip() {
            IpAddr::V4(ip) => (1, ip.octets().to_vec()),
            IpAddr::V6(ip) => (2, ip.octets().to_vec()),
        };
        let pad = COOKIE.iter().chain(&self.transaction);
        let mut value = vec![0, family];
        value.extend((address.port() ^ 0x2112).to_be_bytes());
        value.extend(ip.iter().zip(pad).map(|(byte, pad)| byte ^ pad));
        self.with(number, &value)
    }

    fn finish(&self) -> Vec<u8> {
        // The methods used here are the same number on the wire.
        let mut bytes = self.method.to_be_bytes().to_vec();
        bytes.extend((self.attributes.len() as u16).to_be_bytes());
        bytes.extend(COOKIE);
        bytes.extend(self.transaction);
        bytes.extend(&self.attributes);
        bytes
    }
}

/// What came back.
struct Answer(Vec<u8>);

impl Answer {
    fn get(&self, number: u16) -> Option<Vec<u8>> {
        let mut rest = &self.0[20..];
        while let [a, b, c, d, tail @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*c, *d]));
            if u16::from_be_bytes([*a, *b]) == number {
                return Some(tail[..length].to_vec());
            }
            rest = &tail[length.next_multiple_of(4)..];
        }
        None
    }

    /// The code of a refusal.
    fn code(&self) -> Option<u16> {
        let code = self.get(0x0009)?;
        Some(u16::from(code[2]) * 100 + u16::from(code[3]))
    }

    fn address(&self, number: u16) -> Option<SocketAddr> {
        let value = self.get(number)?;
        let port = u16::from_be_bytes([value[2], value[3]]) ^ 0x2112;
        let ip: Vec<u8> = value[4..].iter().zip(&self.0[4..20]).map(|(byte, pad)| byte ^ pad).collect();
        let ip = match ip.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(ip).unwrap()),
            _ => IpAddr::from(<[u8; 16]>::try_from(ip).unwrap()),
        };
        Some(SocketAddr::new(ip, port))
    }
}
