//! Tests of the reader: places and messages.

use super::*;

fn complaints(text: &str, read: impl Fn(&Section<'_>)) -> String {
    let problems = Problems::new("f.toml", text);
    let document = Document::parse(text, &problems);
    read(&document.root(&problems));
    drop(document);
    problems
        .into_result()
        .err()
        .map_or_else(String::new, |errors| errors.to_string())
}

#[test]
fn a_syntax_error_names_its_line_and_column() {
    let said = complaints("a = 1\nb = = 2\n", |_| ());

    assert!(said.starts_with("f.toml:2:5: "), "{said}");
}

#[test]
fn an_unknown_key_is_placed_and_its_nearest_neighbour_named() {
    let said = complaints("[a]\nnaem = 1\n", |root| {
        root.section("a").unwrap().only(&["name", "kind"]);
    });

    assert_eq!(said, "f.toml:2:1: unknown key \"naem\" in [a]; did you mean \"name\"?");
}

#[test]
fn an_unknown_key_like_nothing_known_lists_what_is() {
    let said = complaints("zzz = 1\n", |root| root.only(&["name", "kind"]));

    assert_eq!(
        said,
        "f.toml:1:1: unknown key \"zzz\" at the top of the file; known here: name, kind"
    );
}

#[test]
fn wrong_types_say_what_was_expected_and_what_was_found() {
    let said = complaints("\"é\" = 1\nn = \"x\"\nl = [1, \"ok\"]\n", |root| {
        root.text("é");
        root.number("n", 0..=5, 0);
        assert_eq!(root.texts("l").len(), 1);
    });

    assert_eq!(
        said,
        "f.toml:1:7: é: must be text in quotes, and is a whole number\n\
         f.toml:2:5: n: must be a whole number, and is text\n\
         f.toml:3:6: l[0]: must be text in quotes, and is a whole number"
    );
}

#[test]
fn numbers_are_bounded_and_words_are_listed() {
    let said = complaints("n = 9\nw = \"hrad\"\n", |root| {
        assert_eq!(root.number("n", 0..=5, 3), 3);
        assert_eq!(root.word("w", &[("hard", 1), ("soft", 2)], 2), 2);
    });

    assert_eq!(
        said,
        "f.toml:1:5: n: must be a whole number from 0 to 5, and is 9\n\
         f.toml:2:5: w: must be one of hard, soft; did you mean \"hard\"?"
    );
}

#[test]
fn a_key_that_must_be_there_is_missed_at_its_table() {
    let said = complaints("x = 1\n\n[a.b]\ny = 2\n", |root| {
        root.section("a").unwrap().section("b").unwrap().need("kind");
    });

    assert_eq!(said, "f.toml:3:4: a.b needs the key \"kind\"");
}
