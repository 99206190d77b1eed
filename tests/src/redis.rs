//! A Redis for one test: a prefix of its own on the server of all tests, or a server of its own that may be maltreated.

use std::path::PathBuf;

use demo::redis::RedisServer;
use gateway::config::Environment;
use redis::{Client, Cmd, FromRedisValue, aio::MultiplexedConnection, cmd};

/// A Redis, and the prefix under which the test keeps everything.
pub struct TestRedis {
    url: String,
    prefix: String,
    is_cluster: bool,
    /// The server, where it is the test's own.
    server: Option<(RedisServer, PathBuf)>,
}

impl TestRedis {
    /// A prefix on the server of all tests; none, with a word about it, when there is no server to be had.
    pub async fn shared() -> Option<Self> {
        match Environment::of_process().get("WEFT_TEST_REDIS_URL") {
            Some(url) => Some(Self { url, prefix: prefix(), is_cluster: false, server: None }),
            None => Self::own().await,
        }
    }

    /// A server of the test's own; none, with a word about it, when the program is not installed.
    pub async fn own() -> Option<Self> {
        Self::start("", false).await
    }

    /// A cluster of one node, which refuses whatever a cluster refuses.
    pub async fn cluster() -> Option<Self> {
        let redis = Self::start("cluster-enabled yes\ncluster-config-file nodes.conf", true).await?;
        redis.run::<()>(cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16_383)).await;
        while !redis.run::<String>(cmd("CLUSTER").arg("INFO")).await.contains("cluster_state:ok") {
            tokio::task::yield_now().await;
        }
        Some(redis)
    }

    async fn start(settings: &str, is_cluster: bool) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("weft-it-redis-{:016x}", rand::random::<u64>()));
        let server = RedisServer::start_with(&folder, settings).await.expect("a Redis for the test");
        if server.is_none() {
            eprintln!("skipped: redis-server is not installed");
        }
        let server = server?;
        Some(Self { url: server.url(), prefix: prefix(), is_cluster, server: Some((server, folder)) })
    }

    /// The configuration of a gateway that uses it.
    pub fn settings(&self) -> Vec<(String, String)> {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            setting("REDIS_URL", &self.url),
            setting("WEFT_REDIS__PREFIX", &self.prefix),
            setting("WEFT_REDIS__CLUSTER", &self.is_cluster.to_string()),
        ]
    }

    /// Runs a command past the gateway.
    pub async fn run<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.connection().await).await.expect("Redis does it")
    }

    /// The keys of this test that hold `part`.
    pub async fn keys(&self, part: &str) -> Vec<String> {
        self.run(cmd("KEYS").arg(format!("{}*{part}*", self.prefix))).await
    }

    async fn connection(&self) -> MultiplexedConnection {
        let client = Client::open(self.url.as_str()).expect("an address of Redis");
        client.get_multiplexed_async_connection().await.expect("Redis answers")
    }

    /// Ends the server as a crash would.
    pub async fn kill(&mut self) {
        self.server_mut().kill().await.expect("the server is killed");
    }

    /// Starts the server again, empty.
    pub async fn revive(&mut self) {
        self.server_mut().revive().await.expect("the server starts again");
    }

    /// Lets the server hang: connections stay, and nothing is answered.
    pub async fn hang(&mut self) {
        self.signal("STOP").await;
    }

    /// Lets a server that hangs go on.
    pub async fn go_on(&mut self) {
        self.signal("CONT").await;
    }

    async fn signal(&mut self, signal: &str) {
        let pid = self.server_mut().pid().expect("a running server").to_string();
        let script = format!("kill -{signal} \"$1\"");
        let status = tokio::process::Command::new("sh").args(["-c", &script, "sh", &pid]).status().await;
        assert!(status.is_ok_and(|status| status.success()), "the signal could not be sent");
    }

    fn server_mut(&mut self) -> &mut RedisServer {
        &mut self.server.as_mut().expect("a server of the test's own").0
    }

    /// Ends the server, or removes what the test kept.
    pub async fn stop(self) {
        match self.server {
            Some((server, folder)) => {
                server.stop().await.expect("the server ends");
                std::fs::remove_dir_all(folder).expect("its folder goes");
            }
            None => {
                for key in self.keys("").await {
                    self.run::<()>(cmd("DEL").arg(key)).await;
                }
            }
        }
    }
}

fn prefix() -> String {
    format!("test-{:016x}", rand::random::<u64>())
}
