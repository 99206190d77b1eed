//! A reader of the part of the Kusto query language that an inventory needs.
//!
//! `lex.rs` makes tokens, `parse.rs` stages, `expression.rs` expressions; `run.rs` puts rows through stages and `eval.rs`
//! works out a cell. Anything else is refused at the token where it begins.

mod eval;
mod expression;
mod lex;
mod parse;
mod run;
mod text;
mod value;

pub(super) use lex::Token;
pub(super) use parse::{Query, parse};
pub(super) use value::{Cell, Column, Kind, Rows};
