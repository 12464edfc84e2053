//! The result, as a table and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::Outcome;
use crate::big::{self, Big};
use crate::ingest::{self, Ingestion};
use crate::inside::checks::Check;
use crate::inside::counting::Counting;
use crate::invitations::{self, Bulk};
use crate::storm::{self, Storm};

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report {
    pub processor: String,
    pub cores: String,
    pub rounds: u32,
    pub turn_ms: u64,
    pub figures: Vec<Figure>,
    /// What the embedded check costs.
    pub embedded: Vec<Figure>,
    pub people: People,
    pub counting: Vec<Counting>,
    pub checks: Vec<Check>,
    pub ingestion: Vec<Ingestion>,
    /// Only when it was asked for.
    pub big: Vec<Big>,
    pub starts: Vec<StartFigure>,
    pub binary_bytes: u64,
}

/// What concerns people.
#[derive(Serialize)]
pub struct People {
    pub storms: Vec<Storm>,
    pub invitations: Vec<Bulk>,
}

impl People {
    /// Passes when every answer was the expected one.
    pub fn check(&self) -> Outcome<()> {
        match self.storms.iter().map(|storm| storm.failed).sum::<u64>() {
            0 => Ok(()),
            failed => Err(format!("{failed} answers in the storm were not as expected").into()),
        }
    }
}

/// One target under load.
#[derive(Serialize)]
pub struct Figure {
    pub name: String,
    pub clients: usize,
    /// The median of the rounds.
    pub per_second: f64,
    /// Of answers per second, to the bare answer with as many clients; the median of the rounds.
    pub ratio: f64,
    /// Processor time of the server per answer.
    pub cpu_us: f64,
    /// Of processor time: the bare answer's to this one's.
    pub cpu_ratio: f64,
    pub p50_us: u32,
    pub p99_us: u32,
    /// Answers that were not the expected one.
    pub failed: u64,
}

/// What starts on one database cost.
#[derive(Serialize)]
pub struct StartFigure {
    pub database: &'static str,
    pub ready_ms: f64,
    pub idle_bytes: u64,
}

impl Report {
    /// For people; it is Markdown, so that it can be kept.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{}; {}; median of {} rounds of {} ms\n\n",
            self.processor, self.cores, self.rounds, self.turn_ms
        );
        text.push_str(&figures_table(&self.figures));
        text.push('\n');
        text.push_str(&figures_table(&self.embedded));
        text.push_str(&people_table(&self.people));
        text.push_str(&counting_table(&self.counting));
        text.push_str(&checks_table(&self.checks));
        text.push_str(&ingestion_table(&self.ingestion));
        if !self.big.is_empty() {
            text.push_str(&big_table(&self.big));
        }
        text.push_str("\n| start on an existing database | ready after ms | idle MB |\n| --- | ---: | ---: |\n");
        for start in &self.starts {
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.1} |",
                start.database,
                start.ready_ms,
                megabytes(start.idle_bytes)
            );
        }
        let _ = writeln!(text, "\nThe binary has {:.1} MB.", megabytes(self.binary_bytes));
        text
    }

    /// Passes when every answer was the expected one: figures of refusals are figures of nothing.
    pub fn check(&self) -> Outcome<()> {
        let figures = self.figures.iter().chain(&self.embedded);
        let figures = figures.map(|figure| (figure.failed, figure.name.as_str()));
        let storms = self.people.storms.iter().map(|storm| (storm.failed, storm.name));
        let big = self.big.iter().map(|big| (big.failed, big.name));
        as_expected(figures.chain(storms).chain(big))
    }
}

/// Passes when every answer of these was the expected one.
pub fn check(figures: &[Figure]) -> Outcome<()> {
    as_expected(figures.iter().map(|figure| (figure.failed, figure.name.as_str())))
}

fn as_expected<'a>(all: impl Iterator<Item = (u64, &'a str)>) -> Outcome<()> {
    let failed: Vec<String> = all
        .filter(|(failed, _)| *failed > 0)
        .map(|(failed, name)| format!("{failed} answers to \"{name}\" were not as expected"))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; ").into())
    }
}

