//! Tokens of a query, each with the place it stands at.

use super::super::Failure;

/// A token; the end of the query is one too.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::azure::graph) struct Token {
    pub(in crate::azure::graph) kind: TokenKind,
    /// As written.
    pub(in crate::azure::graph) text: String,
    /// From 1.
    pub(in crate::azure::graph) line: usize,
    /// From 0.
    pub(in crate::azure::graph) column: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::azure::graph) enum TokenKind {
    /// A name or keyword, with `!` before it or `~` after it where the operator has them.
    Word,
    /// A text without its quotes.
    Text(String),
    Number(f64),
    /// A timespan in seconds, such as `7d`.
    Span(i64),
    Symbol,
    End,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Symbol) && self.text == text
    }
}

const SYMBOLS: [&str; 18] =
    ["==", "=~", "!=", "!~", "<=", ">=", "|", "(", ")", "[", "]", ",", ".", "=", "<", ">", "-", ";"];

pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Failure> {
    let mut lexer = Lexer { rest: query, line: 1, column: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let (kind, text) = lexer.next_kind();
        let token = Token { kind, text, line: lexer.line, column: lexer.column };
        if token.kind == TokenKind::Symbol && !SYMBOLS.contains(&token.text.as_str()) {
            return Err(Failure::parser(&token, None));
        }
        lexer.advance(token.text.len());
        let is_end = token.kind == TokenKind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl Lexer<'_> {
    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for letter in passed.chars() {
            (self.line, self.column) = if letter == '\n' { (self.line + 1, 0) } else { (self.line, self.column + 1) };
        }
        self.rest = rest;
    }

    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            let comment = if self.rest.starts_with("//") { self.rest.find('\n').unwrap_or(self.rest.len()) } else { 0 };
            match blank.max(comment) {
                0 => return,
                bytes => self.advance(bytes),
            }
        }
    }

    fn next_kind(&self) -> (TokenKind, String) {
        let Some(first) = self.rest.chars().next() else { return (TokenKind::End, String::new()) };
        let text = |length: usize| self.rest.get(..length).unwrap_or(self.rest).to_owned();
        match first {
            '\'' | '"' | '@' => self.quoted(),
            letter if letter.is_ascii_digit() => self.number(),
            letter if is_word(letter) => (TokenKind::Word, text(self.word_length(0))),
            '!' if self.rest.chars().nth(1).is_some_and(is_word) => (TokenKind::Word, text(self.word_length(1))),
            _ => match SYMBOLS.iter().find(|symbol| self.rest.starts_with(**symbol)) {
                Some(symbol) => (TokenKind::Symbol, (*symbol).to_owned()),
                // Refused by the caller.
                None => (TokenKind::Symbol, first.to_string()),
            },
        }
    }

    /// The length of the word after `start` bytes; `in~` is one word, `name=~` is not.
    fn word_length(&self, start: usize) -> usize {
        let rest = self.rest.get(start..).unwrap_or_default();
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let is_folded =
            rest.get(..length) == Some("in") && rest.get(length..).is_some_and(|after| after.starts_with('~'));
        start + length + usize::from(is_folded)
    }

    fn number(&self) -> (TokenKind, String) {
        let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
        let digits = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let (number, after) = self.rest.split_at_checked(digits).unwrap_or((self.rest, ""));
        let unit = after.find(|letter| !is_word(letter)).unwrap_or(after.len());
        let text = self.rest.get(..digits + unit).unwrap_or(self.rest).to_owned();
        let seconds = match after.get(..unit) {
            Some("") => return (number.parse().map_or(TokenKind::Symbol, TokenKind::Number), text),
            Some("d") => 86_400,
            Some("h") => 3_600,
            Some("m") => 60,
            Some("s") => 1,
            _ => return (TokenKind::Symbol, text),
        };
        let span = number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds));
        (span.map_or(TokenKind::Symbol, TokenKind::Span), text)
    }

    /// A text in either quotes, with escapes unless `@` stands before it. Without an end it is a symbol nobody knows.
    fn quoted(&self) -> (TokenKind, String) {
        let is_verbatim = self.rest.starts_with('@');
        let mut letters = self.rest.char_indices().skip(usize::from(is_verbatim)).peekable();
        let Some((_, quote)) = letters.next() else { return (TokenKind::Symbol, "@".to_owned()) };
        let mut content = String::new();
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    // Twice the quote is one of it, in a verbatim text.
                    if is_verbatim && letters.next_if(|(_, next)| *next == quote).is_some() {
                        content.push(quote);
                        continue;
                    }
                    return (TokenKind::Text(content), self.rest.get(..=at).unwrap_or(self.rest).to_owned());
                }
                '\\' if !is_verbatim => match letters.next() {
                    Some((_, 'n')) => content.push('\n'),
                    Some((_, 't')) => content.push('\t'),
                    Some((_, other)) => content.push(other),
                    None => {}
                },
                other => content.push(other),
            }
        }
        (TokenKind::Symbol, self.rest.to_owned())
    }
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}
