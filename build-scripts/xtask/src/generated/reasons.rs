//! Why calls end, in Kotlin: an app's own tests have the sentences without a native library.
use calls_machine::{EndReason, Language, Side};
use std::fmt::Write as _;

/// `EndReasons.kt`.
pub(super) fn kotlin() -> String {
    let mut text = HEAD.to_owned();
    block(
        &mut text,
        "/** Whose side ended it, or was the cause. */\npublic val EndReason.side: Side",
        |reason| {
            let side = match reason.side() {
                Side::We => "WE",
                Side::They => "THEY",
                Side::Between => "BETWEEN",
            };
            format!("Side.{side}")
        },
    );
    block(
        &mut text,
        "/** Whether it is how calls usually end, and no screen of its own is needed. */\n\
         public val EndReason.isUsual: Boolean",
        |reason| reason.is_usual().to_string(),
    );
    text.push_str(SENTENCE);
    for (language, name) in [(Language::Uk, "uk"), (Language::Ru, "ru"), (Language::En, "en")] {
        block(&mut text, &format!("private val EndReason.{name}: String"), |reason| {
            format!("\"{}\"", reason.sentence(language).replace('\\', "\\\\").replace('"', "\\\""))
        });
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A property with a value for each reason.
fn block(text: &mut String, head: &str, value: impl Fn(EndReason) -> String) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{head}\n    get() =\n        when (this) {{");
    for reason in EndReason::ALL {
        let _ =
            writeln!(text, "            EndReason.{} -> {}", constant(&format!("{reason:?}")), value(reason));
    }
    text.push_str("        }\n\n");
}

/// `WeHungUp` as `WE_HUNG_UP`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.extend(letter.to_uppercase());
    }
    constant
}

const HEAD: &str =
    "// Made by `cargo xtask gen` from the table of the machine: whatever is changed here is lost.
package com.worldmates.calls

/** Whose side it was. */
public enum class Side {
    /** This person, on this device or another. */
    WE,

    /** The other one. */
    THEY,

    /** The way between. */
    BETWEEN,
}

/** The language for a code such as `uk` or `ru-RU`; English for every other. */
public fun Language.Companion.of(code: String): Language =
    when (code.substringBefore('-').substringBefore('_').lowercase()) {
        \"uk\" -> Language.UK
        \"ru\" -> Language.RU
        else -> Language.EN
    }

";

const SENTENCE: &str = "/** What happened and what to do, for the person. */
public fun EndReason.sentence(language: Language): String =
    when (language) {
        Language.UK -> uk
        Language.RU -> ru
        Language.EN -> en
    }

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_constant_and_its_three_sentences() {
        let text = kotlin();

        for reason in EndReason::ALL {
            let constant = constant(&format!("{reason:?}"));
            let lines = text.matches(&format!("EndReason.{constant} -> ")).count();
            assert_eq!(lines, 5, "{constant}");
        }
        assert_eq!(constant("TheyAreBusy"), "THEY_ARE_BUSY");
    }
}
