//! What browsers keep for the portal, so that it need not: sealed, so that they can neither read nor change it. Portals with the same key
//! take what another one has sealed.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use service::Secret;

pub(super) struct Sealer(LessSafeKey);

impl Sealer {
    /// `salt`: another one makes another seal of the same key. Without a key what was sealed ends with this process.
    pub(super) fn new(key: Option<&Secret>, salt: &[u8]) -> anyhow::Result<Self> {
        let random;
        let key = match key {
            Some(key) => key,
            None => {
                random = Secret::random()?;
                &random
            }
        };
        let derived = Salt::new(HKDF_SHA256, salt).extract(key.reveal().as_bytes());
        let derived = derived.expand(&[b"kafkloud portal"], &AES_256_GCM);
        let derived = derived.context("no key can be made of SESSION_KEY")?;
        Ok(Self(LessSafeKey::new(UnboundKey::from(derived))))
    }

    /// What is sealed for one purpose opens for no other.
    pub(super) fn seal(&self, purpose: &str, value: &impl Serialize) -> anyhow::Result<String> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).context("the system has no random numbers")?;
        let mut sealed = serde_json::to_vec(value)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(unique, Aad::from(purpose), &mut sealed)
            .context("cannot seal")?;
        let mut text = nonce.to_vec();
        text.append(&mut sealed);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(text))
    }

    /// `None` for what this portal, or one with the same key, has not sealed for this purpose.
    pub(super) fn open<T: DeserializeOwned>(&self, purpose: &str, text: &str) -> Option<T> {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(purpose), sealed);
        serde_json::from_slice(opened.ok()?).ok()
    }
}

/// Seconds since 1970, for what ends at some time.
pub(super) fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 has everything end at once.
    since.map_or(u64::MAX, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_for_a_purpose_opens() {
        let key = Secret::new("a key that several portals share");
        let sealer = |salt: &[u8]| Sealer::new(Some(&key), salt).unwrap();
        let sealed = sealer(b"salt").seal("session", &("ada", 7)).unwrap();
        let open =
            |sealer: Sealer, purpose, text: &str| sealer.open::<(String, u32)>(purpose, text);
        let ada = Some(("ada".to_owned(), 7));
        assert_eq!(open(sealer(b"salt"), "session", &sealed), ada);
        assert_eq!(open(sealer(b"salt"), "link", &sealed), None);
        assert_eq!(open(sealer(b"other"), "session", &sealed), None);
        let other = Sealer::new(None, b"salt").unwrap();
        assert_eq!(open(other, "session", &sealed), None);
        for i in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(open(sealer(b"salt"), "session", &changed), None, "{i}");
        }
        assert_eq!(open(sealer(b"salt"), "session", ""), None);
    }
}
