//! Draws the app. Everything that a sender, a service or another program has named passes through [`super::text`] first.

mod flow;
mod footer;
mod header;
mod help;
mod listing;
mod message;
mod status;
mod tail;
#[cfg(test)]
mod tests;
mod theme;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

pub(crate) use self::theme::Theme;
use super::app::{App, Screen};
use crate::output::grouped;

/// Below this, nothing that is drawn could be read.
const WIDTH_MIN: u16 = 40;
const HEIGHT_MIN: u16 = 8;
/// From here on there is room for more than the lists.
const HEIGHT_ROOMY: u16 = 16;
/// Lines for what is wrong; the view Flow has room for all of it.
const COMPLAINTS_MAX: usize = 2;

pub(super) fn draw(frame: &mut Frame, app: &mut App, theme: Theme) {
    let area = frame.area();
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        let words = format!("too small: {WIDTH_MIN}×{HEIGHT_MIN} at least");
        frame.render_widget(Line::raw(words), area);
        return;
    }
    let complaints = complaints(app);
    // A message needs the room itself, and the view Flow tells the same in more words.
    let is_roomy = area.height >= HEIGHT_ROOMY;
    let has_stages = is_roomy && !matches!(app.screen, Screen::Message | Screen::Flow);
    let [head, stages, tabs, title, body, notices, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(if has_stages { 2 } else { 0 }),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(complaints.len() as u16),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(frame, head, app, theme);
    header::draw_stages(frame, stages, app, theme);
    header::draw_tabs(frame, tabs, app, theme);
    status::draw(frame, title, app, theme);
    draw_body(frame, body, app, theme);
    for (row, complaint) in notices.rows().zip(&complaints) {
        footer::draw_complaint(frame, row, complaint, theme);
    }
    footer::draw(frame, foot, app, theme);
    if app.shows_help {
        help::draw(frame, area, app.screen, theme);
    }
}

fn draw_body(frame: &mut Frame, area: Rect, app: &mut App, theme: Theme) {
    match app.screen {
        Screen::Topics => {
            let topics = &mut app.topics;
            let empty = "No topics yet: `kafkloud produce stream hello` makes one.";
            listing::draw(
                frame,
                area,
                &mut topics.list,
                &topics.freshness,
                empty,
                theme,
            );
        }
        Screen::Groups => {
            let groups = &mut app.groups;
            let empty = "No consumer groups yet.";
            listing::draw(
                frame,
                area,
                &mut groups.list,
                &groups.freshness,
                empty,
                theme,
            );
        }
        Screen::Partitions => {
            let groups = &mut app.groups;
            let empty = match groups.opened() {
                Some(_) => "It has committed no offset yet.",
                None => "There is no such group any more.",
            };
            listing::draw(
                frame,
                area,
                &mut groups.partitions,
                &groups.freshness,
                empty,
                theme,
            );
        }
        Screen::Flow => flow::draw(frame, area, app, theme),
        Screen::Tail => tail::draw(frame, area, &mut app.tail, theme),
        Screen::Message => {
            let seer = app.parts.health(crate::up::Part::Seer);
            if let Some(message) = &mut app.message {
                message::draw(frame, area, message, &seer, theme);
            }
        }
    }
}

/// The view Flow has a line for each part already.
fn complaints(app: &App) -> Vec<String> {
    if app.screen == Screen::Flow {
        return Vec::new();
    }
    let mut complaints = app.parts.complaints();
    complaints.truncate(COMPLAINTS_MAX);
    let progress = app.tail.progress();
    if app.screen == Screen::Tail
        && let Some(error) = &progress.error
    {
        let count = grouped(progress.failed);
        complaints.push(format!(
            "where cannot be evaluated on {count} records: {error}"
        ));
    }
    complaints
}
