//! coturn with the configuration that operators get: the files of one, for tests to start it where they like.
use crate::folder::Folder;
use std::{
    fs,
    net::IpAddr,
    ops::RangeInclusive,
    path::Path,
    process::{Command, Stdio},
};

/// What it says last before it serves.
pub const READY: &str = "Total General servers";

/// What an operator would change in the shipped configuration.
#[derive(Debug, Clone)]
pub struct CoturnPlan<'a> {
    /// STUN and TURN by UDP and TCP.
    pub port: u16,
    /// TURN by TLS.
    pub tls_port: u16,
    /// What it relays on.
    pub relay_ports: RangeInclusive<u16>,
    /// Shared with the server.
    pub secret: &'a str,
    /// Where it listens and relays; its certificate is for the same.
    pub listen: &'a [IpAddr],
    /// Whether relays may reach peers on loopback, where a test's own peers are.
    pub loopback_too: bool,
}

/// A folder with its configuration and certificate.
#[derive(Debug)]
pub struct CoturnFiles(Folder);

impl CoturnFiles {
    /// The shipped configuration, with nothing changed but what the plan says.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn write(plan: &CoturnPlan<'_>) -> Self {
        let files = Self(Folder::new());
        files.make_certificate(plan.listen);
        let mut lines: Vec<String> =
            shipped_configuration().lines().map(|line| files.changed(plan, line)).collect();
        for ip in plan.listen {
            lines.extend([format!("listening-ip={ip}"), format!("relay-ip={ip}")]);
        }
        lines.push(format!("pidfile={}", files.file("turn.pid")));
        lines.push(format!("userdb={}", files.file("turn.db")));
        if plan.loopback_too {
            lines.push("allow-loopback-peers".into());
        }
        fs::write(files.file("turnserver.conf"), lines.join("\n")).expect("a file in the folder of a test");
        files
    }

    /// The program, with these files.
    pub fn command(&self) -> Command {
        let mut command = Command::new("turnserver");
        command.args(["-c", &self.file("turnserver.conf")]);
        command
    }

    /// The file by which its certificate is trusted.
    pub fn certificate(&self) -> String {
        self.file("cert.pem")
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn changed(&self, plan: &CoturnPlan<'_>, line: &str) -> String {
        match line.split_once('=').map_or(line, |(key, _)| key) {
            "listening-port" => format!("listening-port={}", plan.port),
            "tls-listening-port" => format!("tls-listening-port={}", plan.tls_port),
            "min-port" => format!("min-port={}", plan.relay_ports.start()),
            "max-port" => format!("max-port={}", plan.relay_ports.end()),
            "static-auth-secret" => format!("static-auth-secret={}", plan.secret),
            "cert" => format!("cert={}", self.certificate()),
            "pkey" => format!("pkey={}", self.file("key.pem")),
            "syslog" => "log-file=stdout".into(),
            "denied-peer-ip" if plan.loopback_too && line.contains("127.0.0.0") => String::new(),
            _ => line.to_owned(),
        }
    }

    /// One that is its own authority, and none for others: our own TLS takes no authority for a server.
    fn make_certificate(&self, addresses: &[IpAddr]) {
        let names: Vec<String> = addresses.iter().map(|ip| format!("IP:{ip}")).collect();
        let request = format!(
            "[req]\ndistinguished_name=name\nx509_extensions=own\nprompt=no\n[name]\nCN=localhost\n\
             [own]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName={}\n",
            names.join(",")
        );
        fs::write(self.file("request.conf"), request).expect("a file in the folder of a test");
        let mut command = Command::new("openssl");
        command
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-config", &self.file("request.conf")])
            .args(["-keyout", &self.file("key.pem"), "-out", &self.certificate()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().expect("`cargo xtask setup` installs openssl");
        assert!(status.success(), "openssl made no certificate");
    }
}

/// The configuration that is shipped.
///
/// # Panics
/// If the clone has none.
pub fn shipped_configuration() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/turnserver.conf");
    fs::read_to_string(path).expect("deploy/turnserver.conf is part of the project")
}
