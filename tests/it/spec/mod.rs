//! Conformance to the GraphQL specification: what allows a change of the engine's version. The README of this folder says
//! which rule has which test.

mod execution;
mod federation;
mod nulls;
mod order;
mod records;
mod validation;
