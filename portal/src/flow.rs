//! The way of a message through the stations, in numbers. Assembled once a second by the server for all tabs.

use serde::{Deserialize, Serialize};

/// The stations in the order in which a message passes them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Flow {
    pub(crate) stations: Vec<Station>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Station {
    pub(crate) name: String,
    pub(crate) health: Health,
    /// What it has done in all.
    pub(crate) total: Figure,
    /// What it does at the moment.
    pub(crate) current: Figure,
    /// Whether messages pass right now.
    pub(crate) moving: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) label: String,
    /// Absent while nobody can tell.
    pub(crate) value: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
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

    /// What is wrong and what to do about it, one sentence for each station that is not well.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let stations = self.stations.iter();
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
