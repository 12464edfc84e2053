//! Time zones that callers name.

use tenantry_kernel::Timezone;
use tenantry_kernel::locale::InvalidTimezone;
use tenantry_quotas::zone::Zone;

/// A place on the map. One that only looks like a place would count its days by UTC without a word.
pub(crate) fn timezone(text: &str) -> Result<Timezone, InvalidTimezone> {
    let timezone = Timezone::try_from(text)?;
    match Zone::named(timezone.as_str()) {
        Some(_) => Ok(timezone),
        None => Err(InvalidTimezone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_must_be_on_the_map() {
        assert_eq!(
            timezone("Asia/Tokyo").map(|zone| zone.to_string()),
            Ok("Asia/Tokyo".to_owned())
        );
        assert_eq!(timezone("UTC"), Ok(Timezone::utc()));
        assert_eq!(timezone("Europe/Atlantis"), Err(InvalidTimezone));
        assert_eq!(timezone("tomorrow"), Err(InvalidTimezone));
    }
}
