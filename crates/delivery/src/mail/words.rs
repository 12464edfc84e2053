//! What our mails say, in each language. Only words live here; [`super::template`] puts them together.
//!
//! A *choice* lists wordings from the most to the least specific: the first one whose `{fields}` the
//! mail carries is used. A paragraph of which no wording fits is left out. The fields are `name` (of
//! the recipient), `tenant`, `product`, `plan`, `inviter`, `asker`, `role`, `message`, `amount`, `invoice`,
//! `days_left`, `at`, `address`, `device`, `left`, `meter`, `percent`, `used`, `limit`, `operator`, `member`,
//! `reason`, and the times `expires_at`, `retry_at`, `resets_at`, `trial_ends_at`, `looks_until` and `acts_until`, all as
//! people are to read them; none is required.

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
    OwnershipTransfer,
    AlreadyRegistered,
    PaymentFailed,
    TenantSuspended,
    SubscriptionCancelled,
    TrialEnding,
    UsageThreshold,
    MagicLink,
    NewDevice,
    FactorAdded,
    FactorRemoved,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    ChangeEmail,
    EmailChanged,
    ErasureScheduled,
    MergeAccounts,
    SupportAccessStarted,
    JoinRequested,
    JoinApproved,
}

impl Template {
    /// Every template.
    #[cfg(test)]
    pub(super) const ALL: [Self; 25] = [
        Self::Welcome,
        Self::SetPassword,
        Self::ResetPassword,
        Self::VerifyEmail,
        Self::Invitation,
        Self::OwnershipTransfer,
        Self::AlreadyRegistered,
        Self::PaymentFailed,
        Self::TenantSuspended,
        Self::SubscriptionCancelled,
        Self::TrialEnding,
        Self::UsageThreshold,
        Self::MagicLink,
        Self::NewDevice,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesRenewed,
        Self::ChangeEmail,
        Self::EmailChanged,
        Self::ErasureScheduled,
        Self::MergeAccounts,
        Self::SupportAccessStarted,
        Self::JoinRequested,
        Self::JoinApproved,
    ];

