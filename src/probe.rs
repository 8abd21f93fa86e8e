//! `promotion-engine health`: asks a service on this machine whether it is alive. Images without another HTTP client
//! need it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long connecting may take, and each wait for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the service at this address answers that it is alive.
pub fn lives(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&on_this_machine(address), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status.starts_with("HTTP/1.1 200 "))
}

/// The address at which this machine reaches a service that may listen on all addresses.
pub fn on_this_machine(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
