//! A real Chromium, told what to do through the `DevTools` protocol over two pipes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::folder;

const PROGRAMS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// A browser with one page and, once asked for, one virtual authenticator.
pub struct Chromium {
    process: Child,
    to: File,
    from: BufReader<File>,
    session: String,
    calls: u64,
    events: Vec<String>,
    home: std::path::PathBuf,
}

impl Chromium {
    /// Opens a page. `None`, said aloud, where there is no Chromium; a failure where one is required.
    pub fn open(url: &str) -> Option<Self> {
        let Some(program) = PROGRAMS.iter().find(|program| Path::new(program).exists()) else {
            assert!(
                std::env::var_os("TENANTRY_TEST_REQUIRE_CHROMIUM").is_none(),
                "Chromium is required and not there"
            );
            eprintln!("there is no Chromium: passkeys are not tried in a browser");
            return None;
        };
        let home = folder("chromium");
        let (into, out) = (home.join("in"), home.join("out"));
        let made = Command::new("mkfifo")
            .args([&into, &out])
            .status()
            .expect("mkfifo runs");
        assert!(made.success(), "pipes can be made");
        // The browser takes commands from descriptor 3 and answers on descriptor 4, each message ended by a NUL.
        let script = "exec \"$0\" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                      --disable-background-networking --user-data-dir=\"$1/profile\" --remote-debugging-pipe \
                      about:blank 3<\"$1/in\" 4>\"$1/out\"";
        let process = Command::new("sh")
            .args(["-c", script, program])
            .arg(&home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        // Opening a pipe waits for the other end.
        let to = OpenOptions::new()
            .write(true)
            .open(&into)
            .expect("commands can be sent");
        let from = BufReader::new(File::open(&out).expect("answers can be read"));
        let mut browser = Self {
            process,
            to,
            from,
            session: String::new(),
            calls: 0,
            events: Vec::new(),
            home,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach);
        attached["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut browser.session);
        browser.call("Page.enable", &json!({}));
        browser.call("Page.navigate", &json!({ "url": url }));
        while !browser.events.iter().any(|event| event == "Page.loadEventFired") {
            browser.read();
        }
        Some(browser)
    }

    /// Plugs a virtual authenticator in, which checks its person and keeps passkeys.
    pub fn plug_in(&mut self) -> String {
        self.call("WebAuthn.enable", &json!({}));
        let options = json!({ "options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        }});
        let added = self.call("WebAuthn.addVirtualAuthenticator", &options);
        added["authenticatorId"].as_str().expect("an authenticator").to_owned()
    }

    /// The passkey that a page makes of these options.
    pub fn create(&mut self, options: &Value) -> Value {
        self.ceremony("create", "parseCreationOptionsFromJSON", options)
    }

    /// What a passkey answers to these options.
    pub fn get(&mut self, options: &Value) -> Value {
        self.ceremony("get", "parseRequestOptionsFromJSON", options)
    }

    fn ceremony(&mut self, verb: &str, parse: &str, options: &Value) -> Value {
        let script = format!(
            "(async () => {{ const publicKey = PublicKeyCredential.{parse}({options}); \
             return (await navigator.credentials.{verb}({{ publicKey }})).toJSON(); }})()"
        );
        self.run(&script)
    }

    /// What an expression comes to in the page.
    pub fn run(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// One command and its answer. What the browser tells meanwhile is noted.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .expect("the browser listens");
        loop {
            let answer = self.read();
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The next thing that the browser says.
    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser answers");
        assert_eq!(bytes.pop(), Some(0), "the browser is gone");
        let said: Value = serde_json::from_slice(&bytes).expect("JSON");
        self.events.extend(said["method"].as_str().map(str::to_owned));
        said
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}
