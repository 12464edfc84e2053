//! Names in a catalog: codes, and the rule that no two things answer to one name.

use std::collections::BTreeMap;

use tenantry_kernel::Code;

use crate::toml_source::{Item, Placed, Problems, Section};

/// A code under a place of the file.
pub(super) fn code(problems: &Problems<'_>, name: Placed<&str>, what: &str) -> Option<Code> {
    match Code::try_from(name.value) {
        Ok(code) => Some(code),
        Err(cause) => {
            problems.add(name.at, format!("the {what} \"{}\" {cause}", name.value));
            None
        }
    }
}

/// Every entry of a table whose keys are codes and whose values are one sentence each.
pub(super) fn described(root: &Section<'_>, key: &str, what: &str) -> Vec<(Placed<Code>, String)> {
    let Some(section) = root.section(key) else {
        return Vec::new();
    };
    let mut names = Names::new(what);
    let entry = |(name, item): (Placed<&str>, Item<'_>)| {
        let description = item.text()?.value.to_owned();
        let code = code(root.problems(), name, what)?;
        names.take(root.problems(), name, code.as_str());
        Some((Placed::new(name.at, code), description))
    };
    section.entries().filter_map(entry).collect()
}

/// Names that are taken, however they are spelled.
pub(super) struct Names {
    what: String,
    taken: BTreeMap<String, String>,
}

impl Names {
    /// No name is taken yet.
    pub fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            taken: BTreeMap::new(),
        }
    }

    /// Takes a name for `owner`; complains when it belongs to another thing, or was given twice.
    pub fn take(&mut self, problems: &Problems<'_>, name: Placed<&str>, owner: &str) {
        let folded = Code::fold(name.value);
        if let Some(other) = self.taken.insert(folded, owner.to_owned()) {
            let message = if other == owner {
                format!("the {} {owner} has the name \"{}\" twice", self.what, name.value)
            } else {
                format!("\"{}\" is a name of the {} {other} already", name.value, self.what)
            };
            problems.add(name.at, message);
        }
    }
}
