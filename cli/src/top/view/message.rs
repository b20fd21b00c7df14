//! One message: its place and key, its life as a ladder, its headers, its value. One long page to scroll.

use contract::{
    Stage, Timestamp,
    record::{Encoding, HeaderView},
    status::{MessageLife, StageReached},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::Theme;
use crate::{
    output::duration_text,
    top::{
        figures,
        health::Health,
        message::{Life, Message},
        text,
    },
};

const NAME_COLUMNS: usize = 11;
const TIME_COLUMNS: usize = 12;
const BAR_COLUMNS: usize = 24;

pub(super) fn draw(
    frame: &mut Frame,
    area: Rect,
    message: &mut Message,
    seer: &Health,
    theme: Theme,
) {
    let width = usize::from(area.width);
    let head = head(message, seer, width, theme);
    let value_rows = message.value.lay_out(width.saturating_sub(2));
    let height = usize::from(area.height);
    let rows = head.len() + value_rows;
    let first = message.window(rows, height);
    for (index, row) in (first..rows).zip(area.rows()) {
        let line = match head.get(index) {
            Some(line) => line.clone(),
            None => Line::raw(format!("  {}", message.value.row(index - head.len()))),
        };
        frame.render_widget(line, row);
    }
}

/// All that stands above the value.
fn head(message: &Message, seer: &Health, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let record = &message.record;
    let room = width.saturating_sub(2 + NAME_COLUMNS);
    let fact = |name: &str, words: &str| {
        Line::from(vec![
            Span::styled(format!("  {}", text::left(name, NAME_COLUMNS)), theme.dim()),
            Span::raw(text::one_line(words, room)),
        ])
    };
    let heading = |words: String| Line::styled(words, theme.bold());
    let at = record.timestamp.map(Timestamp::from_millis);
    let mut lines = vec![
        fact("topic", &record.topic),
        fact(
            "time",
            &at.map_or_else(|| figures::UNKNOWN.to_owned(), |at| at.to_string()),
        ),
        fact("key", &content(record.key.as_deref(), record.key_encoding)),
    ];
    if let Life::Known(MessageLife {
        trace_id: Some(trace_id),
        ..
    }) = &message.life
    {
        lines.push(fact("trace", trace_id));
    }
    lines.push(heading("Life".to_owned()));
    lines.extend(life(&message.life, seer, width, theme));
    if !record.headers.is_empty() {
        lines.push(heading("Headers".to_owned()));
        lines.extend(record.headers.iter().map(|header| {
            let words = header_words(header);
            Line::raw(format!(
                "  {}",
                text::one_line(&words, width.saturating_sub(2))
            ))
        }));
    }
    let size = figures::bytes(message.value.byte_count() as u64);
    let format = message.value.format().name();
    lines.push(heading(match &record.value {
        Some(_) => format!("Value, {size}, as {format}"),
        None => "No value".to_owned(),
    }));
    lines
}

fn header_words(header: &HeaderView) -> String {
    let value = content(header.value.as_deref(), header.value_encoding);
    format!("{}: {value}", header.name)
}

fn content(text: Option<&str>, encoding: Encoding) -> String {
    match (text, encoding) {
        (None, _) => figures::UNKNOWN.to_owned(),
        (Some(text), Encoding::Text) => text.to_owned(),
        (Some(text), Encoding::Base64) => format!("(not text, base64) {text}"),
    }
}

/// A rung a line: when it was reached, what that took, and where in the whole climb that was.
fn life(life: &Life, seer: &Health, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let words = |words: String| {
        let words = text::one_line(&words, width.saturating_sub(2));
        vec![Line::styled(format!("  {words}"), theme.dim())]
    };
    let known = match life {
        Life::Awaited => return words("asking…".to_owned()),
        Life::Unknown => {
            return words("the consumer does not know it: not yet, or not any more".to_owned());
        }
        Life::Silent(reason) => return words(format!("nobody tells: {reason}")),
        Life::Known(life) => life,
    };
    let mut lines: Vec<_> = known
        .stages
        .iter()
        .map(|reached| rung(known, reached, width, theme))
        .collect();
    let awaited = Stage::ALL
        .into_iter()
        .filter(|&stage| stage > known.stage && stage != Stage::Dead && known.stage != Stage::Dead);
    lines.extend(awaited.map(|stage| {
        let excuse = match seer {
            Health::Away(_) if stage == Stage::Indexed => "the seer is away",
            Health::Ailing(_) if stage == Stage::Indexed => "not yet: the seer is not ready",
            _ => "not yet",
        };
        Line::from(vec![
            Span::styled("  ○ ", theme.stage(stage)),
            Span::raw(text::left(stage.name(), NAME_COLUMNS - 2)),
            Span::styled(format!("  {excuse}"), theme.dim()),
        ])
    }));
    lines
}

fn rung(life: &MessageLife, reached: &StageReached, width: usize, theme: Theme) -> Line<'static> {
    let failed = reached.stage == Stage::Dead || reached.error.is_some();
    let at = reached.at.to_string();
    let at = at.get(11..11 + TIME_COLUMNS).unwrap_or(&at).to_owned();
    let is_first = life.stages.first() == Some(reached);
    let took = if is_first {
        String::new()
    } else {
        format!("+{}", duration_text(reached.took_us))
    };
    let style = theme.stage(reached.stage);
    let mut line = Line::from(vec![
        Span::styled(if failed { "  ✗ " } else { "  ● " }, style),
        Span::raw(text::left(reached.stage.name(), NAME_COLUMNS - 2)),
        Span::styled(format!("  {at}"), theme.dim()),
        Span::styled(text::right(&took, 13), theme.bold()),
    ]);
    let used = line.width() + 2;
    let rest = width.saturating_sub(used);
    if let Some(error) = &reached.error {
        line.push_span(Span::raw(format!("  {}", text::one_line(error, rest))));
    } else {
        line.push_span(Span::styled(format!("  {}", bar(life, reached)), style));
        let component = text::one_line(&reached.component, rest.saturating_sub(BAR_COLUMNS + 2));
        line.push_span(Span::styled(format!("  {component}"), theme.dim()));
    }
    line
}

/// The step to a rung within the time of the whole climb, as a bar of [`BAR_COLUMNS`] columns.
fn bar(life: &MessageLife, reached: &StageReached) -> String {
    let ends = life.stages.iter().map(|reached| reached.at);
    let (Some(start), Some(end)) = (ends.clone().min(), ends.max()) else {
        return String::new();
    };
    let whole = end.micros_since(start).max(1) as f64;
    let to = reached.at.micros_since(start) as f64 / whole;
    let took = reached.took_us as f64 / whole;
    let column = |share: f64| (share.clamp(0.0, 1.0) * BAR_COLUMNS as f64).round() as usize;
    let from = column(to - took).min(BAR_COLUMNS - 1);
    // Every step is seen, however short.
    let to = column(to).max(from + 1);
    format!(
        "{}{}{}",
        "·".repeat(from),
        "━".repeat(to - from),
        "·".repeat(BAR_COLUMNS - to)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    #[test]
    fn bars_follow_one_another() {
        let life = samples::life(samples::record(0, "x").id);
        let bars: Vec<_> = life.stages.iter().map(|stage| bar(&life, stage)).collect();
        assert_eq!(
            bars,
            [
                "━·······················",
                "━━━━━━━·················",
                "·······━━━━━━━━━━━━━━━━━"
            ]
        );
    }
}
