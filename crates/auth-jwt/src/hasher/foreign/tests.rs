use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "correct horse battery";

fn matches(hash: &str, password: &str) -> bool {
    Foreign::read(hash)
        .unwrap_or_else(|why| panic!("{hash}: {why}"))
        .matches(password.as_bytes())
}

/// Made by Python's `hashlib` (PBKDF2, scrypt), libxcrypt (bcrypt) and the reference implementation (Argon2).
const OF_THE_PASSWORD: &[&str] = &[
    "$2b$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
    "$2a$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
    "$2y$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
    "bcrypt$$2b$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
    "bcrypt_sha256$$2b$06$N9qo8uLOickgx2ZMRZoMyef7M9CoHXGFb9uBQGsMxmL158XeRoFBi",
    "pbkdf2_sha256$1200$seasalt12345$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww=",
    "pbkdf2_sha1$1200$seasalt12345$y85WIBL+R1aZh3CVWoVIEGfxp+E=",
    "$pbkdf2-sha256$i=1200,l=32$cGVwcGVyLWFuZC1zYWx0IQ$t8HNMcLcGfMALFr5F0ECbsbzHxe5xFLwtYbFK7KE8AQ",
    "$pbkdf2-sha512$1200$cGVwcGVyLWFuZC1zYWx0IQ$i3PhjH6UDjc6oe09l2xT4YkD6nuKdFqNX.FxRnRwF.zrmSJEiZmXOvbvQIOwjEeL95a9OgaCPcgx48esO.8CBQ",
    "pbkdf2:sha256:1200$Fe7nKq3x$a3a236b741080b689355d7f0c6fb78321a6c3dbffbbcd218f9f504bf683c8fc8",
    "scrypt:1024:8:1$Fe7nKq3xZa9$45178f246bd121ba172de042926cb725e289a33eb4b17e6669fb8306de6170306fdb0060c28c623ff5bfe497c66886dd97f005fa2b61c651ebba14772099219f",
    "$scrypt$ln=10,r=8,p=2$cGVwcGVyLWFuZC1zYWx0IQ$tNfh3nWZOPp3NmZYIttvvUrG+w/o3bk56S2x322Xs7k",
    "scrypt$1024$seasalt12345$8$1$xpVs35hqv0sxQ60xyY3+H64TFd/sp5Jlm3i9UtaPv1ROyIvNo5UtxSOJaByDzzy2YChpe2nURQAdbkcXmF0OMA==",
];

#[test]
fn hashes_of_other_systems_match_their_password_and_no_other() {
    for hash in OF_THE_PASSWORD {
        assert!(matches(hash, PASSWORD), "{hash}");
        for other in [
            "",
            "Correct horse battery",
            "correct horse battery ",
            "correct horse batter",
        ] {
            assert!(!matches(hash, other), "{hash} {other}");
        }
    }
}

/// Known answers of the literature: Openwall's `crypt_blowfish`, RFC 7914 (scrypt), and Argon2's reference implementation.
#[test]
fn known_answers_are_found() {
    for (hash, password) in [
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
        ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
        (
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        ),
        (
            "$2b$05$N9qo8uLOickgx2ZMRZoMyeL8MQLYEOYsM9jiqHXKMlhJsNVJcTfkG",
            &"a".repeat(100),
        ),
        (
            "scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
            "password",
        ),
        (
            "pbkdf2_sha256$1000$s4lts4lts4lt$u2SiP1dzft7LLmzPy5ab8n2ejXi1Kfga7Zs7/YcKLg0=",
            "正しい馬の電池",
        ),
        (
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "password",
        ),
        (
            "argon2$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
            "password",
        ),
    ] {
        assert!(matches(hash, password), "{hash}");
        assert!(!matches(hash, "another"), "{hash}");
    }
}

