//! `ETag` and `If-Match`: the version of one resource, and the wish to change only that version.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use tenantry_kernel::uuid::Uuid;

use crate::error::ApiError;

/// The strong tag of one version of one resource. The id's random half binds it to the resource.
pub(crate) fn tag(id: Uuid, version: i64) -> String {
    let (_, random) = id.as_u64_pair();
    format!("\"{random:016x}-{version}\"")
}

/// What stands for a part of a resource that has versions of its own, and no id: a tag of the resource itself, or of
/// another part, is none of it.
pub(crate) fn part(id: Uuid, name: &str) -> Uuid {
    let (head, random) = id.as_u64_pair();
    let mixed = name
        .bytes()
        .fold(random, |mixed, byte| mixed.rotate_left(7) ^ u64::from(byte));
    Uuid::from_u64_pair(head, mixed)
}

/// What `If-Match` demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No demand.
    None,
    /// That the resource exists.
    Any,
    /// That it is one of these versions, as their tags tell.
    OneOf(Vec<String>),
}

impl Precondition {
    /// Reads the header; weak tags never match (RFC 9110, section 13.1.1).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut tags = Vec::new();
        let mut present = false;
        for value in headers.get_all(header::IF_MATCH) {
            present = true;
            let text = value.to_str().unwrap_or_default();
            if text.trim() == "*" {
                return Self::Any;
            }
            tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
        }
        if present { Self::OneOf(tags) } else { Self::None }
    }

    /// The version that the resource must still have; `None` when any will do.
    ///
    /// # Errors
    /// 412 when no tag is one of this resource.
    pub fn version_of(&self, id: Uuid) -> Result<Option<i64>, ApiError> {
        let Self::OneOf(tags) = self else {
            return Ok(None);
        };
        let (_, random) = id.as_u64_pair();
        let prefix = format!("\"{random:016x}-");
        let versions = tags
            .iter()
            .filter_map(|tag| tag.strip_prefix(&prefix)?.strip_suffix('"')?.parse::<i64>().ok());
        versions.max().map(Some).ok_or_else(Self::failed)
    }

    fn failed() -> ApiError {
        ApiError::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "the resource is not in the version that If-Match names",
        )
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn precondition(text: &str) -> Precondition {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_str(text).unwrap());
        Precondition::of(&headers)
    }

    #[test]
    fn a_tag_names_one_version_of_one_resource() {
        let id = Uuid::from_u128(7);
        let tag = tag(id, 3);

        assert_eq!(precondition(&tag).version_of(id).unwrap(), Some(3));
        assert_eq!(precondition(&format!("\"x\", {tag}")).version_of(id).unwrap(), Some(3));
        assert_eq!(precondition("*").version_of(id).unwrap(), None);
        assert_eq!(Precondition::of(&HeaderMap::new()).version_of(id).unwrap(), None);
    }

    #[test]
    fn a_part_has_tags_of_its_own() {
        let id = Uuid::from_u128(7);
        let (looks, policy) = (part(id, "branding"), part(id, "security-policy"));

        for other in [id, policy, part(Uuid::from_u128(8), "branding")] {
            assert_eq!(
                precondition(&tag(other, 3)).version_of(looks).unwrap_err().status(),
                412
            );
        }
        assert_eq!(
            precondition(&tag(looks, 3)).version_of(part(id, "branding")).unwrap(),
            Some(3)
        );
    }

    #[test]
    fn foreign_weak_and_garbled_tags_are_412() {
        let id = Uuid::from_u128(7);
        let weak = format!("W/{}", tag(id, 3));

        for text in [weak.as_str(), "\"3\"", "3", "", &tag(Uuid::from_u128(8), 3)] {
            let refused = precondition(text).version_of(id).unwrap_err();
            assert_eq!(refused.status(), 412, "{text}");
        }
    }
}
