use std::fmt;

/// Why something is refused: a rule to look up, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub rule: &'static str,
    pub detail: String,
}

pub type Outcome<T> = Result<T, Refusal>;

pub fn refuse<T>(rule: &'static str, detail: impl Into<String>) -> Outcome<T> {
    Err(refusal(rule, detail))
}

pub fn refusal(rule: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { rule, detail: detail.into() }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

impl std::error::Error for Refusal {}
