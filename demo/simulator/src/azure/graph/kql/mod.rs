//! A reader of the part of the Kusto query language that an inventory needs.
//!
//! `lex.rs` makes tokens, `parse.rs` a `query.rs`, `expression.rs` an `ast.rs`; `run.rs` puts rows through stages and
//! `eval.rs` works out a cell. Anything else is refused at the token where it begins.

mod ast;
mod eval;
mod expression;
mod lex;
mod parse;
mod query;
mod run;
mod text;
mod value;

pub(super) use lex::Token;
pub(super) use parse::parse;
pub(super) use query::Query;
pub(super) use value::{Cell, Column, Kind, Rows};
