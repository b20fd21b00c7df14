//! What keeps strangers out of services that stand in a network: tokens, and a certificate to serve HTTPS with.

use cli::up::UpConfig;
use scratch_authority::{CertificateFiles, ScratchAuthority};
use service::{Secret, TlsArgs, TrustArgs};

pub(crate) const OPERATOR: &str = "the-token-of-operators";
pub(crate) const VIEWER: &str = "the-token-of-viewers";
/// So that people stay signed in over a restart.
const SESSION_KEY: &str = "a-key-that-is-long-enough-for-sessions";

/// Has every part ask who calls.
pub(crate) fn ask_for_tokens(config: &mut UpConfig) {
    config.ask_for(&Secret::new(OPERATOR));
    for access in config.access() {
        access.viewer_token = Some(Secret::new(VIEWER));
    }
    config.portal.session.session_key = Some(Secret::new(SESSION_KEY));
}

/// This machine's certificate, and the authority that it is from.
pub(crate) struct Certificate {
    authority: ScratchAuthority,
    pub(crate) files: CertificateFiles,
}

impl Certificate {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let authority = ScratchAuthority::new()?;
        let files = authority.certify_loopback()?;
        Ok(Self { authority, files })
    }

    /// Has every part serve HTTPS, and those that call others trust it.
    pub(crate) fn serve_https(&self, config: &mut UpConfig) {
        let (portal, producer) = (&mut config.portal, &mut config.producer);
        let mut serving = vec![&mut portal.tls, &mut producer.tls, &mut config.consumer.tls];
        let mut calling = vec![&mut portal.trust, &mut producer.trust];
        if let Some(seer) = &mut config.seer {
            serving.push(&mut seer.tls);
            calling.push(&mut seer.trust);
        }
        for tls in serving {
            *tls = TlsArgs {
                tls_cert_file: Some(self.files.certificate.clone()),
                tls_key_file: Some(self.files.key.clone()),
            };
        }
        for trust in calling {
            *trust = self.trust();
        }
    }

    pub(crate) fn trust(&self) -> TrustArgs {
        TrustArgs {
            tls_ca_file: Some(self.authority.ca_file()),
        }
    }
}
