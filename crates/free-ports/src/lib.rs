//! Ports for tests and benchmarks that must be known before they are bound, stay free, or be bound again after a restart.
//!
//! A port that the system chose (`:0`) does not do for that: once closed, it may be given to the next connection.
//! These lie below the range from which Linux (32768 and up) and macOS (49152 and up) choose.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU16, Ordering},
};

const OFFSETS: Range<u16> = 8_000..18_000;
const ADDRESSES: Range<u16> = 28_000..32_000;

/// An address on this machine where nobody listens, another one with each call.
pub fn address() -> SocketAddr {
    let port = search(ADDRESSES, is_free);
    (Ipv4Addr::LOCALHOST, port).into()
}

/// An offset at which all of `ports` are free, another one with each call.
///
/// Ports up to 9,999 stay clear of [`address`]'s.
pub fn offset(ports: &[u16]) -> u16 {
    search(OFFSETS, |offset| {
        ports.iter().all(|port| is_free(port + offset))
    })
}

/// Runs of several programs at once begin at different places.
fn search(range: Range<u16>, is_good: impl Fn(u16) -> bool) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() as u16).wrapping_mul(17);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(211);
        let number = range.start + start.wrapping_add(step) % (range.end - range.start);
        if is_good(number) {
            return number;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind(address()).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(!is_free(port));
        let found = search(port..port + 2, is_free);
        assert_ne!(found, port);
    }

    #[test]
    fn each_call_gives_another() {
        assert_ne!(address(), address());
        assert_ne!(offset(&[3000, 9092]), offset(&[3000, 9092]));
    }
}
