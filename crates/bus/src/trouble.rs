//! Why Kafka lets nobody in, in words that lead to the setting to look at.

use std::fmt;

use rdkafka::error::RDKafkaErrorCode;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// It refused who we say we are.
    Credentials,
    /// It does not offer the way in which we say it.
    Mechanism,
    /// There is no token to show it.
    Token,
    /// Its certificate is none that we trust.
    Untrusted,
    /// It refused our certificate, or wants one.
    OwnCertificate,
    /// It speaks another protocol at this address.
    Protocol,
    /// TLS fails for another reason.
    Tls,
}

impl Trouble {
    /// librdkafka has two codes for all of it; its words tell the rest.
    pub(crate) fn of(code: RDKafkaErrorCode, reason: &str) -> Option<Self> {
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        let trouble = match code {
            RDKafkaErrorCode::Authentication if says(&["OAUTHBEARER token"]) => Self::Token,
            RDKafkaErrorCode::Authentication
                if says(&["mechanism is not supported", "Unsupported SASL mechanism"])
                    || (says(&["mechanism"]) && says(&["not enabled", "not supported"])) =>
            {
                Self::Mechanism
            }
            RDKafkaErrorCode::Authentication if !says(&["SSL"]) || says(&["SASL"]) => {
                Self::Credentials
            }
            _ if says(&["PLAINTEXT broker listener", "security.protocol"]) => Self::Protocol,
            _ if says(&["certificate verify failed"]) => Self::Untrusted,
            _ if says(&["alert"]) && says(&["certificate", "unknown ca"]) => Self::OwnCertificate,
            RDKafkaErrorCode::SSL | RDKafkaErrorCode::Authentication => Self::Tls,
            _ => return None,
        };
        Some(trouble)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => {
                "it refuses the user or the password: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
            }
            Self::Mechanism => {
                "it does not take this SASL mechanism: check KAFKA_SASL_MECHANISM"
            }
            Self::Token => {
                "there is no token for it: check KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, …_CLIENT_ID, …_CLIENT_SECRET and …_SCOPE"
            }
            Self::Untrusted => {
                "its certificate is not trusted: check KAFKA_SSL_CA_FILE, and that the certificate names the address in KAFKA_BROKER"
            }
            Self::OwnCertificate => {
                "it wants another certificate from us: check KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE"
            }
            Self::Protocol => {
                "it is spoken to in another way than it expects: check KAFKA_SECURITY_PROTOCOL, and the port in KAFKA_BROKER"
            }
            Self::Tls => {
                "TLS with it fails: check KAFKA_SECURITY_PROTOCOL and KAFKA_SSL_…"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_librdkafka_says_leads_to_the_setting() {
        use RDKafkaErrorCode::{Authentication, BrokerTransportFailure, SSL};
        let cases = [
            (
                Authentication,
                "sasl_ssl://k:9093/bootstrap: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 312ms in state AUTH_REQ)",
                Some(Trouble::Credentials),
            ),
            (
                Authentication,
                "sasl_ssl://k:9093/bootstrap: SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-512",
                Some(Trouble::Mechanism),
            ),
            (
                Authentication,
                "Failed to acquire SASL OAUTHBEARER token: the token endpoint does not answer",
                Some(Trouble::Token),
            ),
            (
                SSL,
                "ssl://k:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured",
                Some(Trouble::Untrusted),
            ),
            (
                SSL,
                "ssl://k:9092/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)",
                Some(Trouble::Protocol),
            ),
            (
                BrokerTransportFailure,
                "k:9093/bootstrap: Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol configuration (connecting to a SSL listener?)",
                Some(Trouble::Protocol),
            ),
            (
                SSL,
                "ssl://k:9093/1: SSL alert: sslv3 alert bad certificate",
                Some(Trouble::OwnCertificate),
            ),
            (SSL, "something else", Some(Trouble::Tls)),
            (
                BrokerTransportFailure,
                "k:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed: Connection refused",
                None,
            ),
        ];
        for (code, reason, expected) in cases {
            assert_eq!(Trouble::of(code, reason), expected, "{reason}");
        }
    }
}
