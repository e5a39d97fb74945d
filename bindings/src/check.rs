//! "Can I be reached?": the check before a call, in words.
use crate::snapshot::mirror;
use calls_core::{
    self as core,
    check::{Finding, Outlook, Subject, in_words},
};

mirror! {
    /// A language of the sentences.
    Language of core::Language {
        /// Ukrainian.
        Uk,
        /// Russian.
        Ru,
        /// English.
        En,
    }
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CheckOutcome {
    /// It works.
    Good,
    /// Calls can live without it.
    Warning,
    /// It does not work, and calls need it.
    Bad,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckLine {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub outcome: CheckOutcome,
    /// What was found.
    pub found: String,
    /// What the person can do; empty if there is nothing to do.
    pub advice: String,
}

/// All that was checked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckReport {
    /// Whether a call can be made.
    pub can_call: bool,
    /// In the order in which it was checked.
    pub lines: Vec<CheckLine>,
}

impl CheckReport {
    /// Of what was found.
    pub(crate) fn of(outlook: Outlook, lines: Vec<CheckLine>) -> Self {
        Self { can_call: outlook != Outlook::NoCalls, lines }
    }
}

impl CheckLine {
    /// A finding in words.
    pub(crate) fn of(subject: Subject, finding: &Finding, language: Language) -> Self {
        let words = in_words(subject, finding, language.into());
        let outcome = match (Outlook::of([(subject, finding)]), finding) {
            (Outlook::Good, Finding::NotOffered) | (Outlook::Limited, _) => CheckOutcome::Warning,
            (Outlook::Good, _) => CheckOutcome::Good,
            (Outlook::NoCalls, _) => CheckOutcome::Bad,
        };
        Self { what: words.what.to_owned(), outcome, found: words.found, advice: words.advice.to_owned() }
    }
}
