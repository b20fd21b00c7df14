//! The whole stream in numbers, and each part of the platform with what it says about itself.

use contract::Stage;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{Theme, header::mark};
use crate::{
    output::grouped,
    top::{
        app::App,
        figures, flow,
        health::{Health, PARTS},
        text,
    },
    up::Part,
};

const NAME_COLUMNS: usize = 10;
const NUMBER_COLUMNS: usize = 14;
/// The columns before the bars.
const FIGURES_COLUMNS: usize = 2 + NAME_COLUMNS + 2 * NUMBER_COLUMNS + 2;

pub(super) fn draw(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let stages = Constraint::Length(Stage::ALL.len() as u16 + 2);
    let [stages, parts] = Layout::vertical([stages, Constraint::Min(0)]).areas(area);
    draw_stages(frame, stages, &app.flow, theme);
    draw_parts(frame, parts, app, theme);
}

fn draw_stages(frame: &mut Frame, area: Rect, flow: &flow::Flow, theme: Theme) {
    let titles = format!(
        "  {}{}{}  the last while",
        text::left("stage", NAME_COLUMNS),
        text::right("messages", NUMBER_COLUMNS),
        text::right("messages/s", NUMBER_COLUMNS),
    );
    let room = usize::from(area.width).saturating_sub(FIGURES_COLUMNS);
    let rows = Stage::ALL.into_iter().map(|stage| {
        let total = flow.total(stage).map(grouped);
        let total = total.unwrap_or_else(|| figures::UNKNOWN.to_owned());
        Line::from(vec![
            Span::styled("● ", theme.stage(stage)),
            Span::raw(text::left(stage.name(), NAME_COLUMNS)),
            Span::styled(text::right(&total, NUMBER_COLUMNS), theme.bold()),
            Span::raw(text::right(
                &figures::rate(flow.rate(stage)),
                NUMBER_COLUMNS,
            )),
            Span::raw("  "),
            Span::styled(flow.bars(stage, room), theme.stage(stage)),
        ])
    });
    let titles = Line::styled(titles, theme.bold());
    for (line, row) in std::iter::once(titles).chain(rows).zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// A line for each part, and more for one that has something to complain of.
fn draw_parts(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let mut lines = vec![Line::styled("  service", theme.bold())];
    let indent = 2 + NAME_COLUMNS + 12;
    let room = usize::from(area.width).saturating_sub(indent);
    for part in PARTS {
        let health = app.parts.health(part);
        let words = match health.reason() {
            Some(reason) => reason.to_owned(),
            None => does(app, part, &health),
        };
        let mut rows = text::wrapped(&words, room).into_iter();
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", mark(&health)), theme.health(&health)),
            Span::raw(text::left(&part.to_string(), NAME_COLUMNS)),
            Span::styled(text::left(health.word(), 12), theme.bold()),
            Span::raw(rows.next().unwrap_or_default()),
        ]));
        lines.extend(rows.map(|row| Line::raw(format!("{}{row}", " ".repeat(indent)))));
    }
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// What is to be said of a part that is well.
fn does(app: &App, part: Part, health: &Health) -> String {
    let waiting = |count: i64| format!("{} records wait for it", figures::count(count));
    match part {
        Part::Consumer => {
            let lag = app.flow.summary.lag.get(CONSUMER_GROUP);
            lag.map(|&lag| waiting(lag)).unwrap_or_default()
        }
        Part::Seer => match &app.flow.index {
            Some(index) if *health != Health::Unknown => {
                let lag = index.lag.map(|lag| format!(", {}", waiting(lag)));
                let points = grouped(index.points);
                format!("{points} passages in the index{}", lag.unwrap_or_default())
            }
            _ => String::new(),
        },
        Part::Producer | Part::Streamer | Part::Portal => String::new(),
    }
}

/// The group of the consumer, unless it was told another one; then nothing is said.
const CONSUMER_GROUP: &str = "consumer";
