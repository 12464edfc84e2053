//! The installation's master key: given by the operator, or made once in development.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use tenantry_kernel::{Entropy, Secret};

use super::{Config, Mode, values};

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Production wants its operator's own.
    #[error("production needs a master key: set TENANTRY_MASTER_KEY or TENANTRY_MASTER_KEY_FILE")]
    Missing,
    /// The generated key cannot be read or written.
    #[error("cannot keep the master key in {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no master key; restore it from a backup — without it, what is sealed stays sealed", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
}

/// The operator's master key; in development the one in the data directory, which is made at the first start.
///
/// The file is readable by its owner alone. Of several processes that start at once, one makes the key and the
/// others use it.
///
/// # Errors
/// [`MasterKeyError`].
pub fn obtain(config: &Config, entropy: &dyn Entropy) -> Result<Secret<[u8; 32]>, MasterKeyError> {
    if let Some(key) = &config.master_key {
        return Ok(key.clone());
    }
    if config.mode == Mode::Production {
        return Err(MasterKeyError::Missing);
    }
    let file = config.master_key_file();
    let failed = |cause| MasterKeyError::File {
        file: file.clone(),
        cause,
    };
    if let Some(key) = read(&file)? {
        return Ok(key);
    }
    make_data_dir(&config.data_dir).map_err(failed)?;
    let mut fresh = [0_u8; 32];
    entropy.fill(&mut fresh);
    let mut suffix = [0_u8; 8];
    entropy.fill(&mut suffix);
    let draft = config
        .data_dir
        .join(format!("master.key.{:016x}", u64::from_le_bytes(suffix)));
    write_new(&draft, &fresh).map_err(failed)?;
    // A link appears whole or not at all, and never takes another's place.
    let linked = std::fs::hard_link(&draft, &file);
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Ok(()) => Ok(Secret::new(fresh)),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            read(&file)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
        }
        Err(cause) => Err(failed(cause)),
    }
}

/// Makes the data directory, for its owner only: the database in it is readable for whoever reaches it.
///
/// # Errors
/// When it cannot be made. One that exists keeps its mode.
pub fn make_data_dir(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read(file: &Path) -> Result<Option<Secret<[u8; 32]>>, MasterKeyError> {
    let failed = |cause| MasterKeyError::File {
        file: file.to_owned(),
        cause,
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(cause)),
    };
    // A copied data directory may have lost the mode.
    for_owner_only(file).map_err(failed)?;
    let key = values::key_bytes(text.trim()).map_err(|_| MasterKeyError::Damaged { file: file.to_owned() })?;
    Ok(Some(Secret::new(key)))
}

fn write_new(file: &Path, key: &[u8; 32]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut handle = options.open(file)?;
    let text = base64::engine::general_purpose::STANDARD.encode(key);
    handle.write_all(format!("{text}\n").as_bytes())?;
    handle.sync_all()
}

#[cfg(unix)]
fn for_owner_only(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let open_to_others = std::fs::metadata(file)?.permissions().mode() & 0o077 != 0;
    if open_to_others {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix twin fails")]
fn for_owner_only(_file: &Path) -> io::Result<()> {
    Ok(())
}
