//! What was said before in a conversation, in memory: bounded in number, age and size, and gone after a restart.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;
use unicode_segmentation::UnicodeSegmentation;

use super::words::content_words;
use crate::bm25::Bm25;

const CONVERSATIONS_MAX: usize = 1000;
/// How long a conversation is remembered after its last question.
const AGE_MAX: Duration = Duration::from_secs(60 * 60);
const TURNS_MAX: usize = 6;
/// What is kept of a question or an answer, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// Words that stand for something said before.
const PRONOUNS: &[&str] = &[
    "it", "its", "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs",
    "this", "that", "these", "those", "there", "then", "former", "latter", "same", "ones", "else",
];

/// A question, such that it can be understood alone, and its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Turn {
    pub(super) question: String,
    pub(super) answer: String,
}

#[derive(Default)]
pub(super) struct Conversations(Mutex<HashMap<String, Remembered>>);

struct Remembered {
    turns: VecDeque<Turn>,
    last: Instant,
}

/// A name for a new conversation; ids sort by the time they were made.
pub(super) fn new_id() -> String {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |since| since.as_millis() as u64);
    let random: [u8; 10] = std::array::from_fn(|_| fastrand::u8(..));
    uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .into_uuid()
        .to_string()
}

impl Conversations {
    /// What was said, the oldest first.
    pub(super) fn turns(&self, id: &str) -> Vec<Turn> {
        let conversations = self.0.lock();
        let remembered = conversations
            .get(id)
            .filter(|remembered| remembered.last.elapsed() < AGE_MAX);
        remembered.map_or_else(Vec::new, |remembered| {
            remembered.turns.iter().cloned().collect()
        })
    }

    pub(super) fn add(&self, id: &str, question: &str, answer: &str) {
        let mut conversations = self.0.lock();
        if conversations.len() >= CONVERSATIONS_MAX && !conversations.contains_key(id) {
            conversations.retain(|_, remembered| remembered.last.elapsed() < AGE_MAX);
            forget_oldest(&mut conversations);
        }
        let remembered = conversations
            .entry(id.to_owned())
            .or_insert_with(|| Remembered {
                turns: VecDeque::new(),
                last: Instant::now(),
            });
        if remembered.last.elapsed() >= AGE_MAX {
            remembered.turns.clear();
        }
        remembered.last = Instant::now();
        if remembered.turns.len() == TURNS_MAX {
            remembered.turns.pop_front();
        }
        remembered.turns.push_back(Turn {
            question: shortened(question),
            answer: shortened(answer),
        });
    }
}

fn forget_oldest(conversations: &mut HashMap<String, Remembered>) {
    if conversations.len() < CONVERSATIONS_MAX {
        return;
    }
    let oldest = conversations
        .iter()
        .min_by_key(|(_, remembered)| remembered.last)
        .map(|(id, _)| id.clone());
    if let Some(oldest) = oldest {
        conversations.remove(&oldest);
    }
}

fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

/// Whether a question cannot be understood alone: it refers to something by a pronoun, or says too little.
pub(super) fn is_follow_up(bm25: &Bm25, question: &str) -> bool {
    let words: Vec<String> = question.unicode_words().map(str::to_lowercase).collect();
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    matches!(word(0), "and" | "but" | "so" | "also")
        || matches!(word(0), "what" | "how") && word(1) == "about"
        || words.iter().any(|word| PRONOUNS.contains(&word.as_str()))
        || content_words(bm25, question).is_empty()
}

/// The question with the words of the one before it, for finding what both are about.
pub(super) fn joined(bm25: &Bm25, before: &str, question: &str) -> String {
    let mut words = content_words(bm25, before);
    let own = content_words(bm25, question);
    words.retain(|word| !own.contains(word));
    if words.is_empty() {
        return question.to_owned();
    }
    format!("{question} {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follow_ups_and_questions_that_stand_alone() {
        let bm25 = Bm25::new().unwrap();
        for question in [
            "and where do they live?",
            "Where do they live?",
            "When was it built?",
            "why?",
            "And its mayor?",
            "What about Paris?",
        ] {
            assert!(is_follow_up(&bm25, question), "{question}");
        }
        for question in [
            "Where do the Wilymajinkas live?",
            "How many points did the Panthers defense surrender?",
            "Do you know anything about the Wilymajinkas?",
            "Who is Ada?",
        ] {
            assert!(!is_follow_up(&bm25, question), "{question}");
        }
    }

    #[test]
    fn a_follow_up_is_looked_for_with_the_words_before_it() {
        let bm25 = Bm25::new().unwrap();
        assert_eq!(
            joined(
                &bm25,
                "Do you know anything about the Wilymajinkas?",
                "and where do they live?"
            ),
            "and where do they live? Wilymajinkas"
        );
        assert_eq!(joined(&bm25, "Paris", "Paris and it"), "Paris and it");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let conversations = Conversations::default();
        for n in 0..CONVERSATIONS_MAX + 10 {
            conversations.add(&n.to_string(), "q", "a");
        }
        assert_eq!(conversations.0.lock().len(), CONVERSATIONS_MAX);
        assert!(conversations.turns("0").is_empty());
        for n in 0..TURNS_MAX + 3 {
            conversations.add("x", &n.to_string(), &"ä".repeat(TEXT_BYTES_MAX));
        }
        let turns = conversations.turns("x");
        assert_eq!(turns.len(), TURNS_MAX);
        assert_eq!(turns[0].question, "3");
        assert!(turns[0].answer.len() <= TEXT_BYTES_MAX);
    }
}
