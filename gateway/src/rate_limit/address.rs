//! Whose address counts: that of the connection, or the one a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, bail};
use axum::http::HeaderMap;

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads an address with a prefix length; without one it is that address alone.
    fn read(text: &str) -> anyhow::Result<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.trim().parse().with_context(|| format!("`{text}` is not a network"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().with_context(|| format!("`{text}` is not a network"))?,
            None => most,
        };
        if bits > most {
            bail!("`{text}` is not a network: the prefix is at most {most} bits long");
        }
        Ok(Self { address, bits })
    }

    /// Whether the address lies in this range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = |a: u128, b: u128, width: u32| {
            let rest = width - self.bits;
            rest == width || (a >> rest) == (b >> rest)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => shared(u32::from(own).into(), u32::from(other).into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => shared(own.into(), other.into(), 128),
            _ => false,
        }
    }
}

/// Reads a list of networks.
pub fn networks(texts: &[String]) -> anyhow::Result<Vec<Network>> {
    texts.iter().map(|text| Network::read(text)).collect()
}

/// The client's address: behind trusted proxies the last hop that none of them is. Anybody else's word is not believed.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.ip();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        // Some proxies write the port too.
        let hop = hop.trim();
        match hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip())) {
            Ok(next) => address = next,
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = networks(&["10.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap();
        let address = |peer: &str, forwarded: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            client_address(SocketAddr::new(peer.parse().unwrap(), 1), &headers, &trusted).to_string()
        };
        assert_eq!(address("192.0.2.9", "203.0.113.7"), "192.0.2.9", "a stranger's word does not count");
        assert_eq!(address("10.1.2.3", "203.0.113.7"), "203.0.113.7");
        assert_eq!(address("10.1.2.3", "198.51.100.1, 203.0.113.7, 10.9.9.9"), "203.0.113.7");
        assert_eq!(address("10.1.2.3", "203.0.113.7:51234"), "203.0.113.7");
        assert_eq!(address("10.1.2.3", "[2001:db8::7]:443"), "2001:db8::7");
        assert_eq!(address("10.1.2.3", "spoofed, garbage"), "10.1.2.3");
        assert!(networks(&["10.0.0.0/33".to_owned()]).is_err() && networks(&["host".to_owned()]).is_err());
    }
}
