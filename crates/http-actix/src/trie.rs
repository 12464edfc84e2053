//! Finds the row of a path: one step per segment, however many routes there are.

use actix_web::http::Method;

/// Longer paths name nothing of ours.
const MAX_SEGMENTS: usize = 16;

/// A tree over path segments. A fixed segment wins over a parameter.
#[derive(Debug, Default)]
pub(crate) struct Trie {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// Few enough that comparing them one by one is quicker than hashing.
    fixed: Vec<(&'static str, Node)>,
    param: Option<Box<Node>>,
    rows: Vec<(Method, usize)>,
}

/// What a path leads to: the methods it knows, with their rows, and the raw values of its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leaf<'t, 'p> {
    pub rows: &'t [(Method, usize)],
    pub values: Vec<&'p str>,
}

impl Trie {
    /// Adds a row; false when the method and path are taken.
    pub fn add(&mut self, method: &Method, path: &'static str, row: usize) -> bool {
        let mut node = &mut self.root;
        for segment in path.trim_start_matches('/').split('/') {
            let Some(next) = node.behind(segment) else {
                return false;
            };
            node = next;
        }
        let free = node.rows.iter().all(|(known, _)| known != method);
        node.rows.push((method.clone(), row));
        free
    }

    /// The leaf that a path leads to.
    pub fn find<'p>(&self, path: &'p str) -> Option<Leaf<'_, 'p>> {
        let path = path.strip_prefix('/')?;
        if path.bytes().filter(|byte| *byte == b'/').count() >= MAX_SEGMENTS {
            return None;
        }
        let mut values = Vec::new();
        let node = self.root.walk(Some(path), &mut values)?;
        Some(Leaf {
            rows: &node.rows,
            values,
        })
    }
}

impl Node {
    /// The node behind a segment of a route, made where there is none.
    fn behind(&mut self, segment: &'static str) -> Option<&mut Self> {
        if segment.starts_with('{') {
            return Some(self.param.get_or_insert_default());
        }
        if self.fixed.iter().all(|(name, _)| *name != segment) {
            self.fixed.push((segment, Self::default()));
        }
        let mut known = self.fixed.iter_mut();
        known.find_map(|(name, node)| (*name == segment).then_some(node))
    }

    fn walk<'p>(&self, rest: Option<&'p str>, values: &mut Vec<&'p str>) -> Option<&Self> {
        let Some(rest) = rest else {
            return if self.rows.is_empty() { None } else { Some(self) };
        };
        let (segment, rest) = split(rest);
        let next = self.fixed.iter().find(|(name, _)| *name == segment);
        if let Some(found) = next.and_then(|(_, next)| next.walk(rest, values)) {
            return Some(found);
        }
        let next = self.param.as_ref().filter(|_| !segment.is_empty())?;
        values.push(segment);
        let found = next.walk(rest, values);
        if found.is_none() {
            values.pop();
        }
        found
    }
}

/// The first segment, and what follows it. Segments are short: a search that prepares itself takes longer.
fn split(path: &str) -> (&str, Option<&str>) {
    let slash = path.bytes().position(|byte| byte == b'/');
    match slash.and_then(|slash| Some((path.get(..slash)?, path.get(slash + 1..)?))) {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie() -> Trie {
        let mut trie = Trie::default();
        assert!(trie.add(&Method::GET, "/tenants/{tenant}", 0));
        assert!(trie.add(&Method::GET, "/tenants/by-domain/{domain}", 1));
        assert!(trie.add(&Method::GET, "/tenants/{tenant}/users", 2));
        assert!(trie.add(&Method::POST, "/tenants/{tenant}/users", 3));
        trie
    }

    fn row(path: &str) -> Option<(usize, Vec<String>)> {
        let trie = trie();
        let leaf = trie.find(path)?;
        let values = leaf.values.iter().map(|&value| value.to_owned()).collect();
        leaf.rows.first().map(|(_, row)| (*row, values))
    }

    #[test]
    fn a_fixed_segment_wins_and_a_dead_end_is_taken_back() {
        assert_eq!(row("/tenants/acme"), Some((0, vec!["acme".to_owned()])));
        assert_eq!(
            row("/tenants/by-domain/a.example"),
            Some((1, vec!["a.example".to_owned()]))
        );
        assert_eq!(row("/tenants/by-domain/users"), Some((1, vec!["users".to_owned()])));
        assert_eq!(row("/tenants/acme/users"), Some((2, vec!["acme".to_owned()])));
    }

    #[test]
    fn what_is_no_route_is_not_found() {
        for path in [
            "",
            "/",
            "/tenants",
            "/tenants/",
            "/tenants/a/users/",
            "/tenants//users",
            "tenants/a",
            "/a/b/c/d",
        ] {
            assert_eq!(row(path), None, "{path}");
        }
        assert_eq!(row(&"/tenants".repeat(40)), None);
    }

    #[test]
    fn a_taken_method_and_path_is_told() {
        let mut trie = trie();

        assert!(!trie.add(&Method::GET, "/tenants/{other}", 9));
    }
}