#[test]
fn what_costs_too_much_is_refused_unread() {
    let result = "ab".repeat(32);
    let base64 = "cGVwcGVyLWFuZC1zYWx0IXBlcHBlci1hbmQtc2FsdCE";
    for dear in [
        "$2b$15$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK".to_owned(),
        "$2b$31$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK".to_owned(),
        format!("pbkdf2:sha256:2500001$salt${result}"),
        format!("pbkdf2:sha256:99999999999999999999$salt${result}"),
        format!("scrypt:131072:8:1$salt${result}"),
        format!("scrypt:32768:8:5$salt${result}"),
        format!("scrypt:2147483648:8:1$salt${result}"),
        format!("$scrypt$ln=63,r=8,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=64,r=4294967295,p=4294967295$c2FsdA${base64}"),
        format!("$argon2id$v=19$m=262144,t=1,p=1$c29tZXNhbHQ${base64}"),
        format!("$argon2id$v=19$m=65536,t=9,p=1$c29tZXNhbHQ${base64}"),
    ] {
        assert_eq!(Foreign::read(&dear), Err(UnusableHash::TooDear), "{dear}");
    }
}

#[test]
fn what_others_recommend_is_affordable() {
    let result = "ab".repeat(32);
    for fine in [
        "$2b$12$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK".to_owned(),
        format!("pbkdf2:sha256:1200000$salt${result}"),
        format!("scrypt:32768:8:1$salt${result}"),
        "$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$cGVwcGVyLWFuZC1zYWx0IXBlcHBlci1hbmQtc2FsdCE".to_owned(),
    ] {
        assert!(Foreign::read(&fine).is_ok(), "{fine}");
    }
}

#[test]
fn what_is_no_hash_or_a_broken_one_is_told() {
    for unknown in [
        "",
        "secret",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$hash",
        "$2x$05$abc",
        "md5$salt$abc",
        "$",
        "$$",
    ] {
        assert_eq!(Foreign::read(unknown), Err(UnusableHash::Unknown), "{unknown}");
    }
    for broken in [
        "$2b$06$N9qo8uLOickgx2ZMRZoMye",
        "$2b$6$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
        "$2b$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK$",
        "$2b$06$日9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK",
        "pbkdf2_sha256$1200$salt",
        "pbkdf2_sha256$0$seasalt12345$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww=",
        "pbkdf2_sha256$-1$seasalt12345$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww=",
        "pbkdf2_sha256$1200$$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww=",
        "pbkdf2:sha256:1200$salt$abc",
        // One byte matches every 256th password.
        "pbkdf2:sha256:1200$salt$ab",
        "scrypt:1000:8:1$salt$abababababababababababababababab",
        "$scrypt$ln=10,ln=10,r=8,p=1$c2FsdA$cGVwcGVyLWFuZC1zYWx0IQ",
        "$scrypt$ln=10,r=8$c2FsdA$cGVwcGVyLWFuZC1zYWx0IQ",
        "$argon2id$v=19$nonsense",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFQ",
    ] {
        assert_eq!(Foreign::read(broken), Err(UnusableHash::Malformed), "{broken}");
    }
    let endless = format!("pbkdf2:sha256:1200$salt${}", "ab".repeat(1_000));
    assert_eq!(Foreign::read(&endless), Err(UnusableHash::Malformed));
}

#[test]
fn a_hash_is_not_shown() {
    let hash = Foreign::read(OF_THE_PASSWORD[0]).unwrap();

    assert_eq!(format!("{hash:?}"), "Bcrypt(…)");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Foreign::read(&text);
    }

    #[test]
    fn no_text_that_begins_well_makes_it_panic(
        start in prop::sample::select(vec!["$2b$", "pbkdf2_sha256$", "$scrypt$ln=", "scrypt:", "$argon2id$v=19$m=", "$pbkdf2-sha256$i="]),
        rest in "[0-9a-zA-Z$:,=./+]{0,80}",
    ) {
        let _ = Foreign::read(&format!("{start}{rest}"));
    }
}
