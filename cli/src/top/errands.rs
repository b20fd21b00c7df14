//! What the app wants done beyond itself.

use contract::{MessageId, Position};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{
    event::{Effect, Event},
    follow::follow,
    poll::{Sources, told_in_time},
};
use crate::{
    commands::status::{Goal, life_of},
    feed::Feed,
};

pub(super) struct Errands {
    sources: Sources,
    events: mpsc::Sender<Event>,
    /// The live stream in work; the one before it ends when it is replaced.
    following: Option<AbortOnDropHandle<()>>,
}

impl Errands {
    pub(super) fn new(sources: Sources, events: mpsc::Sender<Event>) -> Self {
        Self {
            sources,
            events,
            following: None,
        }
    }

    /// Sets about an effect; what it brings comes as an event. Effects on the screen are not for here.
    pub(super) fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Follow { generation, wanted } => {
                let topics = wanted.topic.into_iter().collect();
                let consumer = self.sources.consumer.clone();
                let feed = Feed::new(consumer, topics, wanted.selection, Position::Latest);
                let following = tokio::spawn(follow(feed, generation, self.events.clone()));
                self.following = Some(AbortOnDropHandle::new(following));
            }
            Effect::AskLife(id) => {
                tokio::spawn(ask_life(self.sources.clone(), id, self.events.clone()));
            }
            Effect::Repaint | Effect::Quit => {}
        }
    }
}

async fn ask_life(sources: Sources, id: MessageId, events: mpsc::Sender<Event>) {
    let life = life_of(&sources.consumer, id, Goal::default(), Default::default());
    let life = told_in_time(life).await;
    // Nobody listens at the end.
    let _ = events.send(Event::Life { id, life }).await;
}
