//! What our mails say, in each language. Only words live here; [`super::template`] puts them together.
//!
//! A *choice* lists wordings from the most to the least specific: the first one whose `{fields}` the
//! mail carries is used. A paragraph of which no wording fits is left out. The fields are `name` (of
//! the recipient), `tenant`, `product`, `plan`, `inviter`, `role`, `message`, `amount`, `invoice`,
//! `days_left`, `meter`, `percent`, `used`, `limit`, and the times `expires_at`, `retry_at`, `resets_at` and `trial_ends_at`, all as people are to read them; none is
//! required.

mod en;
mod ja;

/// Wordings of one sentence, the most specific first.
pub(super) type Choice = &'static [&'static str];

/// One mail in one language.
pub(super) struct Words {
    /// The subject. Its last wording needs no field.
    pub(super) subject: Choice,
    /// The paragraphs above the link.
    pub(super) before: &'static [Choice],
    /// What the link's button says.
    pub(super) action: &'static str,
    /// The paragraphs below the link.
    pub(super) after: &'static [Choice],
}

/// The languages we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// English, also for every language we do not write.
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// The language of a BCP 47 tag such as `ja-JP`.
    pub(super) fn of(locale: &str) -> Self {
        let primary = locale.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") {
            Self::Japanese
        } else {
            Self::English
        }
    }

    /// The tag for `Content-Language` and the `lang` attribute.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// How a mail greets.
    pub(super) const fn greeting(self) -> Choice {
        match self {
            Self::English => &["Hello {name},", "Hello,"],
            Self::Japanese => &["{name} 様", "こんにちは。"],
        }
    }

    /// The line that tells who carries a tenant's mail.
    pub(super) fn on_behalf(self, tenant: &str, product: &str) -> String {
        match self {
            Self::English => format!("{product} sent this message on behalf of {tenant}."),
            Self::Japanese => format!("このメールは {tenant} に代わって {product} が送信しています。"),
        }
    }

    /// What stands above the bare link, for mail programs without buttons.
    pub(super) const fn link_hint(self) -> &'static str {
        match self {
            Self::English => "If the button does not work, copy this address into your browser:",
            Self::Japanese => "ボタンが使えない場合は、次のアドレスをブラウザーに貼り付けてください。",
        }
    }
}

/// In whose name a mail is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The product: about accounts and bills, which are between it and its customers.
    Product,
    /// The tenant that the mail belongs to, in its looks. The product where it belongs to none.
    Tenant,
}

/// The mails we send. The names are those that events use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    Welcome,
    SetPassword,
    ResetPassword,
    VerifyEmail,
    Invitation,
    AlreadyRegistered,
    PaymentFailed,
    TenantSuspended,
    SubscriptionCancelled,
    TrialEnding,
    UsageThreshold,
}

impl Template {
    /// Every template.
    #[cfg(test)]
    pub(super) const ALL: [Self; 11] = [
        Self::Welcome,
        Self::SetPassword,
        Self::ResetPassword,
        Self::VerifyEmail,
        Self::Invitation,
        Self::AlreadyRegistered,
        Self::PaymentFailed,
        Self::TenantSuspended,
        Self::SubscriptionCancelled,
        Self::TrialEnding,
        Self::UsageThreshold,
    ];

    /// The template of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "welcome" => Self::Welcome,
            "set_password" => Self::SetPassword,
            "reset_password" => Self::ResetPassword,
            "verify_email" => Self::VerifyEmail,
            "invitation" => Self::Invitation,
            "already_registered" => Self::AlreadyRegistered,
            "payment_failed" => Self::PaymentFailed,
            "tenant_suspended" => Self::TenantSuspended,
            "subscription_cancelled" => Self::SubscriptionCancelled,
            "trial_ending" => Self::TrialEnding,
            "usage_threshold" => Self::UsageThreshold,
            _ => return None,
        })
    }

    /// Where the mail's link leads, below the public URL. A token goes where it is redeemed: that of a
    /// welcome confirms the address, that of somebody who already has an account is an invitation.
    pub(super) const fn path(self, has_token: bool) -> &'static str {
        match (self, has_token) {
            (Self::Invitation, _) | (Self::AlreadyRegistered, true) => "accept-invitation",
            (Self::VerifyEmail, _) | (Self::Welcome, true) => "verify-email",
            (Self::Welcome | Self::AlreadyRegistered, false) => "sign-in",
            (Self::SetPassword, _) => "set-password",
            (Self::ResetPassword, _) => "reset-password",
            (Self::PaymentFailed, _) => "billing/payment-methods",
            (Self::TenantSuspended | Self::SubscriptionCancelled, _) => "billing/invoices",
            (Self::TrialEnding, _) => "billing/plan",
            (Self::UsageThreshold, _) => "usage",
        }
    }

    /// In whose name it is written: a tenant speaks to its own people, the product to tenants.
    pub(super) const fn speaker(self) -> Speaker {
        match self {
            Self::Welcome
            | Self::SetPassword
            | Self::AlreadyRegistered
            | Self::PaymentFailed
            | Self::TenantSuspended
            | Self::SubscriptionCancelled
            | Self::TrialEnding
            | Self::UsageThreshold => Speaker::Product,
            _ => Speaker::Tenant,
        }
    }

    /// Its words in `language`.
    pub(super) const fn words(self, language: Language) -> &'static Words {
        match language {
            Language::English => en::words(self),
            Language::Japanese => ja::words(self),
        }
    }
}
