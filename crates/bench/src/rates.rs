//! What checking a call's rates costs, without HTTP and without Redis.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Instant;

use tenantry_kernel::TenantId;
use tenantry_kernel::id::{ApiKeyId, UserId};
use tenantry_kernel::uuid::Uuid;
use tenantry_quota_engine::PaceKeeper;
use tenantry_quotas::rate::{PerMinute, RateLimit, RateLimiter, RateSubject, RouteClass};

/// Subjects of each kind, so that they do not all lie in the processor's cache.
const SUBJECTS: u128 = 10_000;
/// How often all of them call in one round.
const TURNS: u32 = 20;
/// Of so many rounds the fastest counts: the others were disturbed.
const ROUNDS: u32 = 7;

/// Prints nanoseconds per check.
pub fn measure() {
    println!("rate check ns, {SUBJECTS} subjects, one thread");
    for rates in 1..=3 {
        println!("  {rates} rates: {:.0}", nanoseconds(rates));
    }
}

/// What holding a call to so many rates costs; the fastest round.
pub fn nanoseconds(rates: usize) -> f64 {
    let keeper = PaceKeeper::new();
    let calls: Vec<Vec<RateLimit>> = (0..SUBJECTS)
        .map(|number| limits(number).into_iter().take(rates).collect())
        .collect();
    let round = || {
        let began = Instant::now();
        for _ in 0..TURNS {
            for call in &calls {
                let _ = black_box(keeper.call(black_box(call)));
            }
        }
        let checks = f64::from(TURNS) * f64::from(u32::try_from(SUBJECTS).unwrap_or(u32::MAX));
        began.elapsed().as_secs_f64() * 1e9 / checks
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn limits(number: u128) -> [RateLimit; 3] {
    let id = Uuid::from_u128(number * 0x9E37_79B9_7F4A_7C15);
    let pace = PerMinute(NonZeroU32::MAX);
    let limit = |policy, subject| RateLimit { policy, subject, pace };
    let tenant = TenantId::from_uuid(id);
    [
        limit("api_key", RateSubject::ApiKey(ApiKeyId::from_uuid(id))),
        limit("read", RateSubject::TenantClass(tenant, RouteClass::Read, true)),
        limit("member", RateSubject::Member(tenant, UserId::from_uuid(id))),
    ]
}
