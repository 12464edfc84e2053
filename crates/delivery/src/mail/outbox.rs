//! Mail into a folder: for development, for tests, and for installations without a mail server.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tenantry_activity::mail::{MailError, Mailer, OutgoingMail};
use tenantry_kernel::time::OffsetDateTime;

use super::compose::{Composer, Wire};

/// Writes each letter to `<time>-<id>.eml` in one folder. Names sort by time. The files hold one-time
/// tokens, so only their owner may read them. A letter that is sent twice is one file.
#[derive(Clone, Debug)]
pub struct OutboxMailer {
    folder: PathBuf,
    composer: Composer,
}

impl OutboxMailer {
    /// Writes into `folder`, which is made when the first letter comes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, composer: Composer) -> Self {
        Self {
            folder: folder.into(),
            composer,
        }
    }
}

#[async_trait]
impl Mailer for OutboxMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = self.composer.compose(mail, Wire::EightBit).await?.formatted();
        let name = format!("{}-{}.eml", stamp(self.composer.written_at(mail)), mail.id);
        let folder = self.folder.clone();

        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &message)).await;

        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(MailError::Unavailable(Box::new(cause))),
            Err(cause) => Err(MailError::Unavailable(Box::new(cause))),
        }
    }
}

/// `20260102T030405.000000Z`: fixed width, so that names sort by time.
fn stamp(at: OffsetDateTime) -> String {
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}.{:06}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.microsecond(),
    )
}

/// Writes beside, then renames: whoever lists the folder sees whole letters only.
fn write(folder: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder)?;

    let unfinished = folder.join(format!(".{name}.part"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    // The rename itself must survive a power cut, too.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::fixture::{composer, letter};

    /// A folder of this test alone, gone when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn named(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tenantry-outbox-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn files(&self) -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(&self.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn a_letter_becomes_one_file_named_by_time_and_id() {
        let folder = Folder::named("one");
        let mailer = OutboxMailer::new(folder.0.join("outbox"), composer());

        mailer.send(&letter("invitation", "en")).await.unwrap();
        mailer.send(&letter("invitation", "en")).await.unwrap();

        let name = "20260102T030405.000000Z-019b7ca9-8c88-7000-8000-000000000007.eml";
        let outbox = Folder(folder.0.join("outbox"));
        assert_eq!(outbox.files(), [name]);
        let source = fs::read_to_string(outbox.0.join(name)).unwrap();
        assert!(source.contains("To: ada@example.com\r\n"), "{source}");
        assert!(source.contains("?token=invitation_abc_DEF\r\n"), "{source}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_a_letter() {
        use std::os::unix::fs::PermissionsExt;

        let folder = Folder::named("mode");

        OutboxMailer::new(&folder.0, composer())
            .send(&letter("reset_password", "en"))
            .await
            .unwrap();

        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.0.join(&folder.files()[0])), 0o600);
        assert_eq!(mode(folder.0.clone()), 0o700);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_failure_that_may_pass() {
        let folder = Folder::named("blocked");
        fs::write(&folder.0, "a file where the folder should be").unwrap();

        let refused = OutboxMailer::new(&folder.0, composer())
            .send(&letter("welcome", "en"))
            .await;

        assert!(matches!(refused, Err(MailError::Unavailable(_))));
        fs::remove_file(&folder.0).unwrap();
    }

    #[tokio::test]
    async fn a_letter_without_a_template_waits_for_a_node_that_knows_it() {
        let folder = Folder::named("unknown");

        let refused = OutboxMailer::new(&folder.0, composer())
            .send(&letter("nonsense", "en"))
            .await;

        assert!(matches!(refused, Err(MailError::Unavailable(_))));
        assert!(!folder.0.exists());
    }
}
