//! Two lists of chunks into one list of messages.
//!
//! Reciprocal rank fusion, each reciprocal rank weighted with how good the score is within its list. Ranks alone lose what
//! the scores tell: whether the first is far ahead of the second or level with it. Scores alone are not comparable
//! between lists; relative to the best and to the [`CHUNKS`]th they are. There is nothing to tune.

use std::{cmp::Ordering, collections::HashMap};

use contract::{
    MessageId,
    seer::{Rank, Ranks, SearchHit, SearchMode},
};

use crate::store::{Found, FoundLists, Payload};

/// The usual constant: how little the first few ranks differ from each other.
const RANK_CONSTANT: f32 = 60.0;

/// The part of a list that scores are relative to, always the same: whoever asks for more hits gets the same ones first.
pub(super) const CHUNKS: usize = 50;

/// A message in the making.
struct Candidate {
    /// Its best chunk, by the sum of relative scores in both lists.
    payload: Payload,
    best: f32,
    ranks: Ranks,
    /// Relative scores of its best chunk in each list.
    dense: f32,
    sparse: f32,
}

/// The best first, `limit` at most.
pub(super) fn fuse(lists: FoundLists, mode: SearchMode, limit: usize) -> Vec<SearchHit> {
    let chunks = chunk_scores(&lists);
    let mut candidates: HashMap<MessageId, Candidate> = HashMap::new();
    for (is_dense, list) in [(true, lists.dense), (false, lists.sparse)] {
        let relative = Relative::of(&list);
        // Of messages, not of chunks.
        let mut rank = 0;
        for found in list {
            let id = found.payload.id;
            let chunk = chunks.get(&(id, found.payload.chunk)).copied();
            let (score, chunk) = (found.score, chunk.unwrap_or_default());
            let candidate = candidates.entry(id).or_insert_with(|| Candidate {
                payload: found.payload.clone(),
                best: chunk,
                ranks: Ranks::default(),
                dense: 0.0,
                sparse: 0.0,
            });
            if chunk > candidate.best {
                candidate.best = chunk;
                candidate.payload = found.payload;
            }
            let (place, weight) = if is_dense {
                (&mut candidate.ranks.dense, &mut candidate.dense)
            } else {
                (&mut candidate.ranks.sparse, &mut candidate.sparse)
            };
            if place.is_none() {
                rank += 1;
                *place = Some(Rank { rank, score });
                *weight = relative.of_score(score);
            }
        }
    }
    let mut hits: Vec<SearchHit> = candidates
        .into_values()
        .map(|candidate| candidate.into_hit(mode))
        .collect();
    hits.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        // Ranks far down depend on how many hits are wanted, so they decide only where no score counts.
        let by_ranks = || match a.score > 0.0 {
            true => Ordering::Equal,
            false => by_ranks(b).total_cmp(&by_ranks(a)),
        };
        // The id makes the order of equals the same every time.
        by_score.then_with(by_ranks).then_with(|| a.id.cmp(&b.id))
    });
    hits.truncate(limit);
    hits
}

/// For those that are too far down for their scores to count.
fn by_ranks(hit: &SearchHit) -> f32 {
    let reciprocal = |place: Option<Rank>| {
        place.map_or(0.0, |place| (RANK_CONSTANT + place.rank as f32).recip())
    };
    reciprocal(hit.ranks.dense) + reciprocal(hit.ranks.sparse)
}

/// The sum of relative scores of every chunk that was found.
fn chunk_scores(lists: &FoundLists) -> HashMap<(MessageId, u32), f32> {
    let mut scores = HashMap::new();
    for list in [&lists.dense, &lists.sparse] {
        let relative = Relative::of(list);
        for found in list {
            let key = (found.payload.id, found.payload.chunk);
            *scores.entry(key).or_default() += relative.of_score(found.score);
        }
    }
    scores
}

/// Where scores of a list lie: its best is 1, its last that counts and all below are 0.
struct Relative {
    worst: f32,
    range: f32,
}

impl Relative {
    fn of(list: &[Found]) -> Self {
        let list = &list[..list.len().min(CHUNKS)];
        let (worst, best) = match (list.last(), list.first()) {
            (Some(worst), Some(best)) => (worst.score, best.score),
            _ => (0.0, 0.0),
        };
        Self {
            worst,
            range: best - worst,
        }
    }

