//! The whole platform, booted on free ports in a temporary folder, used as its users do.

mod burst;
mod chunks;
mod groups_page;
mod healing;
mod history;
mod hostile;
mod kafka_access;
mod keyboard;
mod life_page;
mod look;
mod message_page;
mod person;
mod replicas;
mod restart;
mod round_trip;
mod round_trip_page;
mod security;
mod seer_page;
mod sending;
mod sign_in_page;
mod stack;
mod stream_page;
mod surroundings;
mod topics_page;
