use std::time::Instant;

/// How far what is shown can be relied upon: when it was heard of last, and why not since.
#[derive(Debug, Default)]
pub(super) struct Freshness {
    heard_at: Option<Instant>,
    trouble: Option<String>,
}

impl Freshness {
    pub(super) fn heard(&mut self, at: Instant) {
        self.heard_at = Some(at);
        self.trouble = None;
    }

    pub(super) fn failed(&mut self, reason: String) {
        self.trouble = Some(reason);
    }

    /// Whether anything was heard at all.
    pub(super) fn is_known(&self) -> bool {
        self.heard_at.is_some()
    }

    pub(super) fn is_current(&self) -> bool {
        self.is_known() && self.trouble.is_none()
    }

    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How old it is, when it is not renewed.
    pub(super) fn age_words(&self, now: Option<Instant>) -> Option<String> {
        self.trouble.as_ref()?;
        let age = now?.saturating_duration_since(self.heard_at?);
        Some(format!("as of {} s ago", age.as_secs()))
    }
}
