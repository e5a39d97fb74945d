//! The handshake, with the program `openssl` on the other side of a UDP socket.
use calls_rtp::handshake::{Fingerprint, Handshake, HandshakeError, Identity, Role};
use calls_rtp::protect::{Profile, Side, SrtpKeys};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static WE: LazyLock<Identity> = LazyLock::new(|| Identity::generate().unwrap());

/// Two programs on one machine need less than a second.
const LIMIT: Duration = Duration::from_secs(60);

/// As `openssl` names it.
fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Aes128Gcm => "SRTP_AEAD_AES_128_GCM",
        Profile::Aes256Gcm => "SRTP_AEAD_AES_256_GCM",
        Profile::Aes128CmSha1_80 => "SRTP_AES128_CM_SHA1_80",
    }
}

fn openssl(arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).output().expect("the program openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A certificate that `openssl` made, in files that are only this test's.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make(test: &str, curve: &str) -> Self {
        let file = |kind| {
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}.{kind}", std::process::id()))
        };
        let made = Self { certificate: file("crt"), key: file("key") };
        let curve = format!("ec_paramgen_curve:{curve}");
        let (certificate, key) = (made.certificate.to_str().unwrap(), made.key.to_str().unwrap());
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            &curve,
            "-nodes",
            "-subj",
            "/CN=peer",
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            certificate,
        ]);
        made
    }

    /// What `openssl` itself says of it: `sha256 Fingerprint=4A:AD:..`.
    fn fingerprint(&self, hash: &str) -> Fingerprint {
        let file = self.certificate.to_str().unwrap();
        let output =
            openssl(&["x509", "-in", file, "-noout", "-fingerprint", &format!("-{}", hash.replace('-', ""))]);
        let text = String::from_utf8(output.stdout).unwrap();
        Fingerprint::parse(hash, text.trim().split_once('=').unwrap().1).unwrap()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        for file in [&self.certificate, &self.key] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// `openssl s_client` or `s_server`; it says goodbye when its input ends.
struct Peer {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// With a certificate and a profile, and told to say what it agreed on.
    fn start(certificate: &Certificate, profile: Profile, role: &[&str]) -> Self {
        let (file, key) = (certificate.certificate.to_str().unwrap(), certificate.key.to_str().unwrap());
        let len = profile.exported_len().to_string();
        let mut arguments = role.to_vec();
        arguments.extend(["-use_srtp", name(profile), "-cert", file, "-key", key]);
        arguments.extend(["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", &len]);
        Self::run(&arguments)
    }

    fn run(arguments: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command.args(arguments).arg("-dtls1_2");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program openssl");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What follows these words in what it prints.
    fn says(&mut self, words: &str) -> String {
        let mut found = self.lines.by_ref().map(Result::unwrap);
        let line = found.find_map(|line| line.trim().strip_prefix(words).map(str::to_owned));
        line.unwrap_or_else(|| panic!("openssl never said {words}"))
    }

    /// The keys that it has, as the side that it is.
    fn keys(&mut self, profile: Profile, side: Side) -> SrtpKeys {
        let digits = self.says("Keying material: ");
        let exported: Vec<u8> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        SrtpKeys::from_exported(profile, side, &exported).unwrap()
    }

    fn say_goodbye(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until it is gone.
    fn is_gone(&mut self) {
        // It may not end before somebody reads what it says.
        self.lines.by_ref().for_each(drop);
        self.child.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ours, with a socket.
struct Us {
    socket: UdpSocket,
    handshake: Handshake,
    peer: Option<SocketAddr>,
}

impl Us {
    fn new(role: Role, expected: Fingerprint) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let handshake = Handshake::new(Instant::now(), &WE, role, expected);
        Self { socket, handshake, peer: None }
    }

    /// Until this is so.
    fn until<T>(&mut self, mut is_so: impl FnMut(&mut Handshake) -> Option<T>) -> Result<T, HandshakeError> {
        let end = Instant::now() + LIMIT;
        let mut buffer = [0; 2048];
        loop {
            if let Some(so) = is_so(&mut self.handshake) {
                return Ok(so);
            }
            let now = Instant::now();
            assert!(now < end, "openssl and we never came to an end");
            let due = self.handshake.deadline().unwrap_or(end).min(end);
            let wait = due.saturating_duration_since(now).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait)).unwrap();
            let datagram = self.socket.recv_from(&mut buffer).ok();
            if let Some((_, from)) = datagram {
                self.peer = Some(from);
            }
            let mut out = |datagram: &[u8]| {
                self.socket.send_to(datagram, self.peer.unwrap()).unwrap();
            };
            match datagram {
                Some((len, _)) => self.handshake.receive(Instant::now(), &buffer[..len], &mut out)?,
                None => self.handshake.wake(Instant::now(), &mut out)?,
            }
        }
    }

    fn say_goodbye(&mut self) {
        let mut out = |datagram: &[u8]| {
            self.socket.send_to(datagram, self.peer.unwrap()).unwrap();
        };
        self.handshake.close(Instant::now(), &mut out);
    }
}

/// What each seals the other opens.
fn fit(ours: &SrtpKeys, theirs: &SrtpKeys) {
    assert_eq!(ours.profile(), theirs.profile());
    for (from, to) in [(ours, theirs), (theirs, ours)] {
        let mut packet = vec![0x80, 200, 0, 1, 0, 0, 0, 9];
        packet.resize(8 + from.profile().rtcp_overhead(), 0);
        from.sealer().seal_rtcp(&mut packet, 8).unwrap();
        assert_eq!(to.opener().open_rtcp(&mut packet), Ok(8));
    }
}

/// We wait for a client of this profile, and hear its goodbye.
fn serve(test: &str, profile: Profile, curve: &str, hash: &str) {
    let certificate = Certificate::make(test, curve);
    let mut us = Us::new(Role::Passive, certificate.fingerprint(hash));
    let address = us.socket.local_addr().unwrap().to_string();
    let mut peer = Peer::start(&certificate, profile, &["s_client", "-connect", &address]);

    let ours = us.until(Handshake::keys).unwrap();

    fit(&ours, &peer.keys(profile, Side::Client));
    peer.say_goodbye();
    us.until(|handshake| handshake.is_closed().then_some(())).unwrap();
}

/// We go to a server of this profile, and it hears our goodbye.
fn connect(test: &str, profile: Profile) {
    let certificate = Certificate::make(test, "prime256v1");
    let serve = ["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-Verify", "1"];
    let mut peer = Peer::start(&certificate, profile, &serve);
    let mut us = Us::new(Role::Active, certificate.fingerprint("sha-256"));
    us.peer = Some(peer.says("ACCEPT ").parse().unwrap());

    let ours = us.until(Handshake::keys).unwrap();

    fit(&ours, &peer.keys(profile, Side::Server));
    us.say_goodbye();
    peer.is_gone();
}

#[test]
fn a_client_agrees_with_us_on_gcm() {
    serve("client-gcm", Profile::Aes128Gcm, "prime256v1", "sha-256");
}

#[test]
fn a_client_agrees_with_us_on_gcm_with_longer_keys() {
    serve("client-gcm-256", Profile::Aes256Gcm, "prime256v1", "sha-384");
}

#[test]
fn a_client_agrees_with_us_on_counter_mode() {
    serve("client-cm", Profile::Aes128CmSha1_80, "prime256v1", "sha-512");
}

#[test]
fn a_client_with_a_longer_curve_is_believed() {
    serve("client-p384", Profile::Aes128Gcm, "secp384r1", "sha-256");
}

#[test]
fn a_server_agrees_with_us_on_gcm() {
    connect("server-gcm", Profile::Aes128Gcm);
}

#[test]
fn a_server_agrees_with_us_on_gcm_with_longer_keys() {
    connect("server-gcm-256", Profile::Aes256Gcm);
}

#[test]
fn a_server_agrees_with_us_on_counter_mode() {
    connect("server-cm", Profile::Aes128CmSha1_80);
}

#[test]
fn a_client_with_another_certificate_gets_nothing() {
    let certificate = Certificate::make("client-stranger", "prime256v1");
    let mut us = Us::new(Role::Passive, WE.fingerprint().clone());
    let address = us.socket.local_addr().unwrap().to_string();
    let _peer = Peer::start(&certificate, Profile::Aes128Gcm, &["s_client", "-connect", &address]);

    assert_eq!(us.until(Handshake::keys).unwrap_err(), HandshakeError::WrongFingerprint);
}

#[test]
fn a_client_without_a_certificate_gets_nothing() {
    let mut us = Us::new(Role::Passive, WE.fingerprint().clone());
    let address = us.socket.local_addr().unwrap().to_string();
    let _peer = Peer::run(&["s_client", "-connect", &address, "-use_srtp", name(Profile::Aes128Gcm)]);

    assert!(matches!(us.until(Handshake::keys), Err(HandshakeError::Failed(_))));
}

#[test]
fn a_client_that_protects_no_media_gets_nothing() {
    let certificate = Certificate::make("client-without-srtp", "prime256v1");
    let mut us = Us::new(Role::Passive, certificate.fingerprint("sha-256"));
    let address = us.socket.local_addr().unwrap().to_string();
    let (file, key) = (certificate.certificate.to_str().unwrap(), certificate.key.to_str().unwrap());
    let _peer = Peer::run(&["s_client", "-connect", &address, "-cert", file, "-key", key]);

    assert_eq!(us.until(Handshake::keys).unwrap_err(), HandshakeError::NoProfile);
}
