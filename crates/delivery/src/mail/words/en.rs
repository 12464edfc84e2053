//! English.

use super::{Template, Words};

/// An address is added to an account by nobody but whoever is signed in to it.
const SIGN_IN_FIRST: &str = "The link works only where you are signed in to the account that asked for it.";
const ONE_TIME: &str = "The link works once. If you did not ask for it, you can ignore this message: nothing changes.";

pub(super) const fn words(template: Template) -> &'static Words {
    match template {
        Template::Welcome => &WELCOME,
        Template::SetPassword => &SET_PASSWORD,
        Template::ResetPassword => &RESET_PASSWORD,
        Template::VerifyEmail => &VERIFY_EMAIL,
        Template::Invitation => &INVITATION,
        Template::OwnershipTransfer => &OWNERSHIP_TRANSFER,
        Template::AlreadyRegistered => &ALREADY_REGISTERED,
        Template::PaymentFailed => &PAYMENT_FAILED,
        Template::TenantSuspended => &TENANT_SUSPENDED,
        Template::SubscriptionCancelled => &SUBSCRIPTION_CANCELLED,
        Template::TrialEnding => &TRIAL_ENDING,
        Template::UsageThreshold => &USAGE_THRESHOLD,
        Template::MagicLink => &MAGIC_LINK,
        Template::NewDevice => &NEW_DEVICE,
        Template::FactorAdded => &FACTOR_ADDED,
        Template::FactorRemoved => &FACTOR_REMOVED,
        Template::RecoveryCodeUsed => &RECOVERY_CODE_USED,
        Template::RecoveryCodesRenewed => &RECOVERY_CODES_RENEWED,
        Template::ChangeEmail => &CHANGE_EMAIL,
        Template::EmailChanged => &EMAIL_CHANGED,
        Template::ErasureScheduled => &ERASURE_SCHEDULED,
        Template::MergeAccounts => &MERGE_ACCOUNTS,
        Template::SupportAccessStarted => &SUPPORT_ACCESS_STARTED,
        Template::JoinRequested => &JOIN_REQUESTED,
        Template::JoinApproved => &JOIN_APPROVED,
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
    before: &[&["Please confirm that this address is yours."], &[SIGN_IN_FIRST]],
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

const OWNERSHIP_TRANSFER: Words = Words {
    subject: &[
        "{owner} wants to hand {tenant} over to you",
        "{tenant} is to be yours",
        "You are asked to take over an organization",
    ],
    before: &[
        &[
            "{owner} offers you the ownership of {tenant}. As its owner you decide about everything, billing included.",
            "You are offered the ownership of an organization. As its owner you decide about everything, billing included.",
        ],
        &["Nothing changes until you take it over."],
    ],
    action: "Take it over",
    after: &[
        &["The offer is valid until {expires_at}."],
        &["If you do not want it, you can ignore this message: everything stays as it is."],
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

const MAGIC_LINK: Words = Words {
    subject: &["Your link to sign in to {product}"],
    before: &[&["Follow this link to sign in. It is good once, and for ten minutes."]],
    action: "Sign in",
    after: &[&["If you did not ask for it, ignore this mail: without the link nobody gets in."]],
};

const NEW_DEVICE: Words = Words {
    subject: &["A sign-in from a new device"],
    before: &[
        &[
            "Somebody signed in to your account on {at} from {address} with {device}.",
            "Somebody signed in to your account on {at} from {address}.",
            "Somebody signed in to your account on {at}.",
            "Somebody signed in to your account from a new device.",
        ],
        &["If it was you, there is nothing to do."],
    ],
    action: "Look at your sessions",
    after: &[&["If it was not you, end that session and change your password at once."]],
};

const FACTOR_ADDED: Words = Words {
    subject: &["Your account has a new sign-in factor"],
    before: &[
        &["An authenticator app or a passkey was added to your account."],
        &["Devices that were remembered must show a second factor again."],
    ],
    action: "Look at your security settings",
    after: &[&["If it was not you, remove it and change your password at once."]],
};

const FACTOR_REMOVED: Words = Words {
    subject: &["A sign-in factor was removed from your account"],
    before: &[
        &["An authenticator app or a passkey was removed from your account."],
        &["Devices that were remembered must show a second factor again."],
    ],
    action: "Look at your security settings",
    after: &[&["If it was not you, change your password at once."]],
};

const RECOVERY_CODE_USED: Words = Words {
    subject: &["A recovery code was used"],
    before: &[
        &[
            "A recovery code was used to sign in to your account. {left} are left.",
            "A recovery code was used to sign in to your account.",
        ],
        &["Make new ones before you run out of them."],
    ],
    action: "Look at your security settings",
    after: &[&["If it was not you, change your password and make new recovery codes at once."]],
};

const RECOVERY_CODES_RENEWED: Words = Words {
    subject: &["Your account has new recovery codes"],
    before: &[
        &["New recovery codes were made for your account."],
        &["The old ones are worth nothing any more."],
    ],
    action: "Look at your security settings",
    after: &[&["If it was not you, change your password and make new ones at once."]],
};

const CHANGE_EMAIL: Words = Words {
    subject: &["Confirm your new e-mail address"],
    before: &[
        &["Somebody, probably you, wants to sign in with this address from now on. Please confirm that it is yours."],
        &[SIGN_IN_FIRST],
    ],
    action: "Use this address",
    after: &[&["The link is valid for 24 hours."], &[ONE_TIME]],
};

const EMAIL_CHANGED: Words = Words {
    subject: &["Your e-mail address was changed"],
    before: &[
        &["Another address takes the place of this one: mail to you goes there from now on."],
        &["If you did this, there is nothing to do."],
        &["If it was not you, open the link: this address is yours again, and everybody is signed out."],
    ],
    action: "It was not me",
    after: &[&["The link is valid for 72 hours, and works once."]],
};

const ERASURE_SCHEDULED: Words = Words {
    subject: &["Your account will be erased"],
    before: &[
        &[
            "As you asked, everything we know of you will be erased on {expires_at}.",
            "As you asked, everything we know of you will be erased in two weeks.",
        ],
        &["If you think better of it, open the link before then."],
    ],
    action: "Keep my account",
    after: &[&["If you did not ask for this, open the link and change your password."]],
};

const MERGE_ACCOUNTS: Words = Words {
    subject: &["Merge this account into another one of yours"],
    before: &[
        &[
            "Whoever signs in as {inviter} wants to take this account in: its addresses and memberships would be theirs.",
            "Somebody wants to take this account in: its addresses and memberships would be theirs.",
        ],
        &["Open the link only if that is you."],
    ],
    action: "Merge the accounts",
    after: &[&["The link is valid for an hour."], &[ONE_TIME]],
};

const SUPPORT_ACCESS_STARTED: Words = Words {
    subject: &[
        "Support access to {tenant} has begun",
        "Support access to your organization has begun",
    ],
    before: &[
        &[
            "{operator} of {product} acts on behalf of {member} in {tenant} now.",
            "Somebody of {product} acts on behalf of a member of {tenant} now.",
            "Somebody of {product} acts on behalf of a member of your organization now.",
        ],
        &["The reason given is: \u{201c}{reason}\u{201d}"],
        &[
            "They can only look, and change nothing. It ends on {looks_until} at the latest.",
            "They can look and change things. It ends on {acts_until} at the latest.",
            "It ends after an hour at the latest.",
        ],
        &["Passwords, keys, members and their roles, the security policy and payments stay closed to them."],
    ],
    action: "See who came, and when",
    after: &[&[
        "What they do stands in your audit log under both names. Your security policy can ask for your consent first.",
    ]],
};

const JOIN_REQUESTED: Words = Words {
    subject: &[
        "{asker} asks to join {tenant}",
        "Somebody asks to join {tenant}",
        "Somebody asks to join your organization",
    ],
    before: &[
        &[
            "{asker} has confirmed an address at a domain of {tenant}, and asks to be let in.",
            "Somebody has confirmed an address at a domain of your organization, and asks to be let in.",
        ],
        &["Nothing changes until one of those who may invite people agrees. The request waits for 30 days."],
    ],
    action: "Look at the request",
    after: &[&["If you do not know this person, decline the request."]],
};

const JOIN_APPROVED: Words = Words {
    subject: &["You are a member of {tenant} now", "Your request to join was approved"],
    before: &[&[
        "Your request was approved: you are a member of {tenant} now, as {role}.",
        "Your request was approved: you are a member of {tenant} now.",
        "Your request to join was approved.",
    ]],
    action: "Sign in",
    after: &[],
};
