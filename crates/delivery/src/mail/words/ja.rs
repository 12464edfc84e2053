//! Japanese.

use super::{Template, Words};

/// An address is added to an account by nobody but whoever is signed in to it.
const SIGN_IN_FIRST: &str = "このリンクは、申し込んだアカウントにサインインしている場合にのみ有効です。";
const ONE_TIME: &str =
    "このリンクは一度だけ有効です。お心当たりのない場合は、このメールを破棄してください。何も変更されません。";
const VALID_UNTIL: &str = "有効期限: {expires_at}";

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
    subject: &[
        "{product} へようこそ。{tenant} の準備ができました",
        "{product} へようこそ",
    ],
    before: &[
        &[
            "{tenant} をプラン {plan} で開設しました。あなたがオーナーです。",
            "{tenant} を開設しました。あなたがオーナーです。",
            "アカウントを開設しました。",
        ],
        &["トライアルは {trial_ends_at} までです。それまでお支払い方法の登録は必要ありません。"],
        &["次のリンクを開いてメールアドレスを確認すると、ご利用を開始できます。"],
    ],
    action: "利用を開始する",
    // Whoever confirms lets in who signed up: their password counts from then on.
    after: &[&[
        "お申し込みにお心当たりのない場合は、リンクを開かずにこのメールを破棄してください。開くと、申し込んだ第三者があなたの名義のアカウントを使えるようになります。",
    ]],
};

const SET_PASSWORD: Words = Words {
    subject: &[
        "{tenant} のパスワードを設定してください",
        "パスワードを設定してください",
    ],
    before: &[&[
        "{tenant} の準備ができました。サインインするためのパスワードを設定してください。",
        "アカウントの準備ができました。サインインするためのパスワードを設定してください。",
    ]],
    action: "パスワードを設定する",
    after: &[&[VALID_UNTIL], &[ONE_TIME]],
};

const RESET_PASSWORD: Words = Words {
    subject: &["パスワードの再設定"],
    before: &[&[
        "このアドレスのパスワード再設定が申し込まれました。ご本人の場合は、新しいパスワードを設定してください。",
    ]],
    action: "新しいパスワードを設定する",
    after: &[
        &[VALID_UNTIL],
        &["新しいパスワードを設定すると、ほかの端末からはサインアウトされます。"],
        &[ONE_TIME],
    ],
};

const VERIFY_EMAIL: Words = Words {
    subject: &["メールアドレスの確認"],
    before: &[
        &["このメールアドレスがご本人のものであることを確認してください。"],
        &[SIGN_IN_FIRST],
    ],
    action: "メールアドレスを確認する",
    after: &[&[VALID_UNTIL], &[ONE_TIME]],
};

const INVITATION: Words = Words {
    subject: &[
        "{inviter} さんから {tenant} への招待が届いています",
        "{tenant} への招待が届いています",
        "招待が届いています",
    ],
    before: &[
        &[
            "{inviter} さんが、あなたを {tenant} に招待しました（役割: {role}）。",
            "{inviter} さんが、あなたを {tenant} に招待しました。",
            "{tenant} に招待されました（役割: {role}）。",
            "{tenant} に招待されました。",
            "招待が届いています。",
        ],
        &["メッセージ: 「{message}」"],
    ],
    action: "招待を受ける",
    after: &[
        &[VALID_UNTIL],
        &["お心当たりのない場合は、このメールを破棄してください。"],
    ],
};

const OWNERSHIP_TRANSFER: Words = Words {
    subject: &[
        "{owner} さんから {tenant} の所有権の譲渡が届いています",
        "{tenant} の所有権の譲渡が届いています",
        "所有権の譲渡が届いています",
    ],
    before: &[
        &[
            "{owner} さんが、{tenant} の所有者をあなたに引き継ごうとしています。所有者は、請求を含むすべてを決定できます。",
            "組織の所有者があなたに引き継がれようとしています。所有者は、請求を含むすべてを決定できます。",
        ],
        &["引き継ぐまでは、何も変わりません。"],
    ],
    action: "所有者を引き継ぐ",
    after: &[
        &[VALID_UNTIL],
        &["引き継がない場合は、このメールを破棄してください。何も変わりません。"],
    ],
};

const ALREADY_REGISTERED: Words = Words {
    subject: &["すでにアカウントをお持ちです"],
    before: &[
        &[
            "このアドレスで新規登録の操作がありましたが、すでにアカウントがあるため、新しいアカウントは作成していません。",
        ],
        &[
            "次のリンクから、お持ちのアカウントで {tenant} の設定を完了できます。",
            "お持ちのアカウントでサインインしてください。",
        ],
    ],
    action: "サインインする",
    after: &[&["お心当たりのない場合は、このメールを破棄してください。何も変更されません。"]],
};

