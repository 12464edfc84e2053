//! Who the stories are about.

use std::sync::Arc;

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{DisplayName, EmailAddress, Secret};
use tenantry_lifecycle::appoint::AppointService;

use super::{Caller, Node, Reply};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// An organization's owner, signed in.
pub struct Owner {
    /// The organization.
    pub tenant: String,
    /// The owner's membership.
    pub membership: String,
    pub email: String,
    /// With an access token.
    pub caller: Caller,
}

impl Owner {
    /// Below the organization: `/users`.
    pub fn path(&self, rest: &str) -> String {
        format!("/tenants/{}{rest}", self.tenant)
    }

    /// An API key with these permissions.
    pub async fn key(&self, permissions: &[&str]) -> String {
        let body = json!({"name": "a key", "permissions": permissions});
        let made = self.caller.post("/tenants/current/api-keys", &body).await.expect(201);
        made["key"].as_str().expect("the key is shown").to_owned()
    }

    /// How a meter stands.
    pub async fn quota(&self, meter: &str) -> Value {
        let rows = self.caller.get("/tenants/current/quotas").await.expect(200);
        let rows = rows["data"].as_array().expect("rows").clone();
        let row = rows.into_iter().find(|row| row["meter"] == meter);
        row.unwrap_or_else(|| panic!("no row for {meter}"))
    }
}

impl Node {
    /// A new organization on a plan; its owner is signed in.
    pub async fn sign_up(&self, slug: &str, plan: &str) -> Owner {
        let email = format!("owner@{slug}.example");
        let body = json!({
            "name": slug, "slug": slug, "plan": plan,
            "owner_email": email, "owner_name": "Olive Owner", "owner_password": PASSWORD,
        });
        let made = self.anybody().post("/tenants", &body).await.expect(201);
        Owner {
            tenant: made["tenant"]["id"].as_str().expect("the tenant's id").to_owned(),
            membership: made["owner"]["id"].as_str().expect("the owner's id").to_owned(),
            email,
            caller: self.bearer(made["tokens"]["access_token"].as_str().expect("a token")),
        }
    }

    /// A service account of the organization with these permissions, with an access token.
    pub async fn service(&self, owner: &Owner, permissions: &[&str]) -> Caller {
        let body = json!({"name": "a service", "permissions": permissions});
        let made = owner
            .caller
            .post("/tenants/current/service-accounts", &body)
            .await
            .expect(201);
        let issued = self.grant(&made, None).await.expect(200);
        self.bearer(issued["access_token"].as_str().expect("a token"))
    }

    /// What a service account gets for its secret.
    pub async fn grant(&self, account: &Value, scope: Option<&str>) -> Reply {
        let text = |name: &str| account[name].as_str().expect("text").to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ];
        form.extend(scope.map(|scope| ("scope", scope)));
        self.anybody().form("/oauth/token", &form).await
    }

    /// Signs in; with everybody's password.
    pub async fn log_in(&self, email: &str) -> Caller {
        let body = json!({"email": email, "password": PASSWORD});
        let signed_in = self.anybody().post("/auth/login", &body).await.expect(200);
        self.bearer(signed_in["access_token"].as_str().expect("a token"))
    }

    /// A member with this role who has accepted, signed in.
    pub async fn member(&self, owner: &Owner, email: &str, role: &str) -> (String, Caller) {
        let body = json!({"email": email, "role": role});
        let invited = owner.caller.post(&owner.path("/invitations"), &body).await.expect(201);
        let accepted = json!({"token": self.token_sent_to(email).await, "name": "Mia", "password": PASSWORD});
        self.anybody().post("/invitations/accept", &accepted).await.expect(200);
        let id = invited["id"].as_str().expect("the membership's id").to_owned();
        (id, self.log_in(email).await)
    }

    /// A person with a platform role, signed in.
    pub async fn platform_person(&self, email: &str, role: PlatformRole) -> Caller {
        let node = self.installation();
        let service = AppointService::new(
            Arc::new(node.store.clone()),
            Arc::clone(&node.hasher),
            Arc::clone(&node.judge),
            node.sources.clock.clone(),
            node.sources.ids.clone(),
        );
        let address = EmailAddress::try_from(email).expect("an address");
        let name = DisplayName::try_from("Otto Operator").expect("a name");
        let password = Secret::new(PASSWORD.to_owned());
        service
            .appoint(&address, name, password, role)
            .await
            .expect("appointed");
        self.log_in(email).await
    }
}
