//! Chance that repeats: the kill schedule and what clients ask for follow from one seed.

use std::time::{Duration, SystemTime};

/// The variable with the seed; without it the ordinary run uses one that never changes, the long one the time.
const SEED: &str = "TENANTRY_PROVE_SEED";
/// The variable with the number of kills per database; it makes the long form.
const KILLS: &str = "TENANTRY_PROVE_KILLS";
/// How often is killed in the ordinary run.
const SHORT: u32 = 10;
/// The seed of the ordinary run: one with which everybody dies.
const ORDINARY: u64 = 4;

/// How long is proved, and with which chance.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub seed: u64,
    pub kills: u32,
    pub long: bool,
}

impl Length {
    /// As the environment says.
    pub fn asked_for() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is no number")))
        };
        let kills = number(KILLS);
        let now = || SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
        Self {
            seed: number(SEED).unwrap_or_else(|| if kills.is_some() { now() } else { ORDINARY }),
            kills: kills.map_or(SHORT, |kills| u32::try_from(kills).expect("so many nobody waits for")),
            long: kills.is_some(),
        }
    }
}

/// Numbers that look random and repeat (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Those of one client, or of the schedule.
    pub fn of(seed: u64, whose: u64) -> Self {
        let mut dice = Self(seed ^ whose.wrapping_mul(0xA076_1D64_78BD_642F));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one less than this.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A number from 1 to this one.
    pub fn up_to(&mut self, most: u64) -> u64 {
        1 + self.below(most)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Who dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// The program.
    Program,
    /// The program, and again while it starts.
    ProgramTwice,
    /// PostgreSQL: its postmaster is killed.
    Database,
    /// PostgreSQL ends at once.
    DatabaseAtOnce,
    /// Both.
    Both,
}

/// One kill.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    pub victim: Victim,
    /// When so many more answers have come than when everything stood again,
    pub after_answers: u64,
    /// and this much later. In between, other answers are on their way: they are lost at the worst moment.
    pub then: Duration,
}

/// All of them.
pub fn schedule(length: Length, has_own_postgres: bool) -> Vec<Kill> {
    let mut dice = Dice::of(length.seed, u64::MAX);
    let kill = |_| {
        let victim = match dice.below(10) {
            0 | 1 if has_own_postgres => Victim::Database,
            2 if has_own_postgres => Victim::DatabaseAtOnce,
            3 if has_own_postgres => Victim::Both,
            4 => Victim::ProgramTwice,
            _ => Victim::Program,
        };
        Kill {
            victim,
            after_answers: dice.up_to(80),
            then: if dice.one_in(2) {
                Duration::ZERO
            } else {
                Duration::from_micros(dice.below(30_000))
            },
        }
    };
    (0..length.kills).map(kill).collect()
}

#[test]
fn the_same_seed_kills_alike() {
    let told = |seed| {
        let length = Length {
            seed,
            kills: 50,
            long: true,
        };
        format!("{:?}", schedule(length, true))
    };

    assert_eq!(told(1), told(1));
    assert_ne!(told(1), told(2));
}

#[test]
fn everybody_dies_in_the_ordinary_run() {
    let length = Length {
        seed: ORDINARY,
        kills: SHORT,
        long: false,
    };

    let died: std::collections::BTreeSet<Victim> = schedule(length, true).iter().map(|kill| kill.victim).collect();

    assert_eq!(died.len(), 5, "{died:?}");
}
