//! How hard passwords are to guess, by zxcvbn, on the threads that hash.

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;
use tenantry_identity::password::{Strength, StrengthMeter};
use tenantry_identity::user::HashFailed;
use tenantry_kernel::Secret;
use zxcvbn::Score;

use crate::hasher::HashThreads;

/// As many characters as zxcvbn looks at itself.
const MOST_CHARS: usize = 100;
/// Words that are compared with at most, and their characters.
const MOST_WORDS: (usize, usize) = (64, 100);
/// Which characters zxcvbn takes for which letter.
const STAND_INS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];
/// Readings of pieces that are tried at most; each takes half a microsecond, so that all take some fifty milliseconds.
const MOST_TRIED: usize = 100_000;

/// [`StrengthMeter`] by zxcvbn. Its dictionaries take some ten megabytes from the first measurement on.
#[derive(Clone)]
pub struct ZxcvbnMeter {
    threads: HashThreads,
}

impl ZxcvbnMeter {
    /// Measures on these threads: what waits for them is bounded, and steps back behind requests.
    pub(crate) const fn on(threads: HashThreads) -> Self {
        Self { threads }
    }
}

#[async_trait]
impl StrengthMeter for ZxcvbnMeter {
    async fn measure(&self, password: Secret<String>, words: Vec<String>) -> Result<Strength, HashFailed> {
        self.threads.run(move || Ok(measure(password.expose(), &words))).await
    }
}

fn measure(password: &str, words: &[String]) -> Strength {
    let password = bounded(password);
    let (most, longest) = MOST_WORDS;
    let words: Vec<&str> = words.iter().take(most).map(|word| head(word, longest)).collect();
    // Should it ever give up on a password, that one counts as guessed.
    let measured = catch_unwind(AssertUnwindSafe(|| zxcvbn::zxcvbn(password, &words)));
    let Ok(found) = measured else {
        return Strength::default();
    };
    let advice = found.feedback().map(|feedback| {
        let warning = feedback.warning().iter().map(ToString::to_string).collect::<Vec<_>>();
        warning
            .into_iter()
            .chain(feedback.suggestions().iter().map(ToString::to_string))
            .collect()
    });
    Strength {
        score: score(found.score()),
        advice: advice.unwrap_or_default(),
    }
}

const fn score(score: Score) -> u8 {
    match score {
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        Score::Four => 4,
        // And any that a later version might add.
        _ => 0,
    }
}

/// The beginning of a password that can be measured in bounded time. zxcvbn reads every piece of a password (their number
/// grows with the square of its length) in every way in which characters may stand for letters (their number is the
/// product over the letters): a hundred characters of all kinds would take more than a second. Where there are many ways,
/// fewer characters are read. What is left out makes no password look stronger than it is.
fn bounded(password: &str) -> &str {
    let password = head(password, MOST_CHARS);
    let allowed = MOST_TRIED / ways(password);
    let most = (1..=MOST_CHARS).take_while(|length| pieces(*length) <= allowed);
    head(password, most.last().unwrap_or(1))
}

/// In how many ways the characters of a password may stand for letters.
fn ways(password: &str) -> usize {
    STAND_INS
        .iter()
        .map(|(_, stand_ins)| stand_ins.chars().filter(|one| password.contains(*one)).count().max(1))
        .product()
}

/// How many pieces a text of this length has.
const fn pieces(length: usize) -> usize {
    length * (length + 1) / 2
}

fn head(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strength(password: &str, words: &[&str]) -> Strength {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        measure(password, &words)
    }

    #[test]
    fn what_is_guessed_first_scores_least_and_says_why() {
        let weak = strength("Password1!", &[]);
        assert!(weak.score <= 1, "{weak:?}");
        assert!(weak.advice.len() > 1, "{weak:?}");
        assert!(weak.advice.iter().all(|sentence| sentence.ends_with('.')), "{weak:?}");

        let strong = strength("quiet marble lantern seven", &[]);
        assert_eq!((strong.score, strong.advice.len()), (4, 0));
    }

    #[test]
    fn what_whoever_guesses_knows_of_the_owner_is_worth_little() {
        let password = "brightwater mia";
        let known = strength(password, &["Brightwater", "mia"]);

        assert!(known.score < strength(password, &[]).score, "{known:?}");
    }

    #[test]
    fn nothing_takes_more_tries_than_allowed_however_it_is_made() {
        let stand_ins: String = STAND_INS.iter().flat_map(|(_, stand_ins)| stand_ins.chars()).collect();

        for hard in [
            stand_ins.repeat(6),
            "a".repeat(128),
            "abcabc".repeat(22),
            "1!|".repeat(40),
            "密".repeat(128),
        ] {
            let read = bounded(&hard);
            let tried = ways(read) * pieces(read.chars().count());
            assert!((1..=MOST_TRIED).contains(&tried), "{hard}: {tried}");
            assert!(strength(&hard, &[]).score <= 4);
        }
        assert!(bounded(&stand_ins.repeat(6)).len() < 20);
        assert_eq!(
            strength(&stand_ins, &[]).score,
            4,
            "what is left is measured all the same"
        );
        let words = "quiet marble lantern seven 7 times 19 and more!";
        assert_eq!(bounded(words), words);
    }

    #[tokio::test]
    async fn it_runs_on_the_threads_that_hash() {
        let threads = HashThreads::start(1, 4).unwrap();
        let meter = ZxcvbnMeter::on(threads);

        let found = meter
            .measure(Secret::new("password".to_owned()), Vec::new())
            .await
            .unwrap();

        assert_eq!(found.score, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic_and_every_score_is_on_the_scale(
            password in "\\PC{0,140}",
            words in proptest::collection::vec("\\PC{0,30}", 0..6),
        ) {
            let known: Vec<&str> = words.iter().map(String::as_str).collect();
            let found = catch_unwind(|| zxcvbn::zxcvbn(bounded(&password), &known));

            prop_assert!(found.is_ok());
            prop_assert!(measure(&password, &words).score <= 4);
        }
    }
}