    fn of_score(&self, score: f32) -> f32 {
        if self.range > 0.0 {
            ((score - self.worst) / self.range).max(0.0)
        } else {
            1.0
        }
    }
}

impl Candidate {
    fn into_hit(self, mode: SearchMode) -> SearchHit {
        let fused = |place: Option<Rank>, weight: f32| {
            place.map_or(0.0, |place| weight / (RANK_CONSTANT + place.rank as f32))
        };
        let alone = |place: Option<Rank>| place.map_or(0.0, |place| place.score);
        let score = match mode {
            SearchMode::Hybrid => {
                fused(self.ranks.dense, self.dense) + fused(self.ranks.sparse, self.sparse)
            }
            SearchMode::Dense => alone(self.ranks.dense),
            SearchMode::Sparse => alone(self.ranks.sparse),
        };
        SearchHit {
            id: self.payload.id,
            topic: self.payload.topic,
            partition: self.payload.partition,
            offset: self.payload.offset,
            key: self.payload.key,
            timestamp: self.payload.timestamp,
            text: self.payload.text,
            score,
            ranks: self.ranks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: i64, chunk: u32, score: f32) -> Found {
        let payload = Payload {
            id: MessageId::of_record("stream", 0, message),
            topic: "stream".to_owned(),
            partition: 0,
            offset: message,
            key: None,
            timestamp: None,
            chunk,
            text: format!("{message}.{chunk}"),
        };
        Found { payload, score }
    }

    fn order(hits: &[SearchHit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.text.as_str()).collect()
    }

    #[test]
    fn a_message_is_one_hit_by_its_best_chunk() {
        let lists = FoundLists {
            dense: vec![found(1, 0, 0.9), found(1, 4, 0.8), found(2, 0, 0.1)],
            sparse: vec![found(1, 4, 7.0), found(2, 0, 1.0)],
        };
        let hits = fuse(lists, SearchMode::Hybrid, 10);
        assert_eq!(order(&hits), ["1.4", "2.0"]);
        let rank = |rank, score| Some(Rank { rank, score });
        assert_eq!(hits[0].ranks.dense, rank(1, 0.9));
        assert_eq!(hits[1].ranks.dense, rank(2, 0.1));
        assert_eq!(hits[1].ranks.sparse, rank(2, 1.0));
    }

    #[test]
    fn one_far_ahead_in_one_list_beats_one_narrowly_ahead_in_the_other() {
        let lists = FoundLists {
            dense: vec![found(1, 0, 0.52), found(2, 0, 0.51), found(3, 0, 0.1)],
            sparse: vec![found(2, 0, 9.0), found(1, 0, 3.0), found(3, 0, 2.0)],
        };
        assert_eq!(order(&fuse(lists, SearchMode::Hybrid, 2)), ["2.0", "1.0"]);
    }

    #[test]
    fn more_hits_begin_with_the_same_ones() {
        let list = |seed: i64, length: i64| {
            let found = |n| found((n * seed) % 211, 0, 1.0 / (n + 1) as f32);
            (0..length).map(found).collect()
        };
        let hits = |chunks: i64, limit| {
            let lists = FoundLists {
                dense: list(7, chunks),
                sparse: list(13, chunks),
            };
            fuse(lists, SearchMode::Hybrid, limit)
        };
        let (few, many) = (hits(50, 5), hits(200, 100));
        // Their ranks may be told more fully.
        let place = |hit: &SearchHit| (hit.id, hit.score);
        let first: Vec<_> = many[..5].iter().map(place).collect();
        assert_eq!(few.iter().map(place).collect::<Vec<_>>(), first);
        let in_order = |pair: &[SearchHit]| pair[0].score >= pair[1].score;
        assert!(many.len() == 100 && many.windows(2).all(in_order));
    }

    #[test]
    fn one_list_alone_keeps_its_order_and_scores() {
        let lists = FoundLists {
            dense: vec![found(3, 0, 0.9), found(1, 0, 0.5), found(2, 0, 0.5)],
            sparse: Vec::new(),
        };
        let hits = fuse(lists, SearchMode::Dense, 1);
        assert_eq!((order(&hits), hits[0].score), (vec!["3.0"], 0.9));
        assert!(fuse(FoundLists::default(), SearchMode::Hybrid, 5).is_empty());
    }
}
