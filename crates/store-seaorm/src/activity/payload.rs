//! Payloads of jobs: JSON, sealed, because mails carry one-time tokens.

use serde::{Deserialize, Serialize};
use tenantry_activity::job::{MAIL, Payload};
use tenantry_activity::mail::OutgoingMail;
use tenantry_kernel::{Cipher, EmailAddress, Mail, Secret, TenantId};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct StoredMail {
    template: String,
    to: String,
    locale: String,
    fields: Vec<(String, String)>,
    token: Option<String>,
}

/// Sealed for this job only: moved to another row it cannot be opened.
fn context(job: Uuid) -> String {
    format!("job/{job}")
}

/// A mail, for the job that is to send it.
pub(crate) fn seal(cipher: &dyn Cipher, job: Uuid, mail: &Mail) -> Vec<u8> {
    let own = |(name, text): &(&'static str, String)| ((*name).to_owned(), text.clone());
    let stored = StoredMail {
        template: mail.template.to_owned(),
        to: mail.to.as_str().to_owned(),
        locale: mail.locale.clone(),
        fields: mail.fields.iter().map(own).collect(),
        token: mail.token.as_ref().map(|token| token.expose().clone()),
    };
    // Text and lists of text always have a JSON form.
    let plain = serde_json::to_vec(&stored).unwrap_or_default();
    cipher.seal(&context(job), &plain)
}

/// What the job is about. What cannot be read says so: the queue goes on without it.
pub(crate) fn open(cipher: &dyn Cipher, job: Uuid, kind: &str, tenant: Option<TenantId>, sealed: &[u8]) -> Payload {
    let read = || -> Result<Payload, String> {
        let plain = cipher.open(&context(job), sealed).map_err(|cause| cause.to_string())?;
        if kind != MAIL {
            let text = String::from_utf8(plain.into_inner()).map_err(|cause| cause.to_string())?;
            return Ok(Payload::Json(text));
        }
        let mail: StoredMail = serde_json::from_slice(plain.expose()).map_err(|cause| cause.to_string())?;
        Ok(Payload::Mail(OutgoingMail {
            id: job,
            tenant,
            template: mail.template,
            to: EmailAddress::try_from(mail.to).map_err(|cause| cause.to_string())?,
            locale: mail.locale,
            fields: mail.fields,
            token: mail.token.map(Secret::new),
        }))
    };
    read().unwrap_or_else(Payload::Unreadable)
}
