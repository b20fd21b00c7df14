//! A PostgreSQL server for tests: on a free port of this machine, in a temporary folder, gone with the value.
//!
//! It keeps nothing over a loss of power, which makes it fast. Everybody may connect who knows the password of its address.

mod install;

use std::{
    fs::{self, File, Permissions},
    net::SocketAddr,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::install::Install;

/// Set where its absence is a failure, as in `make test-external`.
const REQUIRED: &str = "REQUIRE_POSTGRES";
const USER: &str = "kafkloud";
/// With characters that an address has to escape.
const PASSWORD: &str = "not/so:secret@all";
const PASSWORD_IN_URL: &str = "not%2Fso%3Asecret%40all";
const START_TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

pub struct ScratchPostgres {
    install: Install,
    folder: TempDir,
    address: SocketAddr,
    server: Child,
}

impl ScratchPostgres {
    /// `None`, and a word about it, where PostgreSQL is not installed: nobody needs it to use Kafkloud on one machine.
    pub fn start() -> anyhow::Result<Option<Self>> {
        Self::start_with(None)
    }

    /// The same, with this certificate and its key (PEM); it refuses connections without TLS.
    pub fn start_with_tls(certificate: &str, key: &str) -> anyhow::Result<Option<Self>> {
        Self::start_with(Some((certificate, key)))
    }

    fn start_with(tls: Option<(&str, &str)>) -> anyhow::Result<Option<Self>> {
        let Some(install) = Install::find()? else {
            let missing = "PostgreSQL is not installed: make/setup.sh external installs it";
            ensure!(std::env::var_os(REQUIRED).is_none(), missing);
            say(&format!("not run: {missing}"));
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        install.give(folder.path())?;
        make_cluster(&install, folder.path())?;
        if let Some((certificate, key)) = tls {
            require_tls(&install, folder.path(), certificate, key)?;
        }
        let address = free_ports::address();
        let server = run(&install, folder.path(), address)?;
        let started = Self {
            install,
            folder,
            address,
            server,
        };
        started.wait_until_ready()?;
        Ok(Some(started))
    }

    /// The address of a new, empty database, with the password.
    pub fn database(&self, name: &str) -> anyhow::Result<String> {
        let mut command = self.client("createdb");
        succeed(command.arg(name))?;
        let address = self.address;
        Ok(format!(
            "postgres://{USER}:{PASSWORD_IN_URL}@{address}/{name}"
        ))
    }

    /// Runs a statement in a database and returns what it selects, a row in each line.
    pub fn query(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut command = self.client("psql");
        command.args(["--no-psqlrc", "--tuples-only", "--no-align"]);
        succeed(command.args(["--dbname", database, "--command", sql]))
    }

    /// Ends it at once, as a crash does.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        let mut command = self.install.command("pg_ctl", self.folder.path());
        succeed(command.args(["stop", "--mode=immediate", "--pgdata=data"]))?;
        self.server.wait()?;
        Ok(())
    }

    /// Starts it again after [`Self::crash`], at the same address.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.server = run(&self.install, self.folder.path(), self.address)?;
        self.wait_until_ready()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it waits for a condition, with a deadline, and tests start it before anything else"
    )]
    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            let mut command = self.client("pg_isready");
            if command.stdout(Stdio::null()).status()?.success() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.path().join("log"));
        bail!("PostgreSQL does not start: {}", log.unwrap_or_default())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = self.install.command(program, self.folder.path());
        let (host, port) = (self.address.ip(), self.address.port());
        command.env("PGPASSWORD", PASSWORD).args([
            format!("--host={host}"),
            format!("--port={port}"),
            format!("--username={USER}"),
        ]);
        command
    }
}

impl Drop for ScratchPostgres {
    fn drop(&mut self) {
        // Nobody to tell; it may have been ended before.
        let _ = self.crash();
    }
}

fn make_cluster(install: &Install, folder: &Path) -> anyhow::Result<()> {
    let password = folder.join("password");
    fs::write(&password, PASSWORD)?;
    install.give(&password)?;
    let mut command = install.command("initdb", folder);
    command.args([
        "--pgdata=data",
        "--auth=scram-sha-256",
        "--pwfile=password",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    succeed(command.arg(format!("--username={USER}")))?;
    Ok(())
}

fn require_tls(
    install: &Install,
    folder: &Path,
    certificate: &str,
    key: &str,
) -> anyhow::Result<()> {
    let data = folder.join("data");
    for (name, text) in [("server.crt", certificate), ("server.key", key)] {
        let file = data.join(name);
        fs::write(&file, text)?;
        // It refuses a key that others may read.
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        install.give(&file)?;
    }
    fs::write(
        data.join("pg_hba.conf"),
        "hostssl all all all scram-sha-256\n",
    )?;
    let mut settings = fs::read_to_string(data.join("postgresql.conf"))?;
    settings.push_str("\nssl = on\n");
    fs::write(data.join("postgresql.conf"), settings)?;
    Ok(())
}

fn run(install: &Install, folder: &Path, address: SocketAddr) -> anyhow::Result<Child> {
    let log = File::create(folder.join("log"))?;
    let settings = [
        format!("listen_addresses={}", address.ip()),
        format!("port={}", address.port()),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
    ];
    let mut command = install.command("postgres", folder);
    command.args(["-D", "data"]);
    for setting in settings {
        command.args(["-c", &setting]);
    }
    command
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start PostgreSQL")
}

fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where whoever runs the tests sees it.
#[expect(clippy::print_stderr, reason = "the tests' own output is what is read")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Makes `path` belong to the user as whom the server runs.
fn give(path: &Path, user: u32, group: u32) -> anyhow::Result<()> {
    chown(path, Some(user), Some(group)).with_context(|| path.display().to_string())
}
