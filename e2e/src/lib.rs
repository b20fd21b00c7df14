//! What the end-to-end tests share: a real browser, what judges its pages, a real Kafka, and waiting for a condition.

pub mod apache_kafka;
pub mod axe;
pub mod browser;
pub mod wait;
