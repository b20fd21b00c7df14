//! `Idempotency-Key`: a request that is sent again gets the receipt of the first, as long as its key is remembered.
//!
//! The id is derived from the key, so that also a repeat that comes after the key was forgotten, or after a restart, is
//! the same message to whoever counts by id.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use axum::http::{HeaderMap, StatusCode};
use contract::Receipt;
use parking_lot::Mutex;
use service::{ApiProblem, ApiResult};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::target::Target;

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 256;

/// The keys of the most recent requests.
pub(crate) struct RecentKeys {
    keys: Mutex<Keys>,
    count_max: usize,
}

#[derive(Default)]
struct Keys {
    requests: HashMap<Arc<[u8]>, Arc<FirstRequest>>,
    /// Oldest first.
    order: VecDeque<Arc<[u8]>>,
}

/// The request that used a key first.
pub(crate) struct FirstRequest {
    fingerprint: Uuid,
    /// Set when it is acked. Repeats wait here while it is on its way, and try for themselves when it fails.
    pub(crate) receipt: OnceCell<Receipt>,
}

/// The key of a request, if it has one.
pub(crate) fn key_of(headers: &HeaderMap) -> ApiResult<Option<Vec<u8>>> {
    let Some(key) = headers.get(HEADER) else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(ApiProblem::bad_request(
            "invalid-idempotency-key",
            "The Idempotency-Key is not valid",
            format!("Choose 1 to {KEY_BYTES_MAX} bytes, for example a UUID."),
        ));
    }
    Ok(Some(key.as_bytes().to_vec()))
}

/// Tells messages apart without keeping them.
pub(crate) fn fingerprint(target: &Target, headers: &[(String, Vec<u8>)], value: &[u8]) -> Uuid {
    let topic = Uuid::new_v5(&Uuid::nil(), target.topic.as_bytes());
    let keyed = match &target.key {
        Some(key) => Uuid::new_v5(&topic, key),
        None => topic,
    };
    let with_headers = headers.iter().fold(keyed, |so_far, (name, value)| {
        Uuid::new_v5(&Uuid::new_v5(&so_far, name.as_bytes()), value)
    });
    Uuid::new_v5(&with_headers, value)
}

impl RecentKeys {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            keys: Mutex::default(),
            count_max,
        }
    }

    /// The request that used `key` first, which may be this one. Fails when that one was another message.
    pub(crate) fn first_request(
        &self,
        key: &[u8],
        fingerprint: Uuid,
    ) -> ApiResult<Arc<FirstRequest>> {
        let mut keys = self.keys.lock();
        if let Some(first) = keys.requests.get(key) {
            return if first.fingerprint == fingerprint {
                Ok(Arc::clone(first))
            } else {
                Err(ApiProblem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "idempotency-key-reused",
                    "The Idempotency-Key belongs to another message",
                    "It was used with another topic, key or body: choose a new one for every message.",
                ))
            };
        }
        let key: Arc<[u8]> = key.into();
        let first = Arc::new(FirstRequest {
            fingerprint,
            receipt: OnceCell::new(),
        });
        keys.requests.insert(Arc::clone(&key), Arc::clone(&first));
        keys.order.push_back(key);
        while keys.order.len() > self.count_max {
            if let Some(oldest) = keys.order.pop_front() {
                keys.requests.remove(&oldest);
            }
        }
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(topic: &str, key: Option<&str>) -> Target {
        Target {
            topic: topic.to_owned(),
            key: key.map(|key| key.as_bytes().to_vec()),
        }
    }

    #[test]
    fn a_key_stands_for_one_message() {
        let recent = RecentKeys::new(10);
        let message = fingerprint(&target("a", None), &[], b"1");
        let first = recent.first_request(b"k", message).unwrap();
        let again = recent.first_request(b"k", message).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for (topic, key, value) in [
            ("b", None, "1"),
            ("a", Some(""), "1"),
            ("a", Some("1"), ""),
            ("a", None, "2"),
        ] {
            let other = fingerprint(&target(topic, key), &[], value.as_bytes());
            let Err(problem) = recent.first_request(b"k", other) else {
                panic!("{topic} {key:?} {value}");
            };
            assert_eq!(problem.problem.status, 422);
        }
    }

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let recent = RecentKeys::new(2);
        let fingerprint = Uuid::nil();
        let first = recent.first_request(b"a", fingerprint).unwrap();
        for key in [b"b", b"c"] {
            recent.first_request(key, fingerprint).unwrap();
        }
        let anew = recent.first_request(b"a", fingerprint).unwrap();
        assert!(!Arc::ptr_eq(&first, &anew));
        assert_eq!(recent.keys.lock().requests.len(), 2);
    }

    #[test]
    fn keys_have_a_length() {
        let key = |text: &str| {
            key_of(&HeaderMap::from_iter([(
                HEADER.parse().unwrap(),
                text.parse().unwrap(),
            )]))
        };
        assert_eq!(key("a").unwrap(), Some(b"a".to_vec()));
        assert!(key("").is_err());
        assert!(key(&"a".repeat(257)).is_err());
        assert_eq!(key_of(&HeaderMap::new()).unwrap(), None);
    }
}
