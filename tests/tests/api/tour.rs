//! The README's tour, run as a reader runs it: with bash and curl.

use std::process::Stdio;

use tokio::process::Command;

use crate::harness::{Setup, on_each_database};

/// The code block below `<!-- tour -->`.
fn tour() -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, after) = readme
        .split_once("<!-- tour -->\n```sh\n")
        .expect("README.md has a tour");
    let (script, _) = after.split_once("\n```").expect("the tour ends");
    script.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_of_the_readme_goes_as_it_says() {
    let script = tour();
    let address = "http://localhost:8080";
    assert!(script.contains(address), "the tour names the address");
    on_each_database(&Setup::catalog("default"), async |node| {
        let script = script.replace(address, &node.url());
        let ran = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("bash runs");

        let said = String::from_utf8(ran.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{complaint}\n{said}");
        assert_eq!(complaint, "", "{said}");
        let mut rest = said.as_str();
        for told in [
            r#""email":"bob@acme.example""#,
            r#""status":"invited""#,
            r#""used":1000"#,
            r#""code":"quota_exceeded""#,
            r#""meter":"events""#,
            r#""upgrade_to":"pro""#,
            r#""plan":"pro""#,
            r#""number":"INV-000001","status":"paid""#,
            r#""used":1001"#,
            r#""action":"subscription.changed""#,
            r#""action":"api_key.created""#,
            r#""action":"tenant.created""#,
        ] {
            let (_, after) = rest
                .split_once(told)
                .unwrap_or_else(|| panic!("{told} is not next in {rest}"));
            rest = after;
        }
    })
    .await;
}
