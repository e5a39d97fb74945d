//! coturn and its clients as processes, ended by their own id.
use crate::users::{SECRET, User};
use calls_tests::coturn::{CoturnFiles, CoturnPlan, READY};
use std::{
    io::{BufRead, BufReader},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    process::{Child, Command, Output, Stdio},
    sync::{
        atomic::{AtomicU16, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// Long enough for a loaded machine, short enough to say what hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// So many ports in a row that nobody has, below those that the system gives out by itself.
pub(crate) fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests of other processes begin elsewhere; who meets anyway moves on to the next free ones.
    let begin = (std::process::id() % 600) as u16 * 20;
    for _ in 0..1000 {
        let first = 20_000 + (begin + NEXT.fetch_add(count, Ordering::Relaxed)) % 12_000;
        let is_free = |port: u16| {
            let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok()
        };
        if first + count < 32_768 && (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no {count} free ports in a row between 20000 and 32767");
}

/// A program of the coturn package.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

fn start(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error| {
        let name = command.get_program().to_string_lossy().into_owned();
        panic!("`{name}` does not run ({error}); `cargo xtask setup` installs it")
    })
}

/// Whether relays may reach peers on loopback, where the tests' own peers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peers {
    AsShipped,
    LoopbackToo,
}

/// A running coturn.
pub(crate) struct Coturn {
    process: Child,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    /// What it said until it was ready.
    pub(crate) said: String,
    files: CoturnFiles,
}

impl Coturn {
    /// Starts one with the shipped configuration, in which only the secret, ports, addresses and files are others.
    pub(crate) fn start(peers: Peers, listen: &[IpAddr]) -> Self {
        let port = free_ports(2);
        let relay_ports = free_ports(60);
        let files = CoturnFiles::write(&CoturnPlan {
            port,
            tls_port: port + 1,
            relay_ports: relay_ports..=relay_ports + 59,
            secret: SECRET,
            listen,
            loopback_too: peers == Peers::LoopbackToo,
        });
        let mut command = files.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = start(&mut command);
        let said = said_until(&mut process, READY);
        let coturn = Self { process, port, tls_port: port + 1, said, files };
        coturn.wait_until_it_answers(listen[0]);
        coturn
    }

    /// The file by which its certificate is trusted.
    pub(crate) fn certificate(&self) -> String {
        self.files.certificate()
    }

    fn wait_until_it_answers(&self, ip: IpAddr) {
        let deadline = Instant::now() + PATIENCE;
        while crate::client::seen_address(SocketAddr::new(ip, self.port), Duration::from_millis(50)).is_none()
        {
            assert!(Instant::now() < deadline, "coturn does not answer; it said:\n{}", self.said);
        }
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        // Already ended, which is what is wanted.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// What a process says on its output until a line with these words. The rest is read and dropped, so that it never
/// waits for a reader.
fn said_until(process: &mut Child, words: &'static str) -> String {
    let output = BufReader::new(process.stdout.take().expect("its output was asked for"));
    let (told, ready) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Some(String::new());
        for line in output.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(text) = &mut said {
                text.push_str(&line);
                text.push('\n');
            }
            if line.contains(words) {
                // Nobody waits any more after the time was up.
                said.take().map(|said| told.send(said).is_ok());
            }
        }
    });
    ready.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the program never said `{words}`"))
}

/// What coturn's test client reports.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) sent: u32,
    pub(crate) received: u32,
    pub(crate) text: String,
}

impl Report {
    #[track_caller]
    pub(crate) fn assert_all_came_back(&self) {
        assert!(self.sent > 0 && self.sent == self.received, "{}", self.text);
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, words: &str) {
        assert!(self.received == 0 && self.text.contains(words), "{}", self.text);
    }
}

/// Runs `turnutils_uclient` for a user against a server on loopback.
pub(crate) fn uclient(user: &User, port: u16, more: &[&str]) -> Report {
    let mut command = program("turnutils_uclient");
    command
        .args(["-c", "-u", &user.name, "-w", &user.password, "-p", &port.to_string()])
        .args(more)
        .arg("127.0.0.1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let text = text_of(&start(&mut command).wait_with_output().unwrap());
    let last = |key: &str| {
        let after = text.rsplit(key).next().filter(|_| text.contains(key)).unwrap_or("0");
        after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("0").parse().unwrap_or(0)
    };
    Report { sent: last("tot_send_msgs="), received: last("tot_recv_msgs="), text }
}

/// Runs `turnutils_stunclient` against a server on loopback.
pub(crate) fn stunclient(port: u16) -> String {
    let mut command = program("turnutils_stunclient");
    command.args(["-p", &port.to_string(), "127.0.0.1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    text_of(&start(&mut command).wait_with_output().unwrap())
}

fn text_of(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

/// A peer that sends everything back.
pub(crate) fn echo() -> u16 {
    let port = free_ports(1);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    // Lives as long as the test's process: it holds nothing but its port.
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            // Lost like any packet can be.
            let _lost = socket.send_to(&buffer[..length], from);
        }
    });
    port
}
