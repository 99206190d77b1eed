//! A private Redis for the demo and the tests: on the loopback address, with a password of its own, and keeping nothing on disk.
//! Where the program is not installed and cannot be, there is none; everything works without it.

use std::{
    fs::{self, DirBuilder, File},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use crate::postgres::ensure_package;
use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// The program, sought on `PATH`.
const PROGRAM: &str = "redis-server";
/// Longest wait for the server to answer.
const START_MAX: Duration = Duration::from_secs(10);

/// A running Redis of our own. A drop ends it.
#[derive(Debug)]
pub struct RedisServer {
    folder: PathBuf,
    port: u16,
    password: String,
    settings: String,
    child: Child,
}

impl RedisServer {
    /// Starts a server whose files lie in `folder`, and installs it before where it is missing and can be; else there is none, and
    /// the reason is told.
    pub async fn start(folder: &Path) -> anyhow::Result<Option<Self>> {
        if !is_installed() {
            let why = "replicas share what they have read through it";
            let installing = tokio::task::spawn_blocking(move || ensure_package("redis-server", why));
            if let Err(error) = installing.await? {
                eprintln!("{error:#}");
            }
        }
        Self::start_with(folder, "").await
    }

    /// The same with more settings, as lines of its configuration.
    pub async fn start_with(folder: &Path, settings: &str) -> anyhow::Result<Option<Self>> {
        if !is_installed() {
            return Ok(None);
        }
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        end_left_behind(&folder);
        let password = format!("{:032x}", rand::random::<u128>());
        for attempts_left in (0..5).rev() {
            let port = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port();
            match launch(&folder, port, &password, settings).await {
                Ok(child) => {
                    return Ok(Some(Self { folder, port, password, settings: settings.to_owned(), child }));
                }
                // Somebody may have taken the port in between.
                Err(error) if attempts_left == 0 => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Its address, with the password.
    pub fn url(&self) -> String {
        format!("redis://default:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process; none after [`RedisServer::kill`].
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the Redis does not end")
    }

    /// Starts it again where it was, empty.
    pub async fn revive(&mut self) -> anyhow::Result<()> {
        let mut attempts_left = 50;
        loop {
            match launch(&self.folder, self.port, &self.password, &self.settings).await {
                Ok(child) => {
                    self.child = child;
                    return Ok(());
                }
                Err(error) if attempts_left == 0 => return Err(error),
                // A connection of somebody else may have the port for a moment.
                Err(_) => attempts_left -= 1,
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends it. There is nothing to save.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.kill().await?;
        // Absent when somebody cleaned up; then there is nothing to end either.
        let _ = fs::remove_file(self.folder.join("pid"));
        Ok(())
    }
}

/// Whether there is a program to start.
pub fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file())
}

async fn launch(folder: &Path, port: u16, password: &str, settings: &str) -> anyhow::Result<Child> {
    let (file_name, log) = (folder.join("redis.conf"), folder.join("server.log"));
    // In a file and not on the command line, which everybody on the machine can read.
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&file_name)?;
    let text = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\ndaemonize no\n\
         maxmemory 256mb\nmaxmemory-policy allkeys-lru\ndir \"{}\"\nlogfile \"{}\"\n{settings}\n",
        folder.display(),
        log.display()
    );
    file.write_all(text.as_bytes())?;
    let mut child = Command::new(PROGRAM)
        .arg(&file_name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        // Ctrl-C is for us: the gateway ends first.
        .process_group(0)
        .spawn()
        .with_context(|| format!("{PROGRAM} cannot be run"))?;
    if let Some(pid) = child.id() {
        fs::write(folder.join("pid"), pid.to_string())?;
    }
    let deadline = Instant::now() + START_MAX;
    while !answers(port, password).await {
        if child.try_wait()?.is_some() || Instant::now() > deadline {
            bail!("Redis does not start; see {}", log.display());
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(child)
}

async fn answers(port: u16, password: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(format!("AUTH {password}\r\nPING\r\n").as_bytes()).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        (&answer == b"+OK\r\n+PONG\r\n").then_some(())
    };
    timeout(Duration::from_secs(1), ask).await.ok().flatten().is_some()
}

/// Ends the server that a killed process left in this folder. A number in a file proves nothing: the process must work there.
fn end_left_behind(folder: &Path) {
    let Some(pid) = fs::read_to_string(folder.join("pid")).ok().and_then(|text| text.trim().parse::<u32>().ok()) else {
        return;
    };
    let is_ours = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|place| place == folder)
        && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == PROGRAM);
    if is_ours {
        let _ = std::process::Command::new("sh").args(["-c", "kill -9 \"$1\"", "sh", &pid.to_string()]).output();
    }
}