const PAYMENT_FAILED: Words = Words {
    subject: &[
        "{tenant} のお支払いを処理できませんでした",
        "お支払いを処理できませんでした",
    ],
    before: &[
        &[
            "{tenant} の請求書 {invoice}（{amount}）のお支払いを処理できませんでした。",
            "請求書 {invoice}（{amount}）のお支払いを処理できませんでした。",
            "{amount} のお支払いを処理できませんでした。",
            "お支払いを処理できませんでした。",
        ],
        &["{retry_at} に再度お手続きを行います。"],
        &[
            "お支払いが確認できない場合、{tenant} は {days_left} 日後に利用停止となります。",
            "お支払いが確認できない場合、{days_left} 日後に利用停止となります。",
        ],
        &["お支払い方法をご確認ください。"],
    ],
    action: "お支払い方法を確認する",
    after: &[],
};

const TENANT_SUSPENDED: Words = Words {
    subject: &["{tenant} の利用を停止しました", "ご利用を停止しました"],
    before: &[
        &[
            "{tenant} の請求書 {invoice}（{amount}）のお支払いが確認できないため、{tenant} の利用を停止しました。",
            "{amount} のお支払いが確認できないため、ご利用を停止しました。",
            "お支払いが確認できないため、ご利用を停止しました。",
        ],
        &["サインインしてお支払いいただくと、すぐにご利用を再開できます。データは失われません。"],
    ],
    action: "請求書を支払う",
    after: &[],
};

const SUBSCRIPTION_CANCELLED: Words = Words {
    subject: &["{tenant} のご契約を解約しました", "ご契約を解約しました"],
    before: &[
        &[
            "{tenant} の請求書 {invoice}（{amount}）のお支払いが確認できなかったため、ご契約を解約しました。",
            "{amount} のお支払いが確認できなかったため、ご契約を解約しました。",
            "お支払いが確認できなかったため、ご契約を解約しました。",
        ],
        &["請求書は引き続きお支払いいただけます。"],
    ],
    action: "請求書を支払う",
    after: &[],
};

const TRIAL_ENDING: Words = Words {
    subject: &[
        "{tenant} のトライアルは {trial_ends_at} に終了します",
        "{tenant} のトライアルがまもなく終了します",
        "トライアルがまもなく終了します",
    ],
    before: &[
        &[
            "プラン {plan} のトライアルは {trial_ends_at} に終了します。",
            "トライアルは {trial_ends_at} に終了します。",
            "トライアルがまもなく終了します。",
        ],
        &["引き続きご利用になるには、お支払い方法を登録するか、別のプランをお選びください。"],
    ],
    action: "プランを見る",
    after: &[],
};

const USAGE_THRESHOLD: Words = Words {
    subject: &[
        "{tenant} の {meter} の使用量が上限の {percent} % に達しました",
        "使用量が上限に近づいています",
    ],
    before: &[
        &[
            "{tenant} は {meter} を {limit} のうち {used}（{percent} %）使用しました。",
            "使用量が上限の {percent} % に達しました。",
            "使用量が上限に近づいています。",
        ],
        &["この期間は {resets_at} に終了します。"],
        &["上位のプランでは上限が引き上げられます。"],
    ],
    action: "使用量を確認する",
    after: &[],
};

const MAGIC_LINK: Words = Words {
    subject: &["{product} へのログイン用リンク"],
    before: &[&["次のリンクからログインしてください。リンクは一度だけ、10 分間有効です。"]],
    action: "ログインする",
    after: &[&["お心当たりがない場合は、このメールを破棄してください。リンクがなければ誰もログインできません。"]],
};

const NEW_DEVICE: Words = Words {
    subject: &["新しい端末からのログイン"],
    before: &[
        &[
            "{at} に {address} から {device} でログインがありました。",
            "{at} に {address} からログインがありました。",
            "{at} にログインがありました。",
            "新しい端末からログインがありました。",
        ],
        &["ご本人の場合は、何もする必要はありません。"],
    ],
    action: "セッションを確認する",
    after: &[&["お心当たりがない場合は、すぐにそのセッションを終了し、パスワードを変更してください。"]],
};

const FACTOR_ADDED: Words = Words {
    subject: &["認証方法が追加されました"],
    before: &[
        &["アカウントに認証アプリまたはパスキーが追加されました。"],
        &["記憶された端末でも、次回から二段階目の認証が必要です。"],
    ],
    action: "セキュリティ設定を確認する",
    after: &[&["お心当たりがない場合は、すぐに削除し、パスワードを変更してください。"]],
};

const FACTOR_REMOVED: Words = Words {
    subject: &["認証方法が削除されました"],
    before: &[
        &["アカウントから認証アプリまたはパスキーが削除されました。"],
        &["記憶された端末でも、次回から二段階目の認証が必要です。"],
    ],
    action: "セキュリティ設定を確認する",
    after: &[&["お心当たりがない場合は、すぐにパスワードを変更してください。"]],
};

