//! Colours: the terminal's own, which its user has chosen to be read well, in the hues of the portal: a stage has the same one
//! wherever it appears. No meaning is carried by colour alone.

use contract::Stage;
use ratatui::style::{Color, Modifier, Style};

use crate::top::health::Health;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Theme {
    pub(crate) has_colours: bool,
}

impl Theme {
    pub(super) fn stage(self, stage: Stage) -> Style {
        self.colour(match stage {
            Stage::Accepted => Color::Blue,
            Stage::Streamed => Color::Magenta,
            Stage::Consumed => Color::Green,
            Stage::Indexed => Color::Cyan,
            Stage::Dead => Color::Red,
        })
    }

    pub(super) fn health(self, health: &Health) -> Style {
        match health {
            Health::Unknown => self.dim(),
            Health::Ready => self.stage(Stage::Consumed),
            Health::Ailing(_) => self.warning(),
            Health::Away(_) => self.alarm(),
        }
    }

    pub(super) fn alarm(self) -> Style {
        self.stage(Stage::Dead)
    }

    pub(super) fn warning(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// What is not looked at first.
    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The chosen row, the view that is shown.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn colour(self, colour: Color) -> Style {
        match self.has_colours {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }
}
