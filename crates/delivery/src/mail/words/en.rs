//! English.

use super::{Template, Words};

const ONE_TIME: &str = "The link works once. If you did not ask for it, you can ignore this message: nothing changes.";

pub(super) const fn words(template: Template) -> &'static Words {
    match template {
        Template::Welcome => &WELCOME,
        Template::SetPassword => &SET_PASSWORD,
        Template::ResetPassword => &RESET_PASSWORD,
        Template::VerifyEmail => &VERIFY_EMAIL,
        Template::Invitation => &INVITATION,
        Template::AlreadyRegistered => &ALREADY_REGISTERED,
        Template::PaymentFailed => &PAYMENT_FAILED,
        Template::TenantSuspended => &TENANT_SUSPENDED,
        Template::SubscriptionCancelled => &SUBSCRIPTION_CANCELLED,
        Template::TrialEnding => &TRIAL_ENDING,
        Template::UsageThreshold => &USAGE_THRESHOLD,
    }
}

const WELCOME: Words = Words {
    subject: &["Welcome to {product}: {tenant} is ready", "Welcome to {product}"],
    before: &[
        &[
            "{tenant} is set up on the plan {plan}, and you own it.",
            "{tenant} is set up, and you own it.",
            "Your account is set up.",
        ],
        &["Your trial runs until {trial_ends_at}. You need no payment method until then."],
        &["Open the link to confirm your address and begin."],
    ],
    action: "Begin",
    // Whoever confirms lets in who signed up: their password counts from then on.
    after: &[&[
        "If it was not you who signed up, do not open the link: whoever did would get into an account in your name.",
    ]],
};

const SET_PASSWORD: Words = Words {
    subject: &["Set your password for {tenant}", "Set your password"],
    before: &[&[
        "{tenant} is set up. Choose a password to sign in.",
        "Your account is set up. Choose a password to sign in.",
    ]],
    action: "Set the password",
    after: &[&["The link is valid until {expires_at}."], &[ONE_TIME]],
};

const RESET_PASSWORD: Words = Words {
    subject: &["Reset your password"],
    before: &[&["Somebody asked for a new password for this address. If it was you, choose one now."]],
    action: "Choose a new password",
    after: &[
        &["The link is valid until {expires_at}."],
        &["Choosing a new password signs you out everywhere else."],
        &[ONE_TIME],
    ],
};

const VERIFY_EMAIL: Words = Words {
    subject: &["Confirm your e-mail address"],
    before: &[&["Please confirm that this address is yours."]],
    action: "Confirm the address",
    after: &[&["The link is valid until {expires_at}."], &[ONE_TIME]],
};

const INVITATION: Words = Words {
    subject: &[
        "{inviter} invites you to {tenant}",
        "You are invited to {tenant}",
        "You are invited",
    ],
    before: &[
        &[
            "{inviter} invites you to join {tenant} as {role}.",
            "{inviter} invites you to join {tenant}.",
            "You are invited to join {tenant} as {role}.",
            "You are invited to join {tenant}.",
            "You are invited to join.",
        ],
        &["They write: \u{201c}{message}\u{201d}"],
    ],
    action: "Accept the invitation",
    after: &[
        &["The invitation is valid until {expires_at}."],
        &["If you do not know the sender, you can ignore this message: nothing happens."],
    ],
};

const ALREADY_REGISTERED: Words = Words {
    subject: &["You already have an account"],
    before: &[
        &[
            "Somebody, probably you, tried to sign up with this address. It already has an account, so no new one was made.",
        ],
        &[
            "Open the link to finish setting up {tenant} with the account you have.",
            "Sign in with the account you have.",
        ],
    ],
    action: "Sign in",
    after: &[&["If it was not you, you can ignore this message: nothing changes."]],
};

const PAYMENT_FAILED: Words = Words {
    subject: &["A payment for {tenant} failed", "A payment failed"],
    before: &[
        &[
            "We could not collect {amount} for the invoice {invoice} of {tenant}.",
            "We could not collect {amount} for the invoice {invoice}.",
            "We could not collect {amount}.",
            "We could not collect a payment.",
        ],
        &["We will try again on {retry_at}."],
        &[
            "If it is not paid, {tenant} is suspended in {days_left} days.",
            "If it is not paid, your access is suspended in {days_left} days.",
        ],
        &["Please check your payment method."],
    ],
    action: "Check the payment method",
    after: &[],
};

const TENANT_SUSPENDED: Words = Words {
    subject: &["{tenant} is suspended", "Your access is suspended"],
    before: &[
        &[
            "The invoice {invoice} of {tenant} over {amount} is still not paid, so {tenant} is suspended.",
            "An invoice over {amount} is still not paid, so your access is suspended.",
            "An invoice is still not paid, so your access is suspended.",
        ],
        &["Sign in and pay it: everything is open again at once, and nothing is lost."],
    ],
    action: "Pay the invoice",
    after: &[],
};

const SUBSCRIPTION_CANCELLED: Words = Words {
    subject: &[
        "The subscription of {tenant} is cancelled",
        "Your subscription is cancelled",
    ],
    before: &[
        &[
            "The invoice {invoice} of {tenant} over {amount} was not paid, so the subscription is cancelled.",
            "An invoice over {amount} was not paid, so your subscription is cancelled.",
            "An invoice was not paid, so your subscription is cancelled.",
        ],
        &["The invoice stays open and can still be paid."],
    ],
    action: "Pay the invoice",
    after: &[],
};

const TRIAL_ENDING: Words = Words {
    subject: &[
        "The trial of {tenant} ends on {trial_ends_at}",
        "The trial of {tenant} ends soon",
        "Your trial ends soon",
    ],
    before: &[
        &[
            "The trial of the plan {plan} ends on {trial_ends_at}.",
            "Your trial ends on {trial_ends_at}.",
            "Your trial ends soon.",
        ],
        &["Add a payment method or choose another plan to keep what you have."],
    ],
    action: "See the plans",
    after: &[],
};

const USAGE_THRESHOLD: Words = Words {
    subject: &["{tenant} has used {percent} % of its {meter}", "A usage limit is near"],
    before: &[
        &[
            "{tenant} has used {used} of {limit}: {percent} % of its {meter}.",
            "{percent} % of a usage limit is used.",
            "A usage limit is near.",
        ],
        &["The period ends on {resets_at}."],
        &["A larger plan has a higher limit."],
    ],
    action: "Look at the usage",
    after: &[],
};
