//! Reads registered locations: web addresses on configured hosts and files under configured folders, and nothing else.
//!
//! A registered address is a caller's word. Its host must be on the list, what the host resolves to is checked and then pinned
//! for the call, redirects are not followed, and no link inside the answer is ever fetched.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, redirect};
use url::{Host, Url};

/// How registered locations may be read.
#[derive(Debug, Clone)]
pub struct FetchLimits {
    /// Hosts, or `host:port`, that may be asked; a host alone means the scheme's own port.
    pub allowed_hosts: Vec<String>,
    /// Folders under which files may be read.
    pub allowed_roots: Vec<PathBuf>,
    /// Hosts may resolve to private and loopback addresses.
    pub allow_private_addresses: bool,
    /// Longest wait.
    pub timeout: Duration,
    /// Largest text, in bytes.
    pub text_bytes_max: usize,
}

/// Reads registered locations.
#[derive(Debug, Clone)]
pub struct LocationReader {
    limits: FetchLimits,
}

impl LocationReader {
    /// A reader within these limits.
    pub fn new(limits: FetchLimits) -> Self {
        Self { limits }
    }

    /// Whether a web address may be registered; the error says what to do.
    pub fn check_url(&self, target: &str) -> Result<Url, String> {
        let url = Url::parse(target).map_err(|_| "this is not an absolute web address".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https addresses are read".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address must not hold credentials".to_owned());
        }
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        let is_allowed = self.limits.allowed_hosts.iter().any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            allowed == with_port || (allowed == host && url.port().is_none())
        });
        if is_allowed { Ok(url) } else { Err(format!("{host} is not one of `catalog.allowed_hosts`")) }
    }

    /// Whether a file may be registered: its real path, if it lies under an allowed folder.
    pub fn check_file(&self, target: &str) -> Result<PathBuf, String> {
        // The same words whether it is missing or elsewhere: a caller must not explore the server's disk.
        let refused = || "there is no such file under `catalog.allowed_roots`".to_owned();
        let path = Path::new(target).canonicalize().map_err(|_| refused())?;
        let is_within = self
            .limits
            .allowed_roots
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .any(|root| path.starts_with(root));
        if is_within && path.is_file() { Ok(path) } else { Err(refused()) }
    }

    /// The text of a registered location of this type.
    pub async fn read(&self, location_type: &str, target: &str) -> Result<String, String> {
        let bytes = match location_type {
            "file" => {
                let path = self.check_file(target)?;
                let length = tokio::fs::metadata(&path).await.map_err(|error| error.to_string())?.len();
                if length > u64::try_from(self.limits.text_bytes_max).unwrap_or(u64::MAX) {
                    return Err(self.too_large());
                }
                tokio::fs::read(&path).await.map_err(|error| error.to_string())?
            }
            _ => self.fetch(self.check_url(target)?).await?,
        };
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    async fn fetch(&self, url: Url) -> Result<Vec<u8>, String> {
        let addresses = self.resolve(&url).await?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = Client::builder()
            .timeout(self.limits.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            // Pinned: a second look-up could answer something else than what was checked.
            .resolve_to_addrs(&host, &addresses)
            .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        let describe = |error: reqwest::Error| format!("it cannot be read: {}", error.without_url());
        let mut response = client.get(url).send().await.map_err(describe)?;
        if !response.status().is_success() {
            return Err(format!("the server answered {}", response.status()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(describe)? {
            if text.len() + chunk.len() > self.limits.text_bytes_max {
                return Err(self.too_large());
            }
            text.extend_from_slice(&chunk);
        }
        Ok(text)
    }

    /// The addresses behind a host; an error when any of them may not be asked.
    async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![(IpAddr::V4(address), port).into()],
            Some(Host::Ipv6(address)) => vec![(IpAddr::V6(address), port).into()],
            Some(Host::Domain(name)) => {
                let looked_up = tokio::time::timeout(self.limits.timeout, tokio::net::lookup_host((name, port))).await;
                let found = looked_up.map_err(|_| "its host was not resolved in time".to_owned())?;
                found.map_err(|_| "its host cannot be resolved".to_owned())?.collect()
            }
            None => Vec::new(),
        };
        if addresses.is_empty() {
            return Err("its host has no address".to_owned());
        }
        let is_refused = |address: &SocketAddr| {
            is_never_allowed(address.ip()) || (!self.limits.allow_private_addresses && !is_public(address.ip()))
        };
        if addresses.iter().any(is_refused) {
            return Err("its host resolves to an address that may not be asked".to_owned());
        }
        Ok(addresses)
    }

    fn too_large(&self) -> String {
        format!("it is larger than {} bytes", self.limits.text_bytes_max)
    }
}

/// Link-local addresses hold the metadata services of clouds: they are refused even where private ones are allowed.
fn is_never_allowed(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast(),
        // fd00:ec2::254 is the metadata service of one cloud.
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.segments().starts_with(&[0xfd00, 0xec2])
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_benchmark = a == 198 && (18..20).contains(&b);
            let is_reserved = a == 0 || a >= 240 || v4.octets().starts_with(&[192, 0, 0]);
            !(v4.is_private() || v4.is_loopback() || v4.is_documentation() || is_shared || is_benchmark || is_reserved)
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let is_translated = first == 0x64 && second == 0xff9b;
            let is_tunnelled = first == 0x2002 || (first == 0x2001 && second == 0);
            !(v6.is_loopback() || v6.is_unique_local() || is_translated || is_tunnelled || first == 0x100)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(hosts: &[&str]) -> LocationReader {
        LocationReader::new(FetchLimits {
            allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            allowed_roots: Vec::new(),
            allow_private_addresses: false,
            timeout: Duration::from_secs(1),
            text_bytes_max: 1024,
        })
    }

    #[test]
    fn only_listed_hosts_may_be_registered() {
        let reader = reader(&["git.example.com", "raw.example.com:8443"]);
        for target in ["https://git.example.com/a.yaml", "https://GIT.example.com/a", "http://raw.example.com:8443/x"] {
            assert!(reader.check_url(target).is_ok(), "{target} was refused");
        }
        for target in [
            "https://git.example.com.evil.test/a",
            "https://evil.test/git.example.com",
            "https://git.example.com@evil.test/a",
            "https://user:pw@git.example.com/a",
            "https://git.example.com:8443/a",
            "https://raw.example.com/x",
            "ftp://git.example.com/a",
            "file:///etc/passwd",
            "git.example.com/a",
            "",
        ] {
            assert!(reader.check_url(target).is_err(), "{target} was accepted");
        }
    }

    #[tokio::test]
    async fn addresses_inside_the_network_are_never_asked() {
        for host in [
            "127.0.0.1",
            "[::1]",
            "169.254.169.254",
            "10.0.0.1",
            "[::ffff:127.0.0.1]",
            "[fd00:ec2::254]",
            "0.0.0.0",
            "localhost",
        ] {
            let bare = host.trim_matches(['[', ']']);
            let reader = reader(&[host, bare]);
            let error = reader.read("url", &format!("http://{host}/x.yaml")).await.unwrap_err();
            assert!(error.contains("may not be asked") || error.contains("not one of"), "{host}: {error}");
        }
    }

    #[test]
    fn files_are_read_only_under_the_allowed_folders() {
        let error = reader(&[]).check_file("/etc/passwd").unwrap_err();
        assert!(error.contains("no such file"), "{error}");
    }
}