const RECOVERY_CODE_USED: Words = Words {
    subject: &["リカバリーコードが使用されました"],
    before: &[
        &[
            "リカバリーコードでログインがありました。残りは {left} 個です。",
            "リカバリーコードでログインがありました。",
        ],
        &["なくなる前に、新しいコードを作成してください。"],
    ],
    action: "セキュリティ設定を確認する",
    after: &[&["お心当たりがない場合は、すぐにパスワードを変更し、新しいコードを作成してください。"]],
};

const RECOVERY_CODES_RENEWED: Words = Words {
    subject: &["新しいリカバリーコードが作成されました"],
    before: &[
        &["アカウントの新しいリカバリーコードが作成されました。"],
        &["以前のコードは使えません。"],
    ],
    action: "セキュリティ設定を確認する",
    after: &[&["お心当たりがない場合は、すぐにパスワードを変更し、コードを作り直してください。"]],
};

const CHANGE_EMAIL: Words = Words {
    subject: &["新しいメールアドレスの確認"],
    before: &[
        &[
            "今後このアドレスでサインインするための変更が申し込まれました。ご自身のアドレスであることを確認してください。",
        ],
        &[SIGN_IN_FIRST],
    ],
    action: "このアドレスを使う",
    after: &[&["リンクの有効期限は 24 時間です。"], &[ONE_TIME]],
};

const EMAIL_CHANGED: Words = Words {
    subject: &["メールアドレスが変更されました"],
    before: &[
        &["このアドレスに代わって、別のアドレスが登録されました。今後のメールはそちらに届きます。"],
        &["ご自身で変更された場合、操作は不要です。"],
        &[
            "お心当たりのない場合は、次のリンクを開いてください。このアドレスに戻し、すべての端末からサインアウトします。",
        ],
    ],
    action: "変更を取り消す",
    after: &[&["リンクの有効期限は 72 時間で、一度だけ有効です。"]],
};

const ERASURE_SCHEDULED: Words = Words {
    subject: &["アカウントが消去されます"],
    before: &[
        &[
            "お申し込みにより、{expires_at} にお客様に関するすべての情報を消去します。",
            "お申し込みにより、2 週間後にお客様に関するすべての情報を消去します。",
        ],
        &["取りやめる場合は、それまでに次のリンクを開いてください。"],
    ],
    action: "アカウントを残す",
    after: &[&["お心当たりのない場合は、リンクを開き、パスワードを変更してください。"]],
};

const MERGE_ACCOUNTS: Words = Words {
    subject: &["アカウントの統合の確認"],
    before: &[
        &[
            "{inviter} としてサインインしている方が、このアカウントの統合を申し込みました。アドレスと所属はその方のものになります。",
            "このアカウントの統合が申し込まれました。アドレスと所属は申し込んだ方のものになります。",
        ],
        &["ご自身によるものである場合にだけ、リンクを開いてください。"],
    ],
    action: "アカウントを統合する",
    after: &[&["リンクの有効期限は 1 時間です。"], &[ONE_TIME]],
};

const SUPPORT_ACCESS_STARTED: Words = Words {
    subject: &[
        "{tenant} へのサポートアクセスが始まりました",
        "組織へのサポートアクセスが始まりました",
    ],
    before: &[
        &[
            "{product} の {operator} さんが、{tenant} の {member} さんに代わって操作を始めました。",
            "{product} の担当者が、{tenant} のメンバーに代わって操作を始めました。",
            "{product} の担当者が、組織のメンバーに代わって操作を始めました。",
        ],
        &["理由:「{reason}」"],
        &[
            "閲覧のみで、何も変更できません。遅くとも {looks_until} に終了します。",
            "閲覧に加えて変更もできます。遅くとも {acts_until} に終了します。",
            "遅くとも 1 時間後に終了します。",
        ],
        &["パスワード、キー、メンバーとその役割、セキュリティポリシー、支払いに触れることはできません。"],
    ],
    action: "サポートアクセスの履歴を見る",
    after: &[&[
        "操作は両者の名前で監査ログに残ります。事前の同意を必須にするには、セキュリティポリシーで設定してください。",
    ]],
};

const JOIN_REQUESTED: Words = Words {
    subject: &[
        "{asker} さんが {tenant} への参加を希望しています",
        "{tenant} への参加の申請が届いています",
        "参加の申請が届いています",
    ],
    before: &[
        &[
            "{asker} さんが {tenant} のドメインのメールアドレスを確認済みで、参加を希望しています。",
            "組織のドメインのメールアドレスを確認済みの方が、参加を希望しています。",
        ],
        &["招待の権限を持つ方が承認するまでは、何も変わりません。申請は 30 日間有効です。"],
    ],
    action: "申請を確認する",
    after: &[&["心当たりがない場合は、申請を却下してください。"]],
};

const JOIN_APPROVED: Words = Words {
    subject: &["{tenant} への参加が承認されました", "参加の申請が承認されました"],
    before: &[&[
        "申請が承認され、{tenant} のメンバーになりました(役割: {role})。",
        "申請が承認され、{tenant} のメンバーになりました。",
        "参加の申請が承認されました。",
    ]],
    action: "サインインする",
    after: &[],
};
