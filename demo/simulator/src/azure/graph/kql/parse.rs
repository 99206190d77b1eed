//! How a query is read, stage by stage.

use super::{
    super::Failure,
    lex::{Token, TokenKind, tokens},
    query::{Key, Named, Query, Stage},
};

/// Reads a query.
pub(in crate::azure::graph) fn parse(query: &str) -> Result<Query, Failure> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0 };
    let (mut table, mut stages) = (None, Vec::new());
    let first = parser.peek().clone();
    if first.kind != TokenKind::Word {
        return Err(Failure::parser(&first, None));
    }
    if is_operator(&first.text) {
        stages.append(&mut parser.stage()?);
    } else {
        table = Some(parser.word()?);
    }
    while parser.take("|") {
        stages.append(&mut parser.stage()?);
    }
    // A closing semicolon is allowed.
    parser.take(";");
    match parser.peek() {
        token if token.kind == TokenKind::End => Ok(Query { table, stages }),
        token => Err(Failure::parser(token, Some("<EOF>"))),
    }
}

fn is_operator(word: &str) -> bool {
    ["where", "project", "extend", "order", "sort", "take", "limit", "top", "count", "summarize", "distinct"]
        .contains(&word)
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    pub(super) depth: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        // The last one is the end, and nobody goes past it.
        self.tokens.get(self.at).or(self.tokens.last()).expect("tokens end with one for the end")
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_it = self.peek().is(text);
        self.at += usize::from(is_it);
        is_it
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), Failure> {
        if self.take(text) { Ok(()) } else { Err(Failure::parser(self.peek(), Some(text))) }
    }

    pub(super) fn word(&mut self) -> Result<String, Failure> {
        match self.peek() {
            token if token.kind == TokenKind::Word && !token.text.starts_with('!') => Ok(self.advance().text),
            token => Err(Failure::parser(token, None)),
        }
    }

    pub(super) fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
        let mut items = vec![item(self)?];
        while self.take(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn stage(&mut self) -> Result<Vec<Stage>, Failure> {
        let operator = self.advance();
        if operator.kind != TokenKind::Word {
            return Err(Failure::parser(&operator, None));
        }
        Ok(match operator.text.as_str() {
            "where" => vec![Stage::Where(self.expression()?)],
            "project" if self.take("-") => {
                let kind = self.advance();
                if kind.text != "away" {
                    return Err(Failure::language(&Token { text: format!("project-{}", kind.text), ..operator }));
                }
                vec![Stage::ProjectAway(self.list(Self::word)?)]
            }
            "project" => vec![Stage::Project(self.list(Self::named)?)],
            "extend" => vec![Stage::Extend(self.list(Self::named)?)],
            "order" | "sort" => {
                self.expect("by")?;
                vec![Stage::Order(self.list(Self::key)?)]
            }
            "take" | "limit" => vec![Stage::Take(self.rows()?)],
            "top" => {
                let rows = self.rows()?;
                self.expect("by")?;
                vec![Stage::Order(vec![self.key()?]), Stage::Take(rows)]
            }
            "count" => vec![Stage::Count],
            "distinct" => vec![Stage::Summarize { counts: Vec::new(), by: self.list(Self::named)? }],
            "summarize" => vec![self.summarize()?],
            _ => return Err(Failure::language(&operator)),
        })
    }

    fn rows(&mut self) -> Result<usize, Failure> {
        let token = self.advance();
        token.text.parse().map_err(|_| Failure::parser(&token, None))
    }

    /// `name = expression`, or the expression alone.
    fn named(&mut self) -> Result<Named, Failure> {
        let is_named =
            self.peek().kind == TokenKind::Word && self.tokens.get(self.at + 1).is_some_and(|next| next.is("="));
        let name = if is_named { Some(self.word()?) } else { None };
        if is_named {
            self.expect("=")?;
        }
        Ok(Named { name, value: self.expression()? })
    }

    fn key(&mut self) -> Result<Key, Failure> {
        let value = self.expression()?;
        let is_falling = !self.take("asc");
        if is_falling {
            self.take("desc");
        }
        // Kusto takes null for the least of all.
        let nulls_first = match self.take("nulls") {
            false => !is_falling,
            true if self.take("first") => true,
            true => {
                self.expect("last")?;
                false
            }
        };
        Ok(Key { value, is_falling, nulls_first })
    }

    /// Of the aggregates there is only `count()`.
    fn summarize(&mut self) -> Result<Stage, Failure> {
        let counts = if self.peek().is("by") { Vec::new() } else { self.list(Self::count)? };
        let by = if self.take("by") { self.list(Self::named)? } else { Vec::new() };
        if counts.is_empty() && by.is_empty() {
            return Err(Failure::parser(self.peek(), Some("by")));
        }
        Ok(Stage::Summarize { counts, by })
    }

    fn count(&mut self) -> Result<String, Failure> {
        let (mut name, mut function) = ("count_".to_owned(), self.word()?);
        if self.take("=") {
            name = std::mem::replace(&mut function, self.word()?);
        }
        if function != "count" {
            return Err(Failure::function(&function));
        }
        self.expect("(")?;
        self.expect(")")?;
        Ok(name)
    }
}
