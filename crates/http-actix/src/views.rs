//! What several actions answer with alike.

pub(crate) mod branding;
pub(crate) mod invoice;
pub(crate) mod member;
pub(crate) mod payment_method;
pub(crate) mod platform_key;
pub(crate) mod session;
pub(crate) mod subscription;
pub(crate) mod tenant;
