//! The way of a message through the stations, in numbers. Assembled once a second by the server for all tabs.

use serde::{Deserialize, Serialize};

pub(crate) const PORTAL: &str = "portal";
pub(crate) const PRODUCER: &str = "producer";
pub(crate) const STREAMER: &str = "streamer";
pub(crate) const CONSUMER: &str = "consumer";
pub(crate) const SEER: &str = "seer";
/// Where the consumer keeps the lives of messages.
pub(crate) const STATUSES: &str = "status";
/// Where the seer keeps what it has learned.
pub(crate) const INDEX: &str = "index";

/// The stations in the order in which a message passes them. Consumer and seer are side by side, each with its store after it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Flow {
    pub(crate) stations: Vec<Station>,
    /// What the seer knows; absent while it cannot tell.
    pub(crate) index: Option<Index>,
}

/// The seer's index as pages show it. The server puts it into words, so that the browser need not know how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Index {
    /// Names and values, such as its points.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) rebuilding: Option<Rebuilding>,
}

/// How far the last rebuilding of the index is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Rebuilding {
    /// Of 100, while it goes on.
    pub(crate) percent: Option<u32>,
    pub(crate) words: String,
}

/// Whether somebody brings messages to the last rung of the ladder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Seer {
    /// Nobody has told yet.
    #[default]
    Unknown,
    Ready,
    /// It answers, but cannot index now.
    Ailing,
    /// Nothing answers: it may be no part of this platform.
    Away,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Station {
    pub(crate) name: String,
    pub(crate) health: Health,
    /// What it has done in all, and what it does at the moment.
    pub(crate) figures: Vec<Figure>,
    /// Names and values of what else is known of it.
    pub(crate) facts: Vec<(String, String)>,
    /// Whether messages leave it right now, or come to it where the way ends.
    pub(crate) moving: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) label: String,
    /// Absent while nobody can tell.
    pub(crate) value: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    /// Not asked yet, or the one who could tell is away.
    #[default]
    Unknown,
    Ready,
    /// It answers, but cannot do its work.
    Ailing {
        reason: String,
    },
    /// It does not answer.
    Away {
        reason: String,
    },
}

impl Health {
    /// One word for people.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Ailing { .. } => "not ready",
            Self::Away { .. } => "away",
        }
    }

    /// The value of `data-health`, which colours the station.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Ailing { .. } => "ailing",
            Self::Away { .. } => "away",
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unknown | Self::Ready => None,
            Self::Ailing { reason } | Self::Away { reason } => Some(reason),
        }
    }
}

impl Flow {
    /// The page has lost the portal, and with it everybody who could tell.
    pub(crate) fn lose_portal(&mut self) {
        for station in &mut self.stations {
            station.health = Health::Unknown;
            station.moving = false;
        }
        if let Some(portal) = self.stations.first_mut() {
            portal.health = Health::Away {
                reason: "is it still running? `make up` starts it again, and this page finds it by itself.".to_owned(),
            };
        }
    }

    pub(crate) fn seer(&self) -> Seer {
        let seer = self.stations.iter().find(|station| station.name == SEER);
        match seer.map(|seer| &seer.health) {
            None | Some(Health::Unknown) => Seer::Unknown,
            Some(Health::Ready) => Seer::Ready,
            Some(Health::Ailing { .. }) => Seer::Ailing,
            Some(Health::Away { .. }) => Seer::Away,
        }
    }

    /// What is wrong and what to do about it, one sentence for each station that is not well.
    pub(crate) fn complaints(&self) -> Vec<String> {
        // What is wrong with a store, its service says too.
        let stations = self.stations.iter();
        let stations =
            stations.filter(|station| !matches!(station.name.as_str(), STATUSES | INDEX));
        let reasons = stations.filter_map(|station| {
            let reason = station.health.reason()?;
            Some(format!(
                "{} is {}: {reason}",
                station.name,
                station.health.word()
            ))
        });
        reasons.collect()
    }
}

impl Seer {
    /// Whether a message is to be indexed before it is called done.
    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Ready | Self::Ailing)
    }

    /// Why a message is not indexed, when that is not a matter of a moment.
    pub(crate) fn excuse(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Ready => None,
            Self::Ailing => Some("seer is not ready"),
            Self::Away => Some("seer is away"),
        }
    }
}
