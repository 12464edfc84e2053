//! Second factors.

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;
use tenantry_identity::factor::Enrolment;
use tenantry_identity::passkey::Passkey;
use tenantry_kernel::Secret;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::ApiError;

/// What an authenticator app is given, once.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
pub(crate) struct EnrolmentView {
    /// The secret in base 32, to type: SHA-1, six digits, thirty seconds.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    pub secret: String,
    /// The same as an address.
    pub otpauth_uri: String,
    /// The address as a picture to scan: an SVG document.
    pub qr_svg: String,
}

impl EnrolmentView {
    pub(crate) fn of(enrolment: &Enrolment) -> Result<Self, ApiError> {
        let uri = enrolment.uri.expose();
        // An address of 2,900 bytes would be too long; the longest name and address are far shorter.
        let code = QrCode::encode_text(uri, QrCodeEcc::Medium)
            .map_err(|_| ApiError::internal("the address does not fit into a picture"))?;
        Ok(Self {
            secret: enrolment.secret.expose().clone(),
            otpauth_uri: uri.clone(),
            qr_svg: svg(&code),
        })
    }
}

/// The picture, with the quiet zone of four modules that readers need (ISO/IEC 18004).
fn svg(code: &QrCode) -> String {
    const QUIET: i32 = 4;
    let side = code.size() + 2 * QUIET;
    let mut dark = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            dark.push_str(&format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{dark}\" fill=\"#000\"/></svg>"
    )
}

/// Recovery codes, once.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub(crate) struct CodesView {
    /// Each is good once. They are shown now and never again.
    pub recovery_codes: Vec<String>,
}

impl CodesView {
    pub(crate) fn of(codes: &[Secret<String>]) -> Self {
        Self {
            recovery_codes: codes.iter().map(|code| code.expose().clone()).collect(),
        }
    }
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(crate) struct PasskeyView {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// True when it may live on several devices.
    pub synced: bool,
    /// True when it did, the last time it was used.
    pub backed_up: bool,
    /// How its authenticator is reached.
    pub transports: Vec<String>,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was used last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

impl From<&Passkey> for PasskeyView {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name.as_str().to_owned(),
            synced: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: passkey.transports.clone(),
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_square_with_room_around_it() {
        let enrolment = Enrolment {
            secret: Secret::new("MZXW6YTB".to_owned()),
            uri: Secret::new("otpauth://totp/Acme:ada%40example.com?secret=MZXW6YTB".to_owned()),
        };

        let view = EnrolmentView::of(&enrolment).unwrap();

        assert!(
            view.qr_svg
                .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")
        );
        assert!(view.qr_svg.contains("M4,4h1v1h-1z"), "the corner of the first finder");
        assert!(!view.qr_svg.contains("MZXW6YTB"));
    }
}
