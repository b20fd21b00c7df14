//! The TCP port of each part on one machine. `kafkloud up --port-offset N` adds N to every one of them.

pub const PORTAL: u16 = 3000;
pub const PRODUCER: u16 = 8000;
pub const CONSUMER: u16 = 8072;
pub const SEER: u16 = 8030;
pub const STREAMER: u16 = 9092;
