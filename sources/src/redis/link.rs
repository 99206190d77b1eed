//! `Link`: a connection to one server or to a cluster. Clones share the connection; commands on it do not wait for each other.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, RedisResult, ScriptInvocation, aio::MultiplexedConnection,
    cluster::ClusterClient, cluster_async::ClusterConnection,
};

#[derive(Clone)]
pub(super) enum Link {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects. The caller bounds the time.
    pub(super) async fn open(info: ConnectionInfo, is_cluster: bool, connect_timeout: Duration) -> RedisResult<Self> {
        if is_cluster {
            let client = ClusterClient::builder([info]).retries(1).connection_timeout(connect_timeout).build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        // The wait for answers is bounded by each command's caller.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(connect_timeout)).set_response_timeout(None);
        Ok(Self::Server(Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await?))
    }

    /// Runs one command.
    pub(super) async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Runs a script.
    pub(super) async fn invoke<T: FromRedisValue>(&mut self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        match self {
            Self::Server(connection) => script.invoke_async(connection).await,
            Self::Cluster(connection) => script.invoke_async(connection).await,
        }
    }
}
