//! `probe PORT [PATH]`: asks whether the service of this container is well, for the health checks of Docker and compose. The images have no
//! shell and no curl that could. Without a path, or where the service speaks TLS, that it takes a connection is answer enough.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

/// Below the time that a health check of the images may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Nobody's status line is longer.
const STATUS_LINE_BYTES_MAX: u64 = 1024;

#[expect(clippy::print_stderr, reason = "Docker keeps what a health check says")]
fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let Some(port) = args.next().and_then(|port| port.parse().ok()) else {
        eprintln!("usage: probe PORT [PATH]");
        return ExitCode::from(2);
    };
    let path = args
        .next()
        .filter(|_| env::var_os("TLS_CERT_FILE").is_none());
    match ask(port, path.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(port: u16, path: Option<&str>) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    let Some(path) = path else { return Ok(()) };
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(STATUS_LINE_BYTES_MAX)).read_line(&mut line)?;
    match line.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        _ => Err(io::Error::other(format!(
            "{path} answered {:?}",
            line.trim_end()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// Serves one answer and gives the port. Reads the request to its end, for what is closed before that is broken.
    fn service(answer: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = BufReader::new(&stream).lines();
            request.map_while(Result::ok).find(|line| line.is_empty());
            let _ = stream.write_all(answer.as_bytes());
        });
        port
    }

    #[test]
    fn success_is_well_and_all_else_is_not() {
        assert!(ask(service("HTTP/1.1 200 OK\r\n\r\n"), Some("/livez")).is_ok());
        let refused = ask(
            service("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            Some("/readyz"),
        );
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("503"), "{refused}");
        assert!(ask(service(""), Some("/livez")).is_err());
    }

    #[test]
    fn without_a_path_a_connection_is_enough() {
        assert!(ask(service(""), None).is_ok());
    }

    #[test]
    fn a_port_where_nobody_listens_is_not_well() {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        assert!(ask(port, None).is_err());
    }
}
