//! Which URLs and addresses webhooks may use: public addresses by https, unless the operator has allowed others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which targets webhooks may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// Only https, to public addresses.
    #[default]
    Public,
    /// Also http, and any address: for development, and for receivers in the operator's own network.
    Any,
}

impl Targets {
    /// Reads a webhook's URL and checks everything that the text shows. The address behind a name is checked at each
    /// delivery. `Err` says what is wrong with the URL.
    pub fn read(self, text: &str) -> Result<Url, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL")?;
        match (url.scheme(), self) {
            ("https", _) | ("http", Self::Any) => {}
            (_, Self::Any) => return Err("must begin with https:// or http://"),
            (_, Self::Public) => return Err("must begin with https://"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password");
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment");
        }
        let address = match url.host() {
            None => return Err("names no host"),
            // The addresses of a name are checked when it is resolved.
            Some(Host::Domain(_)) => return Ok(url),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
        };
        if self.allow(address) { Ok(url) } else { Err("names an address that is not public") }
    }

    /// Whether webhooks may connect to an address.
    pub fn allow(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Any => true,
        }
    }
}

/// Whether an address belongs to the public Internet and is not reserved for another purpose.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Azure's address for platform services of the machine that asks. The address looks public.
const AZURE: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = matches!(
        (a, b, c),
        // This network, private use, loopback.
        (0 | 10 | 127, _, _)
            // Shared by carriers (carrier-grade NAT).
            | (100, 64..=127, _)
            // Link-local, where clouds keep their metadata.
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocols, documentation, relays of 6to4.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            // Sinks for reverse look-ups (AS112), and tunneled multicast (AMT).
            | (192, 31, 196) | (192, 52, 193) | (192, 175, 48)
            // Benchmarks of networks.
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved and broadcast addresses.
            | (224..=255, _, _)
    );
    !reserved && address != AZURE
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = inside(address) {
        return is_public_v4(inner);
    }
    let [a, b, c, ..] = address.segments();
    match (a, b) {
        // Sinks for reverse look-ups.
        (0x2620, 0x004f) if c == 0x8000 => false,
        // Protocols and Teredo; documentation; 6to4.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff) => false,
        // Only this range is allocated to the public. The rest is loopback, unique-local, link-local, multicast and so
        // on.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

/// The IPv4 address inside a mapped (`::ffff:0:0/96`) or translated address (NAT64, `64:ff9b::/96`).
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => {
            let bits = (u32::from(high) << 16) | u32::from(low);
            Some(Ipv4Addr::from_bits(bits))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_allowed() {
        let within = "
            0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1
            127.8.8.8 169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1
            192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 168.63.129.16 100.100.100.200
            192.31.196.1 192.52.193.1 192.175.48.1 ::ffff:168.63.129.16 64:ff9b::168.63.129.16
            64:ff9b::100.100.100.200 2002:a83f:8110::1 fd20:ce::254 2620:4f:8000::1 100:0:0:1::1
            198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250
            240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1
            ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1
            64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 100::1 2001::1
            2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 5f00::1 fc00::1
            fd00:ec2::254 fdff::1 fe80::1 fec0::1 ff02::1
        ";
        for inner in within.split_whitespace() {
            let address: IpAddr = inner.parse().unwrap();
            assert!(!Targets::Public.allow(address), "{inner}");
            assert!(Targets::Any.allow(address), "{inner}");
        }
        let outside = "
            1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255
            172.32.0.1 192.0.1.1 192.167.255.255 198.17.255.255 198.20.0.1 223.255.255.255
            ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2001:4860:4860::8888 2606:4700::1111 2a00::1
        ";
        for public in outside.split_whitespace() {
            let address: IpAddr = public.parse().unwrap();
            assert!(Targets::Public.allow(address), "{public}");
        }
    }

    #[test]
    fn urls_are_refused_for_what_can_be_seen_of_them() {
        let refused = "
            crm.example http://crm.example/ ftp://crm.example/ file:///etc/passwd
            https://user@crm.example/ https://user:word@crm.example/ https://:word@crm.example/
            https://crm.example/#part https://127.0.0.1/ https://2130706433/ https://0x7f.1/
            https://0177.0.0.1/ https://127.1/ https://[::1]/ https://[::ffff:10.0.0.1]/
            https://[fd00:ec2::254]/ https://169.254.169.254/latest/meta-data/
            https://１２７.0.0.1/
        ";
        for url in refused.split_whitespace().chain([""]) {
            assert!(Targets::Public.read(url).is_err(), "{url}");
        }
        for url in [
            "https://crm.example/hooks?shop=1",
            "https://8.8.8.8:8443/",
            "https://[2606:4700::1111]/",
        ] {
            assert!(Targets::Public.read(url).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1:8080/", "http://receiver:80/", "https://[::1]/"] {
            assert!(Targets::Any.read(url).is_ok(), "{url}");
        }
        assert!(Targets::Any.read("http://user@receiver/").is_err());
    }
}
