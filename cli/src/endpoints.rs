//! Where the services are, and what lets us in.

use contract::port;
use reqwest::Url;
use service::{Secret, TrustArgs};

use crate::{args::GlobalArgs, exit::Failure, up::Addresses};

#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) producer: Url,
    pub(crate) consumer: Url,
    pub(crate) seer: Url,
    pub(crate) kafka_broker: String,
    /// What is shown to the services.
    pub(crate) token: Option<Secret>,
    pub(crate) trust: TrustArgs,
}

impl Endpoints {
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self, Failure> {
        let local = |port: u16| format!("127.0.0.1:{}", port + global.port_offset);
        // Whoever names an authority means services that it has certified.
        let scheme = match global.ca_file {
            Some(_) => "https",
            None => "http",
        };
        let url = |given: &Option<String>, option, port| match given {
            Some(text) => parse_url(text, option),
            None => parse_url(&format!("{scheme}://{}", local(port)), option),
        };
        Ok(Self {
            producer: url(&global.producer_url, "--producer-url", port::PRODUCER)?,
            consumer: url(&global.consumer_url, "--consumer-url", port::CONSUMER)?,
            seer: url(&global.seer_url, "--seer-url", port::SEER)?,
            kafka_broker: match &global.kafka_broker {
                Some(servers) => servers.clone(),
                None => local(port::STREAMER),
            },
            token: Secret::given(
                "API_TOKEN",
                global.token.as_ref(),
                global.token_file.as_deref(),
            )
            .map_err(Failure::usage)?,
            trust: TrustArgs {
                tls_ca_file: global.ca_file.clone(),
            },
        })
    }

    /// Of a platform in this process that lets in whom these let in.
    pub(crate) fn of(&self, addresses: &Addresses) -> Result<Self, Failure> {
        Ok(Self {
            token: self.token.clone(),
            trust: self.trust.clone(),
            producer: parse_url(&addresses.producer_url(), "the producer's address")?,
            consumer: parse_url(&addresses.consumer_url(), "the consumer's address")?,
            seer: parse_url(&addresses.seer_url(), "the seer's address")?,
            kafka_broker: addresses.kafka_broker.clone(),
        })
    }
}

fn parse_url(text: &str, option: &str) -> Result<Url, Failure> {
    let refused = |why: &str| {
        Failure::usage(format!(
            "{option} {text:?} {why}: give it as http://HOST:PORT or https://HOST:PORT"
        ))
    };
    let mut url = Url::parse(text).map_err(|error| refused(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("has another scheme than http and https"));
    }
    // Routes are joined to it: without the slash, `Url::join` would drop a path prefix.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_path_prefix_and_refuses_what_is_no_url() {
        let url = parse_url("http://gateway/kafkloud", "--producer-url").unwrap();
        assert_eq!(
            url.join("produce/a").unwrap().as_str(),
            "http://gateway/kafkloud/produce/a"
        );
        for text in ["127.0.0.1:8000", "ftp://a", ""] {
            let refusal = parse_url(text, "--producer-url").unwrap_err();
            assert!(
                refusal.cause.to_string().contains("http://HOST:PORT"),
                "{text}"
            );
        }
    }
}
