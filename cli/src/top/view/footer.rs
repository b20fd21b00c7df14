//! The last lines of every screen: what is wrong, and the keys.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Theme;
use crate::top::{
    app::App,
    keys::{self, Hint},
    text,
    typing::Sought,
};

/// Beside what is typed: its sign, the cursor and the keys.
const TYPING_COLUMNS: usize = 36;

pub(super) fn draw_complaint(frame: &mut Frame, area: Rect, complaint: &str, theme: Theme) {
    let room = usize::from(area.width).saturating_sub(2);
    let line = Line::from(vec![
        Span::styled("✗ ", theme.alarm()),
        Span::styled(text::one_line(complaint, room), theme.bold()),
    ]);
    frame.render_widget(line, area);
}

pub(super) fn draw(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let mut line = Line::default();
    let hints = if let Some(typing) = &app.typing {
        let sign = match typing.what {
            Sought::Text => "/",
            Sought::Where => "where ",
        };
        let room = usize::from(area.width).saturating_sub(TYPING_COLUMNS);
        line.push_span(Span::raw(format!(
            "{sign}{}",
            text::name(&typing.text, room)
        )));
        line.push_span(Span::styled(" ", theme.chosen()));
        line.push_span(Span::raw("  "));
        fitting(&keys::TYPING, &[], area.width.into())
    } else {
        fitting(keys::hints(app.screen), &keys::ALWAYS, area.width.into())
    };
    for (index, Hint(keys, does)) in hints.into_iter().enumerate() {
        if index > 0 {
            line.push_span(Span::raw("  "));
        }
        line.push_span(Span::styled(*keys, theme.bold()));
        line.push_span(Span::styled(format!(" {does}"), theme.dim()));
    }
    frame.render_widget(line, area);
}

/// As many as there is room for beside those that are always there.
fn fitting<'a>(hints: &'a [Hint], always: &'a [Hint], width: usize) -> Vec<&'a Hint> {
    let columns = |hint: &Hint| text::columns(hint.0) + text::columns(hint.1) + 3;
    let mut used: usize = always.iter().map(columns).sum();
    let first = hints.iter().take_while(|hint| {
        used += columns(hint);
        // The last one has no gap after it.
        used <= width + 2
    });
    first.chain(always).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::app::Screen;

    #[test]
    fn every_screen_shows_all_its_keys_at_80_columns() {
        for screen in [
            Screen::Topics,
            Screen::Groups,
            Screen::Partitions,
            Screen::Flow,
            Screen::Tail,
            Screen::Message,
        ] {
            let hints = keys::hints(screen);
            let shown = fitting(hints, &keys::ALWAYS, 80);
            assert_eq!(shown.len(), hints.len() + 2, "{screen:?}");
        }
        let shown = fitting(keys::hints(Screen::Topics), &keys::ALWAYS, 40);
        let keys: Vec<_> = shown.iter().map(|hint| hint.0).collect();
        assert_eq!(keys, ["↑↓", "Enter", "?", "q"]);
    }
}
