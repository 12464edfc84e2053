//! Who the stories are about.

use serde_json::{Value, json};
use tenantry_identity_role::PlatformRole;
