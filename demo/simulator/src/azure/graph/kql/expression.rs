//! How expressions are read: `or` binds less than `and`, that less than a test.

use serde_json::{Number, json};

use super::{
    super::Failure,
    ast::{Expression, Function, Step},
    lex::TokenKind,
    parse::Parser,
    text::Test,
    value::Cell,
};

/// How deep parentheses may nest.
const DEPTH_MAX: usize = 64;

impl Parser {
    pub(super) fn expression(&mut self) -> Result<Expression, Failure> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Failure::parser(self.peek(), None));
        }
        let mut any = vec![self.conjunction()?];
        while self.take("or") {
            any.push(self.conjunction()?);
        }
        self.depth -= 1;
        Ok(if any.len() > 1 { Expression::Any(any) } else { any.remove(0) })
    }

    fn conjunction(&mut self) -> Result<Expression, Failure> {
        let mut all = vec![self.comparison()?];
        while self.take("and") {
            all.push(self.comparison()?);
        }
        Ok(if all.len() > 1 { Expression::All(all) } else { all.remove(0) })
    }

    fn comparison(&mut self) -> Result<Expression, Failure> {
        let left = Box::new(self.operand()?);
        let operator = self.peek().clone();
        if !matches!(operator.kind, TokenKind::Word | TokenKind::Symbol) {
            return Ok(*left);
        }
        if let Some((ignores_case, is_negated)) = match operator.text.as_str() {
            "in" => Some((false, false)),
            "in~" => Some((true, false)),
            "!in" => Some((false, true)),
            "!in~" => Some((true, true)),
            _ => None,
        } {
            self.advance();
            self.expect("(")?;
            let list = self.list(Self::operand)?;
            self.expect(")")?;
            return Ok(Expression::In { value: left, list, ignores_case, is_negated });
        }
        let Some(test) = Test::named(&operator.text) else { return Ok(*left) };
        self.advance();
        Ok(Expression::Test { test, left, right: Box::new(self.operand()?) })
    }

    fn operand(&mut self) -> Result<Expression, Failure> {
        let token = self.advance();
        match &token.kind {
            TokenKind::Text(text) => Ok(Expression::Literal(Cell::Json(json!(text)))),
            TokenKind::Number(number) => Ok(Expression::Literal(Cell::Json(whole(*number)))),
            TokenKind::Span(seconds) => match chrono::TimeDelta::try_seconds(*seconds) {
                Some(span) => Ok(Expression::Literal(Cell::Span(span))),
                None => Err(Failure::parser(&token, None)),
            },
            TokenKind::Symbol if token.is("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            TokenKind::Word if token.is("true") || token.is("false") => {
                Ok(Expression::Literal(Cell::Json(json!(token.is("true")))))
            }
            TokenKind::Word if self.peek().is("(") => self.call(&token.text),
            TokenKind::Word if !token.text.starts_with('!') => self.path(token.text.clone()),
            _ => Err(Failure::parser(&token, None)),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, Failure> {
        let Some((function, arity)) = Function::named(name) else { return Err(Failure::function(name)) };
        self.expect("(")?;
        // `datetime(2026-03-02)` has no quotes; its parts are joined again.
        let arguments = match () {
            () if name == "datetime" && !matches!(self.peek().kind, TokenKind::Text(_)) => {
                let mut text = String::new();
                while !self.peek().is(")") && self.peek().kind != TokenKind::End {
                    text.push_str(&self.advance().text);
                }
                vec![Expression::Literal(Cell::Json(json!(text)))]
            }
            () if self.peek().is(")") => Vec::new(),
            () => self.list(Self::expression)?,
        };
        if arguments.len() != arity {
            return Err(Failure::parser(self.peek(), None));
        }
        self.expect(")")?;
        Ok(Expression::Call(function, arguments))
    }

    fn path(&mut self, root: String) -> Result<Expression, Failure> {
        let mut steps = Vec::new();
        loop {
            if self.take(".") {
                steps.push(Step::Key(self.word()?));
            } else if self.take("[") {
                let token = self.advance();
                steps.push(match &token.kind {
                    TokenKind::Text(key) => Step::Key(key.clone()),
                    TokenKind::Number(_) => Step::Index(token.text.parse().map_err(|_| Failure::parser(&token, None))?),
                    _ => return Err(Failure::parser(&token, None)),
                });
                self.expect("]")?;
            } else {
                return Ok(Expression::Path(root, steps));
            }
        }
    }
}

/// A number as JSON has it: without a point when it needs none.
fn whole(number: f64) -> serde_json::Value {
    let text = number.to_string();
    text.parse::<i64>()
        .map(Number::from)
        .ok()
        .or_else(|| Number::from_f64(number))
        .map_or(json!(null), |number| json!(number))
}
