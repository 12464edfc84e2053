//! In whose name a mail is written: the product's, or the looks of the tenant that it speaks for.

use tenantry_kernel::EmailAddress;
use tenantry_tenancy::branding::{Brand, Color, WebAddress};
use tenantry_tenancy::text::Note;

use super::words::Speaker;

/// The colour of buttons where nobody chose one.
const COLOR: &str = "#1d4ed8";

/// What stands around a mail's words. Texts of tenants are plain text here; whoever renders them escapes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letterhead {
    /// The product.
    pub(super) product: String,
    /// The tenant that the mail speaks for.
    pub(super) tenant: Option<String>,
    /// Its picture.
    pub(super) logo: Option<String>,
    /// The colour of buttons, as `#rrggbb`.
    pub(super) color: String,
    /// Where answers go.
    pub(super) support_email: Option<EmailAddress>,
    /// Where help is.
    pub(super) support_url: Option<String>,
    /// What stands below.
    pub(super) footer: Option<String>,
}

impl Letterhead {
    /// The product's own.
    pub(super) fn of_product(product: &str, support_email: Option<EmailAddress>) -> Self {
        Self {
            product: product.to_owned(),
            tenant: None,
            logo: None,
            color: COLOR.to_owned(),
            support_email,
            support_url: None,
            footer: None,
        }
    }

    /// A tenant's. What it left open is plain, never another's.
    pub(super) fn of_tenant(brand: &Brand, product: &str) -> Self {
        let look = brand.branding.look();
        Self {
            product: product.to_owned(),
            tenant: Some(brand.shown_name().to_string()),
            logo: look.logo_url.as_ref().map(WebAddress::to_string),
            color: look
                .primary_color
                .as_ref()
                .map_or_else(|| COLOR.to_owned(), Color::to_string),
            support_email: look.support_email.clone(),
            support_url: look.support_url.as_ref().map(WebAddress::to_string),
            footer: look.footer.as_ref().map(Note::to_string),
        }
    }

    /// Who the mail is from, as people read it.
    pub(super) fn name(&self) -> &str {
        self.tenant.as_deref().unwrap_or(&self.product)
    }

    /// The name beside the sender's address; `None` to keep the configured one. A tenant's name never stands alone:
    /// who may found a tenant must not be able to write as somebody's bank.
    pub(super) fn sender(&self) -> Option<String> {
        let tenant = self.tenant.as_deref()?;
        Some(if tenant == self.product {
            tenant.to_owned()
        } else {
            format!("{tenant} via {}", self.product)
        })
    }

    /// The colour of letters on the button: whichever of black and white is easier to read (by the weights of ITU-R
    /// BT.601).
    pub(super) fn button_ink(&self) -> &'static str {
        let part = |from: usize| {
            let digits = self.color.get(from..from + 2).unwrap_or_default();
            u32::from_str_radix(digits, 16).unwrap_or_default()
        };
        let brightness = 299 * part(1) + 587 * part(3) + 114 * part(5);
        if brightness > 140_000 { "#111114" } else { "#ffffff" }
    }
}

/// True when a mail of this kind wears the looks of the tenant it belongs to.
pub(super) const fn is_tenants(speaker: Speaker) -> bool {
    matches!(speaker, Speaker::Tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_on_buttons_can_be_read() {
        let ink = |color: &str| {
            let mut head = Letterhead::of_product("T", None);
            head.color = color.to_owned();
            head.button_ink()
        };

        for dark in ["#000000", "#1d4ed8", "#b91c1c", "#0000ff"] {
            assert_eq!(ink(dark), "#ffffff", "{dark}");
        }
        for light in ["#ffffff", "#ffd60a", "#a7f3d0", "#00ff00"] {
            assert_eq!(ink(light), "#111114", "{light}");
        }
    }

    #[test]
    fn a_tenants_name_never_stands_alone() {
        let mut head = Letterhead::of_product("Tenantry", None);
        assert_eq!(head.sender(), None);

        head.tenant = Some("Big Bank".to_owned());
        assert_eq!(head.sender().as_deref(), Some("Big Bank via Tenantry"));

        head.tenant = Some("Tenantry".to_owned());
        assert_eq!(head.sender().as_deref(), Some("Tenantry"));
    }
}
