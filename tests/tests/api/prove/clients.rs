//! What clients ask for: usage on one meter and on several, batches of events, reservations.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::chance::Dice;
use super::client::{Counted, Course, Tenant, Told};

/// How a client works.
#[derive(Clone, Copy, Debug)]
pub enum Trade {
    Uses,
    Batches,
    Reserves,
}

/// One client at work until the course is over.
pub async fn work(tenant: Arc<Tenant>, course: Arc<Course>, trade: Trade, number: u64, mut dice: Dice) {
    let client = Client { tenant, course, number };
    let mut past = Vec::new();
    for call in 0_u64.. {
        if client.course.over.load(Ordering::Relaxed) {
            return;
        }
        match trade {
            Trade::Uses => client.use_some(call, &mut dice).await,
            Trade::Batches => client.tell_events(call, &mut past, &mut dice).await,
            Trade::Reserves => client.reserve(call, &mut dice).await,
        }
    }
}

struct Client {
    tenant: Arc<Tenant>,
    course: Arc<Course>,
    number: u64,
}

/// An event of a batch, as it is told.
#[derive(Clone)]
struct Event {
    id: String,
    meter: &'static str,
}

impl Client {
    fn name(&self, what: &str, call: u64) -> String {
        format!("{what}-{}-{}-{call}", self.tenant.slug, self.number)
    }

    /// Usage, on one meter or on two at once.
    async fn use_some(&self, call: u64, dice: &mut Dice) {
        let key = self.name("use", call);
        let (much, little) = (dice.up_to(5), dice.up_to(3));
        let lines = match dice.below(20) {
            0..12 => vec![("hot", much)],
            12..17 => vec![("small", little)],
            _ => vec![("hot", much), ("small", little)],
        };
        let items: Vec<Value> = lines
            .iter()
            .map(|(meter, amount)| json!({"meter": meter, "amount": amount}))
            .collect();
        let body = if let [one] = &*items {
            one.clone()
        } else {
            json!({ "items": items })
        };

        let told = self.tenant.ask("/usage", &body, &key).await;

        if !told.counted(201) {
            return self.tenant.refuses(&self.course, key);
        }
        let had_landed = told.had_landed(&key);
        let used = told.reply.json()["used"].as_i64().filter(|_| lines.len() == 1);
        self.count(key, lines, used, had_landed);
    }

    /// A batch of events: new ones, some told before, sometimes one twice.
    async fn tell_events(&self, call: u64, past: &mut Vec<Event>, dice: &mut Dice) {
        let mut events: Vec<Event> = (0..dice.up_to(100))
            .map(|place| Event {
                id: format!("{}-{place}", self.name("event", call)),
                meter: if dice.one_in(5) { "trials" } else { "signups" },
            })
            .collect();
        let new = events.len();
        for _ in 0..dice.below(6) {
            let place = usize::try_from(dice.below(past.len() as u64)).unwrap();
            events.extend(past.get(place).cloned());
        }
        if dice.one_in(5) {
            events.push(events[0].clone());
        }
        let told: Vec<Value> = events
            .iter()
            .map(|event| json!({"id": event.id, "source": "/prover", "type": event.meter, "subject": event.id, "data": {}}))
            .collect();

        let told = self.tenant.ask("/usage/events", &json!({ "events": told }), "").await;

        let tries = told.tries;
        let verdicts = told.reply.expect(200);
        let verdicts = verdicts["data"].as_array().expect("a verdict for each").clone();
        assert_eq!(verdicts.len(), events.len());
        for (place, (event, verdict)) in events.into_iter().zip(verdicts).enumerate() {
            assert_eq!(verdict["id"], event.id, "verdicts are in the order of the events");
            self.hear(&event, &verdict, place < new, tries);
            if place < new {
                past.push(event);
            }
        }
    }

    /// The verdict on one event.
    fn hear(&self, event: &Event, verdict: &Value, new: bool, tries: u32) {
        let status = verdict["status"].as_str().unwrap_or_default();
        match (status, new) {
            ("counted", true) => self.count(event.id.clone(), vec![(event.meter, 1)], None, false),
            // Told for the first time, it is known only when an answer was lost.
            ("duplicate", true) if tries > 1 => self.count(event.id.clone(), vec![(event.meter, 1)], None, true),
            ("refused", true) => self.tenant.refuses(&self.course, event.id.clone()),
            ("duplicate" | "refused", false) => {}
            _ => panic!("{} of {tries} tries, new: {new}: {verdict}", event.id),
        }
    }

    /// Holds some, then uses some of it, gives it back, or forgets about it.
    async fn reserve(&self, call: u64, dice: &mut Dice) {
        let key = self.name("job", call);
        let held = dice.up_to(6);
        let forgotten = dice.one_in(12);
        let ttl_s = if forgotten { 2 } else { 3_600 };
        let body = json!({"meter": "jobs", "amount": held, "ttl_seconds": ttl_s, "subject": key});

        let told = self.tenant.ask("/reservations", &body, &key).await;

        if !told.counted(201) {
            return self.tenant.refuses(&self.course, key);
        }
        let reservation = told.reply.json();
        let id = reservation["id"].as_str().expect("a reservation has an id").to_owned();
        self.tenant.said().held.push(id.clone());
        if forgotten {
            return self.tenant.refuses(&self.course, key);
        }
        if dice.one_in(4) {
            let told = self.settle(&id, "release", &json!({}), &key).await;
            let _ = told.reply.expect(200);
            return self.tenant.refuses(&self.course, key);
        }
        let used = dice.up_to(held);
        let body = if used == held {
            json!({})
        } else {
            json!({"amount": used})
        };
        let told = self.settle(&id, "commit", &body, &key).await;
        let had_landed = told.had_landed(&key);
        let _ = told.reply.expect(200);
        self.count(key, vec![("jobs", used)], None, had_landed);
    }

    async fn settle(&self, id: &str, how: &str, body: &Value, key: &str) -> Told {
        let path = format!("/reservations/{id}/{how}");
        self.tenant.ask(&path, body, &format!("{key}-{how}")).await
    }

    fn count(&self, name: String, lines: Vec<(&'static str, u64)>, used: Option<i64>, had_landed: bool) {
        let lines = lines
            .into_iter()
            .map(|(meter, amount)| (meter, i64::try_from(amount).unwrap()))
            .collect();
        let counted = Counted { name, lines, used };
        self.tenant.counts(&self.course, counted, had_landed);
    }
}
