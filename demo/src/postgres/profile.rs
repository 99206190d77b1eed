//! The two ways to run the server, and the settings of each. They are given at every start, none is kept in the data.

use super::find::Server;

/// How safe the data are against a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// PostgreSQL's own defaults: what is committed stays.
    Durable,
    /// Nothing waits for the disk, and 200 connections instead of 100: for tests, whose data nobody misses.
    Fast,
}

impl Profile {
    /// The server's settings, as the options of `postgres`.
    pub(super) fn settings(self, server: &Server, port: u16) -> String {
        // No socket at all: everything comes over the loopback, and a killed run leaves no folder in /tmp behind.
        let mut settings = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=");
        settings.push_str(" -c shared_buffers=128MB -c timezone=UTC -c log_timezone=UTC");
        if server.has_library("pg_stat_statements") {
            settings.push_str(" -c shared_preload_libraries=pg_stat_statements");
        }
        if self == Profile::Fast {
            settings.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200");
        }
        settings
    }
}
