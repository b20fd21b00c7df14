//! All keys, over whatever is shown.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    text::{Line, Span},
    widgets::{Block, Clear},
};

use super::Theme;
use crate::top::{
    app::Screen,
    keys::{self, Hint},
    text,
};

const KEYS_COLUMNS: usize = 15;
const COLUMNS: u16 = 58;

pub(super) fn draw(frame: &mut Frame, area: Rect, screen: Screen, theme: Theme) {
    let here = keys::help(screen);
    let heading = |words| Line::styled(words, theme.bold());
    let mut lines = Vec::new();
    if !here.is_empty() {
        lines.push(heading("Here"));
        lines.extend(here.iter().map(|hint| line(hint, theme)));
        lines.push(Line::default());
    }
    lines.push(heading("Everywhere"));
    lines.extend(keys::EVERYWHERE.iter().map(|hint| line(hint, theme)));

    let height = lines.len() as u16 + 2;
    let area = area.centered(Constraint::Length(COLUMNS), Constraint::Length(height));
    let frame_around = Block::bordered()
        .title(" Keys ")
        .title_bottom(Line::raw(" any key closes this ").right_aligned());
    let inside = frame_around.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(frame_around, area);
    for (line, row) in lines.into_iter().zip(inside.rows()) {
        frame.render_widget(line, row);
    }
}

fn line(Hint(keys, does): &Hint, theme: Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(
            format!("  {}", text::left(keys, KEYS_COLUMNS)),
            theme.bold(),
        ),
        Span::raw(*does),
    ])
}
