//! The line above the body: what this is, how much of it there is, and what is left out.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Theme;
use crate::{
    output::grouped,
    top::{
        app::{App, Screen},
        figures,
        tail::Connection,
        text,
        typing::Sought,
    },
};

/// What a topic's or a group's name may take of the line.
const NAME_COLUMNS: usize = 30;

pub(super) fn draw(frame: &mut Frame, area: Rect, app: &App, theme: Theme) {
    let mut words = match app.screen {
        Screen::Topics => topics(app),
        Screen::Groups => {
            let list = &app.groups.list;
            vec![counted(list.len(), list.len_of_all(), "group")]
        }
        Screen::Partitions => partitions(app),
        Screen::Flow => vec!["the way of a message, and who brings it on".to_owned()],
        Screen::Tail => tail(app),
        Screen::Message => message(app),
    };
    words.extend(filters(app));
    let words = text::one_line(&words.join(" · "), area.width.into());
    frame.render_widget(Line::styled(words, theme.dim()), area);
    let freshness = match app.screen {
        Screen::Topics => &app.topics.freshness,
        Screen::Groups | Screen::Partitions => &app.groups.freshness,
        // The stream says itself how it is; the flow's figures are those of the first line.
        Screen::Flow | Screen::Tail | Screen::Message => return,
    };
    if let Some(words) = freshness.age_words(app.now) {
        let words = Span::styled(format!(" {words}"), theme.warning());
        frame.render_widget(Line::from(words).right_aligned(), area);
    }
}

fn topics(app: &App) -> Vec<String> {
    let list = &app.topics.list;
    let hidden = if app.topics.shows_internal() {
        "internal ones too"
    } else {
        "internal ones hidden"
    };
    vec![
        counted(list.len(), list.len_of_all(), "topic"),
        hidden.to_owned(),
    ]
}

fn partitions(app: &App) -> Vec<String> {
    let mut words = vec![text::name(app.groups.opened_name(), NAME_COLUMNS)];
    if let Some(group) = app.groups.opened() {
        words.push(group.state.clone());
        let members = group.members.iter();
        let members = members.map(|member| {
            // As Kafka writes it: `/127.0.0.1`.
            let host = member.client_host.trim_start_matches('/');
            format!("{}@{host}", member.client_id)
        });
        let members: Vec<_> = members.collect();
        let count = members.len();
        words.push(format!(
            "{}: {}",
            counted(count, count, "member"),
            members.join(", ")
        ));
    }
    words
}

fn tail(app: &App) -> Vec<String> {
    let tail = &app.tail;
    let topic = tail.wanted().topic.as_deref();
    let mut words = vec![match topic {
        Some(name) => text::name(name, NAME_COLUMNS),
        None => "all topics of users".to_owned(),
    }];
    match tail.connection() {
        Connection::None | Connection::Live => {}
        Connection::Opening => words.push("opening".to_owned()),
        Connection::Lost(_) => words.push("lost, trying again".to_owned()),
        Connection::Refused(_) => words.push("refused".to_owned()),
    }
    if let Some(waiting) = tail.waiting() {
        words.push(format!("PAUSED, {} waiting", grouped(waiting)));
    } else if *tail.connection() == Connection::Live {
        let rate = topic.and_then(|name| app.topics.rate(name));
        let rate = rate.map(|rate| format!(", {}/s", figures::rate(Some(rate))));
        words.push(format!("live{}", rate.unwrap_or_default()));
    }
    words.push(format!("{} missed", grouped(tail.missed())));
    words.push(format!("{} seen", grouped(tail.seen())));
    words
}

fn message(app: &App) -> Vec<String> {
    let Some(message) = &app.message else {
        return Vec::new();
    };
    let record = &message.record;
    let topic = text::name(&record.topic, NAME_COLUMNS);
    vec![
        format!("{topic} / {} / {}", record.partition, record.offset),
        record.id.to_string(),
    ]
}

fn filters(app: &App) -> Vec<String> {
    let (text, expression) = (app.filter(Sought::Text), app.filter(Sought::Where));
    let mut words = Vec::new();
    if app.screen == Screen::Tail && !(text.is_empty() && expression.is_empty()) {
        let looked_at = app.tail.progress().seen;
        words.push(format!("{} looked at", grouped(looked_at)));
    }
    if !text.is_empty() {
        words.push(format!("“{text}”"));
    }
    if !expression.is_empty() {
        words.push(format!("where {expression}"));
    }
    words
}

/// `3 topics`, `3 of 7 topics`.
fn counted(count: usize, of: usize, what: &str) -> String {
    let plural = if of == 1 { "" } else { "s" };
    if count == of {
        format!("{count} {what}{plural}")
    } else {
        format!("{count} of {of} {what}{plural}")
    }
}
