//! Where upstreams may be: checked once in the configuration, and again whenever a name is resolved.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// What is wrong with an upstream's address; none when nothing is. Where a token goes along, the way must be encrypted.
pub fn address_problem(url: &Url) -> Option<&'static str> {
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Some("must be an http or https address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("must not hold a name or password: the token has a key of its own");
    }
    if url.scheme() == "http" && !is_loopback(url) {
        return Some("must be https: the token would travel in the clear; http is for loopback addresses only");
    }
    if leads_to_metadata(url) {
        return Some(
            "must not be where a cloud tells its metadata, nor any link-local, multicast or unspecified address",
        );
    }
    None
}

/// Written out, an address is not resolved, and so not looked at again.
fn leads_to_metadata(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_allowed(address.into(), true),
        Some(Host::Ipv6(address)) => !is_allowed(address.into(), true),
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "metadata.google.internal",
        None => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Resolves names, and leaves out addresses at which no upstream can be: a name that suddenly points at this machine or at the
/// cloud's metadata must not be handed the token. An address of this machine that is written out is its writer's word.
#[derive(Debug)]
pub(super) struct CheckedResolver {
    is_loopback_meant: bool,
}

impl CheckedResolver {
    pub(super) fn new(base_url: &Url) -> Self {
        Self { is_loopback_meant: is_loopback(base_url) }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_loopback_meant = self.is_loopback_meant;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| is_allowed(address.ip(), is_loopback_meant)).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("its name leads to no address that an upstream may have").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_allowed(address: IpAddr, is_loopback_meant: bool) -> bool {
    let address = address.to_canonical();
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        // fd00:ec2::254 is a cloud's metadata too.
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    };
    let is_nowhere = address.is_unspecified() || address.is_multicast();
    !is_link_local && !is_nowhere && (is_loopback_meant || !address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_neither_here_nor_to_metadata() {
        for refused in
            ["127.0.0.1", "::1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0"]
        {
            assert!(!is_allowed(refused.parse().unwrap(), false), "{refused} was allowed");
        }
        for allowed in ["10.0.0.7", "192.168.1.1", "2001:db8::1", "8.8.8.8"] {
            assert!(is_allowed(allowed.parse().unwrap(), false), "{allowed} was refused");
        }
        assert!(is_allowed("127.0.0.1".parse().unwrap(), true), "localhost is meant where the configuration says so");
    }

    #[test]
    fn an_address_keeps_the_token_safe() {
        for (address, what) in [
            ("http://gitlab.example.com", Some("https")),
            ("https://user:hunter2@gitlab.example.com", Some("name or password")),
            ("ftp://gitlab.example.com", Some("http")),
            ("http://127.0.0.1:8080", None),
            ("https://gitlab.example.com/below", None),
            ("https://169.254.169.254/latest", Some("metadata")),
            ("https://[::ffff:169.254.169.254]", Some("metadata")),
            ("https://[fd00:ec2::254]", Some("metadata")),
            ("https://metadata.google.internal", Some("metadata")),
            ("https://0.0.0.0", Some("metadata")),
            ("https://10.0.0.7", None),
        ] {
            let problem = address_problem(&address.parse().unwrap());
            assert_eq!(problem.is_some(), what.is_some(), "{address}");
            assert!(problem.is_none_or(|problem| problem.contains(what.unwrap())), "{address}");
        }
    }
}
