//! Conformance to the GraphQL specification: what allows a change of the engine's version.

mod nulls;
mod order;
