//! CSV as people's programs write it (RFC 4180): UTF-8 with or without a byte order mark, `,` or `;` between cells,
//! line ends of any system, quotes around what needs them.
//!
//! Cells are text and nothing else: what a spreadsheet would take for a formula is kept as it stands.

/// A table: its head, and its rows with the lines they begin in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns, trimmed and in lower case.
    pub head: Vec<String>,
    /// The rows, without those that are empty. A row has as many cells as it has.
    pub rows: Vec<Vec<String>>,
}

/// Why the text is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCsv {
    /// It is no UTF-8.
    #[error("the file is not UTF-8; save it as \"CSV UTF-8\"")]
    Encoding,
    /// There is not even a head.
    #[error("the file has no header row")]
    NoHead,
    /// A quote opens and never closes.
    #[error("the quote that opens in line {0} never closes")]
    Open(u32),
    /// A quote stands where none can stand.
    #[error("line {0} has a quote in the middle of a cell; put the cell in quotes and double the ones inside")]
    Stray(u32),
    /// There is a character that no text has.
    #[error("line {0} holds the character U+0000")]
    Nul(u32),
}

/// Reads a table.
///
/// # Errors
/// [`NotCsv`], which names the line.
pub fn read(bytes: &[u8]) -> Result<Table, NotCsv> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotCsv::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Reader::new(text, separator(text));
    let head = lines.next_row()?.ok_or(NotCsv::NoHead)?;
    let mut rows = Vec::new();
    while let Some(row) = lines.next_row()? {
        rows.push(row);
    }
    Ok(Table {
        head: head.iter().map(|name| name.trim().to_lowercase()).collect(),
        rows,
    })
}

/// The head tells: names of columns hold neither. Programs set to a language with decimal commas write semicolons.
fn separator(text: &str) -> char {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |wanted: char| head.chars().filter(|c| *c == wanted).count();
    if count(';') > count(',') { ';' } else { ',' }
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: u32,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, separator: char) -> Self {
        Self {
            rest: text.chars().peekable(),
            separator,
            line: 1,
        }
    }

    /// The next row that is not empty.
    fn next_row(&mut self) -> Result<Option<Vec<String>>, NotCsv> {
        while self.rest.peek().is_some() {
            let row = self.row()?;
            if row.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn row(&mut self) -> Result<Vec<String>, NotCsv> {
        let mut row = Vec::new();
        loop {
            row.push(self.cell()?);
            match self.rest.next() {
                Some(c) if c == self.separator => {}
                Some('\r') => {
                    self.rest.next_if_eq(&'\n');
                    self.line += 1;
                    return Ok(row);
                }
                Some('\n') => {
                    self.line += 1;
                    return Ok(row);
                }
                None => return Ok(row),
                // Behind a closing quote.
                Some(_) => return Err(NotCsv::Stray(self.line)),
            }
        }
    }

    /// One cell, up to the separator or the line end behind it.
    fn cell(&mut self) -> Result<String, NotCsv> {
        let mut cell = String::new();
        if self.rest.next_if_eq(&'"').is_some() {
            self.quoted(&mut cell)?;
            return Ok(cell);
        }
        let (separator, line) = (self.separator, self.line);
        while let Some(c) = self.rest.next_if(|c| *c != separator && *c != '\n' && *c != '\r') {
            match c {
                '"' => return Err(NotCsv::Stray(line)),
                '\0' => return Err(NotCsv::Nul(line)),
                c => cell.push(c),
            }
        }
        Ok(cell)
    }

    fn quoted(&mut self, cell: &mut String) -> Result<(), NotCsv> {
        let opened = self.line;
        loop {
            match self.rest.next() {
                None => return Err(NotCsv::Open(opened)),
                Some('\0') => return Err(NotCsv::Nul(self.line)),
                Some('"') if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                Some('"') => return Ok(()),
                Some(c) => {
                    self.line += u32::from(c == '\n');
                    cell.push(c);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let table = read(text.as_bytes()).unwrap();
        (table.head, table.rows)
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        table(text).1
    }

    #[test]
    fn the_head_names_the_columns_and_the_separator() {
        let wanted = vec![vec!["ada@x.example".to_owned(), "Ada".to_owned()]];

        for text in [
            "email,name\nada@x.example,Ada\n",
            "\u{feff}Email , NAME\r\nada@x.example,Ada",
            "email;name\rada@x.example;Ada\r",
            "\n\nemail;name\n\n  ;  \nada@x.example;Ada\n\n",
            "\"email\",\"name\"\n\"ada@x.example\",\"Ada\"\n",
        ] {
            let (head, rows) = table(text);
            assert_eq!(
                (head, rows),
                (vec!["email".to_owned(), "name".to_owned()], wanted.clone()),
                "{text}"
            );
        }
    }

    #[test]
    fn quotes_hold_separators_line_ends_and_quotes() {
        let text = "email,name\r\na@x.example,\"Lovelace, \"\"Ada\"\"\r\nCountess\"\r\nb@x.example,山田 太郎\r\n";

        assert_eq!(
            rows(text),
            [
                ["a@x.example", "Lovelace, \"Ada\"\r\nCountess"],
                ["b@x.example", "山田 太郎"]
            ]
        );
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        assert_eq!(
            rows("email,name\na@x.example,\"=HYPERLINK(\"\"https://evil\"\")\"\nb@x.example,@SUM(1)\n"),
            [
                ["a@x.example", "=HYPERLINK(\"https://evil\")"],
                ["b@x.example", "@SUM(1)"]
            ]
        );
    }

    #[test]
    fn what_is_no_table_is_told_by_line() {
        for (bytes, why) in [
            (&b""[..], NotCsv::NoHead),
            (b"\xef\xbb\xbf\r\n\r\n", NotCsv::NoHead),
            (b"email\n\xff\xfe", NotCsv::Encoding),
            (b"email,name\na@x.example,\"Ada\n\n", NotCsv::Open(2)),
            (b"email,name\na@x.example,A\"da\n", NotCsv::Stray(2)),
            (b"email,name\n\na@x.example,\"Ada\" L\n", NotCsv::Stray(3)),
            (b"email,name\na@x.example,\0\n", NotCsv::Nul(2)),
        ] {
            assert_eq!(read(bytes), Err(why), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    fn written(rows: &[Vec<String>], separator: char, end: &str) -> String {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(&separator.to_string());
        rows.iter().map(|row| line(row) + end).collect()
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn whatever_is_written_is_read_again(
            cells in prop::collection::vec(prop::collection::vec("[^\0]{1,12}", 2..5), 1..6),
            semicolon in any::<bool>(),
        ) {
            let separator = if semicolon { ';' } else { ',' };
            let shown: Vec<Vec<String>> = cells
                .into_iter()
                .filter(|row| row.iter().any(|cell| !cell.trim().is_empty()))
                .collect();
            let text = format!("a{separator}b\r\n{}", written(&shown, separator, "\r\n"));

            prop_assert_eq!(read(text.as_bytes()).unwrap().rows, shown);
        }
    }
}
