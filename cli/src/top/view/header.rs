//! The first lines of every screen: who is there, how many messages have come how far, which view this is.

use contract::Stage;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Theme;
use crate::top::{
    app::{App, Screen, VIEWS},
    figures,
    health::{Health, PARTS},
};

/// A sign for each state, for those who see no colours.
pub(super) fn mark(health: &Health) -> &'static str {
    match health {
        Health::Unknown => "○",
        Health::Ready => "●",
        Health::Ailing(_) => "◐",
        Health::Away(_) => "✗",
    }
}

pub(super) fn draw(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let mut line = Line::from(Span::styled("kafkloud", theme.bold()));
    for part in PARTS {
        let health = app.parts.health(part);
        line.push_span(Span::raw("  "));
        line.push_span(Span::styled(mark(&health), theme.health(&health)));
        line.push_span(Span::raw(format!(" {part}")));
    }
    frame.render_widget(line, area);
    if let Some(words) = app.flow.freshness.age_words(app.now) {
        let words = Line::from(Span::styled(words, theme.warning()));
        frame.render_widget(words.right_aligned(), area);
    }
}

pub(super) fn draw_stages(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let width = area.width / Stage::ALL.len() as u16;
    for (stage, place) in Stage::ALL.into_iter().zip(0..) {
        let area = Rect {
            x: area.x + place * width,
            width,
            ..area
        };
        let name = Line::from(vec![
            Span::styled("● ", theme.stage(stage)),
            Span::raw(stage.name()),
        ]);
        let total = app.flow.total(stage).map(figures::short);
        let total = total.unwrap_or_else(|| figures::UNKNOWN.to_owned());
        let rate = app.flow.rate(stage).filter(|&rate| rate > 0.0);
        let rate = rate.map(|rate| format!("  {}/s", figures::rate(Some(rate))));
        let figures = Line::from(vec![
            Span::styled(format!("  {total}"), theme.bold()),
            Span::raw(rate.unwrap_or_default()),
        ]);
        for (line, row) in [name, figures].into_iter().zip(area.rows()) {
            frame.render_widget(line, row);
        }
    }
}

pub(super) fn draw_tabs(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let shown = app.screen.view();
    let mut line = Line::default();
    for (view, number) in VIEWS.into_iter().zip(1..) {
        let style = if view == shown {
            theme.chosen()
        } else {
            theme.dim()
        };
        let label = format!(" {number} {} ", title(view));
        line.push_span(Span::styled(label, style));
        line.push_span(Span::raw(" "));
    }
    frame.render_widget(line, area);
    let depth = match app.screen {
        Screen::Partitions => "partitions",
        Screen::Message => "message",
        _ => return,
    };
    // A line's own style would reach over the tabs.
    let depth = Line::from(Span::styled(format!("› {depth} "), theme.bold()));
    frame.render_widget(depth.right_aligned(), area);
}

fn title(view: Screen) -> &'static str {
    match view {
        Screen::Topics => "Topics",
        Screen::Groups | Screen::Partitions => "Groups",
        Screen::Flow => "Flow",
        Screen::Tail | Screen::Message => "Tail",
    }
}