    /// The template of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "welcome" => Self::Welcome,
            "set_password" => Self::SetPassword,
            "reset_password" => Self::ResetPassword,
            "verify_email" => Self::VerifyEmail,
            "invitation" => Self::Invitation,
            "ownership_transfer" => Self::OwnershipTransfer,
            "already_registered" => Self::AlreadyRegistered,
            "payment_failed" => Self::PaymentFailed,
            "tenant_suspended" => Self::TenantSuspended,
            "subscription_cancelled" => Self::SubscriptionCancelled,
            "trial_ending" => Self::TrialEnding,
            "usage_threshold" => Self::UsageThreshold,
            "magic_link" => Self::MagicLink,
            "new_device" => Self::NewDevice,
            "factor_added" => Self::FactorAdded,
            "factor_removed" => Self::FactorRemoved,
            "recovery_code_used" => Self::RecoveryCodeUsed,
            "recovery_codes_renewed" => Self::RecoveryCodesRenewed,
            "change_email" => Self::ChangeEmail,
            "email_changed" => Self::EmailChanged,
            "erasure_scheduled" => Self::ErasureScheduled,
            "merge_accounts" => Self::MergeAccounts,
            "support_access_started" => Self::SupportAccessStarted,
            "join_requested" => Self::JoinRequested,
            "join_approved" => Self::JoinApproved,
            _ => return None,
        })
    }

    /// Where the mail's link leads, below the public URL. A token goes where it is redeemed: that of a
    /// welcome confirms the address, that of somebody who already has an account is an invitation.
    pub(super) const fn path(self, has_token: bool) -> &'static str {
        match (self, has_token) {
            (Self::Invitation, _) | (Self::AlreadyRegistered, true) => "accept-invitation",
            (Self::VerifyEmail | Self::ChangeEmail, _) | (Self::Welcome, true) => "verify-email",
            (Self::EmailChanged, _) => "undo-email-change",
            (Self::ErasureScheduled, _) => "keep-account",
            (Self::MergeAccounts, _) => "merge-accounts",
            (Self::SupportAccessStarted, _) => "settings/support-access",
            (Self::Welcome | Self::AlreadyRegistered, false) | (Self::JoinApproved, _) => "sign-in",
            (Self::JoinRequested, _) => "members/requests",
            (Self::OwnershipTransfer, _) => "accept-ownership",
            (Self::SetPassword, _) => "set-password",
            (Self::ResetPassword, _) => "reset-password",
            (Self::PaymentFailed, _) => "billing/payment-methods",
            (Self::TenantSuspended | Self::SubscriptionCancelled, _) => "billing/invoices",
            (Self::TrialEnding, _) => "billing/plan",
            (Self::UsageThreshold, _) => "usage",
            (Self::MagicLink, _) => "sign-in/link",
            (Self::NewDevice, _) => "account/sessions",
            (Self::FactorAdded | Self::FactorRemoved | Self::RecoveryCodeUsed | Self::RecoveryCodesRenewed, _) => {
                "account/security"
            }
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
            | Self::UsageThreshold
            | Self::ChangeEmail
            | Self::EmailChanged
            | Self::ErasureScheduled
            | Self::MergeAccounts
            | Self::SupportAccessStarted => Speaker::Product,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Source files of the program below a folder, tests aside.
    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["tests", "testing", "benches", "target"].contains(&name) {
                sources(&path, found);
            } else if name.ends_with(".rs") && !["tests.rs", "testing.rs"].contains(&name) {
                let text = fs::read_to_string(&path).unwrap();
                let (product, _) = text.split_once("#[cfg(test)]").unwrap_or((text.as_str(), ""));
                found.push(product.to_owned());
            }
        }
    }

    /// The names of templates that the program's own sources send by: `template: "…"`, and names that stand beside
    /// the purpose of a token or in a call of a helper that makes a mail.
    fn names_sent() -> BTreeSet<String> {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let mut texts = Vec::new();
        for entry in fs::read_dir(&crates).unwrap() {
            let folder = entry.unwrap().path();
            let is_contract = folder.ends_with("store-contract") || folder.ends_with("test-support");
            if folder.is_dir() && !is_contract && !folder.ends_with("delivery") {
                sources(&folder.join("src"), &mut texts);
            }
        }
        assert!(texts.len() > 100, "only {} files were read", texts.len());
        let mut names = BTreeSet::new();
        for text in &texts {
            for before in ["template: \"", "mail(unit, catalog, \"", "=> (\"", "_mail(\""] {
                for found in text.split(before).skip(1) {
                    let (name, after) = found.split_once('"').unwrap();
                    // `=> ("…", Purpose::…)`: other pairs of text are none of ours.
                    if before != "=> (\"" || after.starts_with(", Purpose::") {
                        names.insert(name.to_owned());
                    }
                }
            }
        }
        names
    }

    #[test]
    fn every_mail_that_the_program_sends_has_a_template() {
        let sent = names_sent();

        assert!(sent.len() >= 7, "{sent:?}");
        let missing: Vec<_> = sent.iter().filter(|name| Template::named(name).is_none()).collect();
        assert_eq!(missing, Vec::<&String>::new(), "add them to `Template`, `en` and `ja`");
    }

    /// `new_device` for `NewDevice`.
    fn name_of(template: Template) -> String {
        let mut name = String::new();
        for letter in format!("{template:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(letter.to_lowercase());
        }
        name
    }

    #[test]
    fn the_page_about_mails_has_every_one_of_them() {
        let page = include_str!("../../../../docs/mails.md");

        for template in Template::ALL {
            let name = name_of(template);
            assert!(Template::named(&name).is_some(), "{name} is called otherwise");
            assert!(page.contains(&format!("`{name}`")), "add {name} to docs/mails.md");
        }
    }

    #[test]
    fn what_counts_as_caused_by_others_is_a_mail() {
        for name in tenantry_activity::mail::CAUSED_BY_OTHERS {
            assert!(Template::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_template_has_words_of_its_own_in_every_language() {
        for language in [Language::English, Language::Japanese] {
            let mut subjects = BTreeSet::new();
            for template in Template::ALL {
                let words = template.words(language);
                let subject = words.subject.last().unwrap();
                // The product is always there.
                let open = subject.replace("{product}", "").contains('{');
                assert!(!open && !words.action.is_empty(), "{template:?}");
                assert!(!words.before.is_empty(), "{template:?}");
                assert!(
                    subjects.insert(*subject),
                    "{template:?} is called as another mail: {subject}"
                );
            }
        }
    }
}
