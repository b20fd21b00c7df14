//! `kafkloud up`: the platform in this process, until Ctrl-C.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    pin::pin,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Serialize;
use service::Secret;

use crate::{
    Failure, Outcome,
    args::Context,
    output::Paint,
    up::{self, Addresses, NotReady, Ports, UpConfig},
};

#[derive(Args, Debug)]
pub struct UpArgs {
    /// Folder that keeps everything: the log, the statuses, the index
    #[arg(
        long,
        env = "DATA_DIR",
        value_name = "FOLDER",
        default_value = ".kafkloud"
    )]
    data_dir: PathBuf,
    /// Address to listen on. Beyond loopback callers have to show a token: the one that is given, or one that is made and kept in the data folder
    #[arg(long, env = "SERVER_HOST", value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Listen beyond loopback although nobody is asked who they are, with the streamer too, which never asks
    #[arg(long)]
    insecure: bool,
    /// Leave the seer out: nothing is indexed and no question answered, and 200 MB of memory are saved
    #[arg(long)]
    no_seer: bool,
}

/// After which the addresses are shown with what is missing: a Kafka elsewhere may come back any time.
const READY_PATIENCE: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: UpArgs, context: &Context) -> Result<Outcome, Failure> {
    let started = Instant::now();
    // The table of addresses is what a user looks for; RUST_LOG shows the services' log lines too.
    service::telemetry::init_at("warn");
    let stop = service::shutdown::on_signal();
    let ports = Ports::with_offset(context.global.port_offset)
        .ok_or_else(|| Failure::usage("--port-offset leaves no port for every part"))?;
    let mut config = UpConfig {
        host: args.host,
        insecure: args.insecure,
        kafka_broker: context.global.kafka_broker.clone(),
        ..UpConfig::new(&args.data_dir, ports)?
    };
    if args.no_seer {
        config.seer = None;
    }
    let entry = Entry::of(&args, context)?;
    if let Some(token) = &entry.token {
        config.ask_for(token);
    }
    let platform = tokio::select! {
        () = stop.cancelled() => return Ok(Outcome::Done),
        platform = up::start(config, stop.clone()) => platform?,
    };
    let addresses = platform.addresses().clone();
    let mut ended = pin!(platform.join());
    let ready = tokio::select! {
        ended = &mut ended => return Ok(ended.map(|()| Outcome::Done)?),
        ready = addresses.wait_ready(READY_PATIENCE) => ready,
    };
    // With standard output closed nobody reads the table; the platform is of use all the same.
    let entry = entry.with_link(&addresses).await;
    if let Err(failure) = announce(&addresses, ready, &args, &entry, started.elapsed(), context) {
        tracing::warn!(error = %failure.cause, "cannot print the addresses");
    }
    ended.await?;
    Ok(Outcome::Done)
}

/// By what people and programs come in.
struct Entry {
    token: Option<Secret>,
    /// Where a token that was made is kept.
    kept: Option<PathBuf>,
    /// Leads into the portal, once.
    link: Option<String>,
}

impl Entry {
    fn of(args: &UpArgs, context: &Context) -> Result<Self, Failure> {
        let given = context.endpoints.token.clone();
        let needs_one = !args.host.is_loopback() && !args.insecure;
        let (token, kept) = match given {
            None if needs_one => {
                let (token, file) = up::kept_token(&args.data_dir)?;
                (Some(token), Some(file))
            }
            given => (given, None),
        };
        Ok(Self {
            token,
            kept,
            link: None,
        })
    }

    async fn with_link(mut self, addresses: &Addresses) -> Self {
        if let Some(token) = &self.token {
            let link = up::sign_in_link(addresses, token).await;
            // Whoever has the token can sign in with it all the same.
            self.link = link
                .inspect_err(|error| tracing::warn!(%error, "the portal gave no link to sign in"))
                .ok();
        }
        self
    }
}

#[derive(Serialize)]
struct Announcement<'a> {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    seconds: f64,
    data_dir: &'a PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<&'a PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<&'a str>,
    portal: String,
    producer: String,
    consumer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seer: Option<String>,
    kafka_broker: &'a str,
}

fn announce(
    addresses: &Addresses,
    ready: Result<(), NotReady>,
    args: &UpArgs,
    entry: &Entry,
    elapsed: Duration,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    if output.json {
        return output.json_line(&Announcement {
            ready: ready.is_ok(),
            reason: ready.err().map(|missing| missing.to_string()),
            seconds: elapsed.as_secs_f64(),
            data_dir: &args.data_dir,
            token_file: entry.kept.as_ref(),
            sign_in: entry.link.as_deref(),
            portal: addresses.portal_url(),
            producer: addresses.producer_url(),
            consumer: addresses.consumer_url(),
            seer: addresses.has_seer.then(|| addresses.seer_url()),
            kafka_broker: &addresses.kafka_broker,
        });
    }
    let rows = rows(addresses, args, context);
    output.table(&["part", "address", "what it is for"], rows)?;
    output.line("")?;
    match ready {
        Ok(()) => {
            let seconds = elapsed.as_secs_f64();
            output.line(format!(
                "{} in {seconds:.1} s; data in {}",
                output.paint(Paint::Green, "Ready"),
                args.data_dir.display()
            ))?;
        }
        Err(missing) => output.line(format!(
            "{}: {missing}. It goes on by itself when that is there.",
            output.paint(Paint::Red, "Not ready"),
        ))?,
    }
    if let Some(link) = &entry.link {
        output.line(format!("Sign in, once, with {link}"))?;
    }
    if let Some(file) = &entry.kept {
        output.line(format!(
            "Programs show the token in {}, as in API_TOKEN_FILE={} kafkloud status",
            file.display(),
            file.display()
        ))?;
    }
    output.line("Ctrl-C to stop")
}

/// The table of addresses.
fn rows(addresses: &Addresses, args: &UpArgs, context: &Context) -> Vec<Vec<String>> {
    let kafka = match context.global.kafka_broker {
        Some(_) => ("kafka", "the Kafka that was given"),
        None if args.host.is_loopback() || args.insecure => ("streamer", "Kafka, for any client"),
        None => (
            "streamer",
            "Kafka, for clients on this machine: it asks nobody who they are",
        ),
    };
    let row = |part: &str, address: &str, use_for: &str| {
        vec![part.to_owned(), address.to_owned(), use_for.to_owned()]
    };
    let mut rows = vec![
        row("portal", &addresses.portal_url(), "open it, and click DoIt"),
        row(
            "producer",
            &addresses.producer_url(),
            "POST /produce/{topic}/{key}; more at /docs",
        ),
        row(
            "consumer",
            &addresses.consumer_url(),
            "what became of each message, live tail; more at /docs",
        ),
    ];
    if addresses.has_seer {
        rows.push(row(
            "seer",
            &addresses.seer_url(),
            "what the stream knows: search, ask; more at /docs",
        ));
    }
    rows.push(row(kafka.0, &addresses.kafka_broker, kafka.1));
    rows
}
