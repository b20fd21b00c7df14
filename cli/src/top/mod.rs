//! The full screen of `kafkloud top`.
//!
//! [`app`] is what is shown and how it changes, without network, terminal or clock; [`view`] draws it; [`poll`] and
//! [`follow`] bring what the services say. This loop joins them. Drawing waits for nobody, and no service for the drawing,
//! but for a live stream that comes faster than it can be taken in: that is held up, and what is left out is said.

mod app;
mod cursor;
mod errands;
mod event;
mod figures;
mod flow;
mod follow;
mod freshness;
mod groups;
mod health;
mod keys;
mod listing;
mod message;
mod poll;
mod ring;
#[cfg(test)]
mod samples;
mod tail;
mod terminal;
mod text;
mod topics;
mod typing;
mod value;
mod view;

use std::time::Duration;

use anyhow::{Context, bail};
use crossterm::event::{Event as TerminalEvent, EventStream};
use futures::StreamExt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until},
};

use self::{
    app::App,
    errands::Errands,
    event::{Effect, Event},
    terminal::Screen,
};
pub(crate) use self::{poll::Sources, view::Theme};

/// The time for which a screen stands at least: people see no more, and a fast stream would have us draw all the time.
const FRAME: Duration = Duration::from_millis(40);
/// What may wait to be taken in.
const EVENTS_MAX: usize = 1024;

/// Shows the screen until the user has had enough, or a signal ends the process.
pub(crate) async fn run(sources: Sources, interval: Duration, theme: Theme) -> anyhow::Result<()> {
    let stop = service::shutdown::on_signal();
    let mut hangups = signal(SignalKind::hangup())?;
    let mut quits = signal(SignalKind::quit())?;
    let mut screen = Screen::take().context("cannot take the terminal")?;
    let (sender, mut events) = mpsc::channel(EVENTS_MAX);
    let mut polling = tokio::spawn(poll::poll(sources.clone(), interval, sender.clone()));
    let mut errands = Errands::new(sources, sender);
    let mut keys = EventStream::new();
    let mut app = App::new();
    let mut next_frame = Instant::now();
    let mut is_drawn = false;
    loop {
        let event = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            // They would end the process at once, and leave the terminal as it is.
            _ = hangups.recv() => return Ok(()),
            _ = quits.recv() => return Ok(()),
            () = sleep_until(next_frame), if !is_drawn => {
                let drawn = screen.draw(|frame| view::draw(frame, &mut app, theme));
                drawn.context("the screen cannot be shown any more")?;
                is_drawn = true;
                next_frame = Instant::now() + FRAME;
                continue;
            }
            pressed = keys.next() => match pressed.context("the terminal has gone")?? {
                TerminalEvent::Key(key) => Event::Key(key),
                _ => Event::Resized,
            },
            Some(event) = events.recv() => event,
            ended = &mut polling => {
                ended.context("asking the services has failed")?;
                bail!("asking the services has ended");
            }
        };
        match app.update(event) {
            None => {}
            Some(Effect::Quit) => return Ok(()),
            Some(Effect::Repaint) => screen.clear()?,
            Some(effect) => errands.run(effect),
        }
        is_drawn = false;
    }
}
