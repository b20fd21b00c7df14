//! Topics, groups and partitions as a table.

use ratatui::{Frame, layout::Rect, style::Style, text::Line};

use super::Theme;
use crate::top::{
    freshness::Freshness,
    listing::{Column, Listing, Row},
    text,
};

const GAP: usize = 2;
/// Figures rarely need more, and columns do not jump when they grow.
const NUMBER_COLUMNS_MIN: usize = 9;
const NAME_COLUMNS_MIN: usize = 10;
/// What a column of names may take beside the first.
const NAME_COLUMNS_MAX: usize = 20;

pub(super) fn draw<R: Row>(
    frame: &mut Frame,
    area: Rect,
    list: &mut Listing<R>,
    freshness: &Freshness,
    empty: &str,
    theme: Theme,
) {
    if list.len() == 0 {
        let words = if list.len_of_all() > 0 {
            "Nothing matches."
        } else if let Some(trouble) = freshness.trouble() {
            trouble
        } else if freshness.is_known() {
            empty
        } else {
            "Asking…"
        };
        let rows = text::wrapped(words, area.width.into());
        for (words, row) in rows.into_iter().zip(area.rows().skip(1)) {
            frame.render_widget(Line::raw(words), row);
        }
        return;
    }
    let titles = titles(R::COLUMNS, list.sort());
    let chosen = list.cursor.index();
    let height = usize::from(area.height).saturating_sub(1);
    let (window, rows) = list.window(height);
    let rows: Vec<Vec<_>> = rows.map(shown_cells).collect();
    let widths = widths(R::COLUMNS, &titles, &rows, area.width.into());
    let mut places = area.rows();
    if let Some(place) = places.next() {
        let line = line(R::COLUMNS, &titles, &widths);
        frame.render_widget(Line::styled(line, theme.bold()), place);
    }
    for ((cells, index), place) in rows.iter().zip(window).zip(places) {
        let style = if index == chosen {
            theme.chosen()
        } else {
            Style::new()
        };
        let words = line(R::COLUMNS, cells, &widths);
        let words = text::left(&words, area.width.into());
        frame.render_widget(Line::styled(words, style), place);
    }
}

/// As they are drawn, so that they are measured so, too.
fn shown_cells(row: &impl Row) -> Vec<String> {
    let cells = row.cells().into_iter();
    cells
        .map(|cell| text::one_line(&cell, usize::MAX))
        .collect()
}

/// With a sign of the order at the column that is sorted by.
fn titles(columns: &[Column], (sorted_by, descending): (usize, bool)) -> Vec<String> {
    let sign = if descending { "▼" } else { "▲" };
    let titles = columns.iter().enumerate();
    titles
        .map(|(index, column)| {
            if index == sorted_by {
                format!("{} {sign}", column.title)
            } else {
                column.title.to_owned()
            }
        })
        .collect()
}

/// Each column as wide as it needs to be; the first one, of names, takes what is left.
fn widths(columns: &[Column], titles: &[String], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let needed = |index: usize| {
        let cells = rows.iter().map(|cells| text::columns(&cells[index]));
        // Room for the sign of the order, so that the table stays as it is when it moves.
        let title = text::columns(columns[index].title) + 2;
        cells.max().unwrap_or(0).max(title)
    };
    let mut widths: Vec<usize> = (0..titles.len())
        .map(|index| match columns[index].is_number {
            true => needed(index).max(NUMBER_COLUMNS_MIN),
            false => needed(index).min(NAME_COLUMNS_MAX),
        })
        .collect();
    let others: usize = widths[1..].iter().map(|width| width + GAP).sum();
    widths[0] = width.saturating_sub(others).max(NAME_COLUMNS_MIN);
    widths
}

fn line(columns: &[Column], cells: &[String], widths: &[usize]) -> String {
    let cells = columns.iter().zip(cells).zip(widths);
    let cells = cells.map(|((column, cell), &width)| {
        if column.is_number {
            text::right(cell, width)
        } else {
            text::left(&text::name(cell, width), width)
        }
    });
    cells.collect::<Vec<_>>().join(&" ".repeat(GAP))
}
