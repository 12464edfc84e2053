//! What several actions answer with alike.

pub(crate) mod branding;
pub(crate) mod factor;
pub(crate) mod invoice;
pub(crate) mod join_request;
pub(crate) mod member;
pub(crate) mod payment_method;
pub(crate) mod person;
pub(crate) mod person_card;
pub(crate) mod platform_key;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod signing_key;
pub(crate) mod subscription;
pub(crate) mod tenant;