/// How fast targets answer.
pub fn figures_table(figures: &[Figure]) -> String {
    let mut text = String::from(
        "| target | clients | answers/s | ratio | server CPU µs | CPU ratio | p50 ms | p99 ms |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for figure in figures {
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {} | {:.1} | {} | {:.2} | {:.2} |",
            figure.name,
            figure.clients,
            figure.per_second,
            ratio(figure.ratio),
            figure.cpu_us,
            ratio(figure.cpu_ratio),
            f64::from(figure.p50_us) / 1e3,
            f64::from(figure.p99_us) / 1e3,
        );
    }
    text
}

/// What people notice.
pub fn people_table(people: &People) -> String {
    let mut text = format!(
        "\n| {} readers, {} log-ins at once | reads/s | meanwhile | p99 ms | meanwhile | times | log-ins/s |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        storm::READERS,
        storm::LOG_INS
    );
    for one in &people.storms {
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} |",
            one.name,
            one.quiet_per_s,
            one.stormy_per_s,
            one.quiet_p99_us / 1e3,
            one.stormy_p99_us / 1e3,
            one.times,
            one.log_ins_per_s
        );
    }
    let _ = writeln!(text, "\nThe target is {} times at most.", storm::TARGET);
    let _ = writeln!(
        text,
        "\n| {} invitations in one call | ms | invited/s |\n| --- | ---: | ---: |",
        invitations::ROWS
    );
    for one in &people.invitations {
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} |",
            one.database, one.call_ms, one.invited_per_s
        );
    }
    text
}

/// How fast one process counts.
pub fn counting_table(all: &[Counting]) -> String {
    let mut text = String::from(
        "\n| strict counting in one process | callers | engine/s | one by one/s | plain SQL/s | to one by one | to plain SQL |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for one in all {
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |",
            one.database,
            one.callers,
            one.grouped_per_s,
            one.single_per_s,
            one.plain_per_s,
            one.to_single,
            one.to_plain
        );
    }
    text
}

fn checks_table(all: &[Check]) -> String {
    let mut text = String::from("\n| check from memory | ns | target ns |\n| --- | ---: | ---: |\n");
    for one in all {
        let _ = writeln!(text, "| {} | {:.0} | {:.0} |", one.name, one.ns, one.target_ns);
    }
    text
}

fn ingestion_table(all: &[Ingestion]) -> String {
    let mut text = format!(
        "\n| ingestion, {} events a batch | events/s | plain rows/s | ratio | events | MB before | MB after |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        ingest::BATCH
    );
    for one in all {
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} | {} | {} | {:.1} | {:.1} |",
            one.database,
            one.events_per_s,
            one.rows_per_s,
            ratio(one.ratio),
            one.events,
            megabytes(one.resident_before),
            megabytes(one.resident_after)
        );
    }
    let _ = writeln!(text, "\nThe target of the ratio is {} at least.", ingest::TARGET);
    text
}

/// What a large database costs.
pub fn big_table(all: &[Big]) -> String {
    let mut text = String::from(
        "\n| on a full database | clients | rows | empty/s | full/s | times longer |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for one in all {
        let _ = writeln!(
            text,
            "| {}, {} | {} | {} | {:.0} | {:.0} | {:.2} |",
            one.name, one.database, one.clients, one.rows, one.empty_per_s, one.full_per_s, one.times
        );
    }
    let _ = writeln!(text, "\nThe target is {} at most.", big::TARGET);
    text
}

fn ratio(ratio: f64) -> String {
    if ratio >= 0.095 {
        format!("{ratio:.2}")
    } else {
        format!("{ratio:.4}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_every_target_and_failures_are_told() {
        let figure = Figure {
            name: "log-in".to_owned(),
            clients: 4,
            per_second: 30.0,
            ratio: 0.0015,
            cpu_us: 28_000.0,
            cpu_ratio: 0.0002,
            p50_us: 130_000,
            p99_us: 140_000,
            failed: 1,
        };
        let report = Report {
            processor: "a processor".to_owned(),
            cores: "two".to_owned(),
            rounds: 5,
            turn_ms: 1_000,
            people: People {
                storms: Vec::new(),
                invitations: Vec::new(),
            },
            figures: vec![figure],
            embedded: Vec::new(),
            counting: Vec::new(),
            checks: Vec::new(),
            ingestion: Vec::new(),
            big: Vec::new(),
            starts: Vec::new(),
            binary_bytes: 25_000_000,
        };

        assert!(
            report
                .table()
                .contains("| log-in | 4 | 30 | 0.0015 | 28000.0 | 0.0002 | 130.00 | 140.00 |")
        );
        assert!(report.check().unwrap_err().to_string().contains("log-in"));
    }
}
