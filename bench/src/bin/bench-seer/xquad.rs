//! Paragraphs and the questions that each of them answers.

use std::path::Path;

use serde::Deserialize;

pub(crate) struct Xquad {
    pub(crate) paragraphs: Vec<String>,
    pub(crate) questions: Vec<Question>,
}

pub(crate) struct Question {
    pub(crate) text: String,
    /// The paragraph's number.
    pub(crate) paragraph: usize,
}

#[derive(Deserialize)]
struct File {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
struct Paragraph {
    context: String,
    qas: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    question: String,
}

impl Xquad {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file: File = serde_json::from_slice(&std::fs::read(path)?)?;
        let (mut paragraphs, mut questions) = (Vec::new(), Vec::new());
        for paragraph in file.data.into_iter().flat_map(|article| article.paragraphs) {
            questions.extend(paragraph.qas.into_iter().map(|asked| Question {
                text: asked.question,
                paragraph: paragraphs.len(),
            }));
            paragraphs.push(paragraph.context);
        }
        Ok(Self {
            paragraphs,
            questions,
        })
    }

    /// As many as are wanted, over and over, each different from the others.
    pub(crate) fn sentences(&self, count: usize) -> Vec<String> {
        let all: Vec<&str> = self
            .paragraphs
            .iter()
            .flat_map(|paragraph| paragraph.split_inclusive(". "))
            .map(str::trim)
            .filter(|sentence| sentence.len() > 20)
            .collect();
        let numbered = |number| format!("{} {}", all[number % all.len()], number / all.len());
        (0..count).map(numbered).collect()
    }
}
