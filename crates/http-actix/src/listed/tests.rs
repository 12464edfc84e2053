use super::*;
use crate::listed::person::InvitedPerson;

fn rows(text: &str) -> Vec<ListedRow> {
    from_csv::<InvitedPerson>(text.as_bytes(), 10).unwrap()
}

fn wrong(row: &ListedRow) -> Vec<(String, &'static str)> {
    let errors = row.wish.as_ref().err().cloned().unwrap_or_default();
    errors.into_iter().map(|error| (error.field, error.code)).collect()
}

#[test]
fn a_file_becomes_rows_with_what_is_wrong_in_each() {
    let read = rows(
        "role;email;name;locale;expires_in_days;permissions\n\
         member;Ada@X.example;\"=1+1; \"\"Ada\"\"\";ja_jp;30;reports.view  reports.export\n\
         ;nobody;;;;\n\
         member;c@x.example;;xx-;31;\n\
         member;d@x.example\n",
    );

    let ada = read[0].wish.as_ref().unwrap();
    assert_eq!(ada.email.as_str(), "ada@x.example");
    assert_eq!(ada.name.as_ref().unwrap().as_str(), "=1+1; \"Ada\"");
    assert_eq!(ada.locale.as_ref().unwrap().as_str(), "ja-JP");
    assert_eq!(ada.permissions, ["reports.view", "reports.export"]);
    assert_eq!((read[0].number, read[0].email.as_str()), (1, "Ada@X.example"));
    assert_eq!(wrong(&read[1]), [("role".to_owned(), "missing_field")]);
    assert_eq!(
        wrong(&read[2]),
        [
            ("locale".to_owned(), "invalid_value"),
            ("expires_in_days".to_owned(), "invalid_value")
        ]
    );
    assert_eq!(wrong(&read[3]), [(String::new(), "wrong_number_of_cells")]);
}

#[test]
fn a_head_that_cannot_be_meant_refuses_the_file() {
    let refused = from_csv::<InvitedPerson>(b"email,email,tenant_id\na@x.example,b@x.example,1\n", 10).unwrap_err();

    let told: Vec<_> = refused
        .parts()
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.code))
        .collect();
    assert_eq!(
        told,
        [
            ("email", "invalid_value"),
            ("tenant_id", "unknown_field"),
            ("role", "missing_field")
        ]
    );
}
