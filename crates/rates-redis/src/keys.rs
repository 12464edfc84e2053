//! What a subject is called in Redis.

use tenantry_kernel::Cipher;
use tenantry_quotas::rate::RateSubject;

/// What fingerprints of subjects are made for.
const CONTEXT: &str = "rates";
/// How much of a fingerprint a key holds: 128 bits tell any number of subjects apart.
const BYTES: usize = 16;

/// The key of a subject. It tells nobody an address or a tenant, and two installations on one Redis do not meet, as
/// their master keys differ.
pub(crate) fn of(subject: &RateSubject, cipher: &dyn Cipher) -> Vec<u8> {
    let print = cipher.fingerprint(CONTEXT, name(subject).as_bytes());
    let mut key = b"tenantry:rate:".to_vec();
    key.extend(print.iter().take(BYTES));
    key
}

/// A name that no other subject has, and that every release gives alike.
fn name(subject: &RateSubject) -> String {
    let kind = |live: bool| if live { "live" } else { "test" };
    match subject {
        RateSubject::Tenant(tenant, meter, live) => format!("tenant:{tenant}:{}:{meter}", kind(*live)),
        RateSubject::TenantClass(tenant, class, live) => {
            format!("class:{tenant}:{}:{}", kind(*live), class.as_str())
        }
        RateSubject::Member(tenant, user) => format!("member:{tenant}:{user}"),
        RateSubject::ApiKey(key) => format!("key:{key}"),
        RateSubject::ServiceAccount(account) => format!("service:{account}"),
        RateSubject::Person(user) => format!("person:{user}"),
        RateSubject::Address(address) => format!("address:{address}"),
        RateSubject::AddressIn(address, area) => format!("address:{address}:{area}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{IpAddr, Ipv4Addr};

    use tenantry_kernel::id::{ApiKeyId, UserId};
    use tenantry_kernel::uuid::Uuid;
    use tenantry_kernel::{Code, TenantId};
    use tenantry_quotas::rate::RouteClass;
    use tenantry_test_support::TestCipher;

    use super::*;

    #[test]
    fn every_subject_has_a_key_of_its_own_that_hides_it() {
        let id = Uuid::from_u128(7);
        let (tenant, user) = (TenantId::from_uuid(id), UserId::from_uuid(id));
        let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
        let meter = Code::try_from("api_calls").unwrap();
        let subjects = [
            RateSubject::Tenant(tenant, meter.clone(), true),
            RateSubject::Tenant(tenant, meter, false),
            RateSubject::TenantClass(tenant, RouteClass::Read, true),
            RateSubject::TenantClass(tenant, RouteClass::Write, true),
            RateSubject::Member(tenant, user),
            RateSubject::ApiKey(ApiKeyId::from_uuid(id)),
            RateSubject::Person(user),
            RateSubject::Address(address),
            RateSubject::AddressIn(address, "guessing"),
        ];

        let keys: BTreeSet<Vec<u8>> = subjects.iter().map(|subject| of(subject, &TestCipher)).collect();

        assert_eq!(keys.len(), subjects.len());
        let shown = keys.iter().map(|key| String::from_utf8_lossy(key)).collect::<String>();
        assert!(
            !shown.contains("198.51.100.7") && !shown.contains(&id.to_string()),
            "{shown}"
        );
    }
}
