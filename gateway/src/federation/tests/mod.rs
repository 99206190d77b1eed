//! Plans and answers as a whole: `corpus` holds what is made of small graphs, `differential` compares answers with those of one schema.

mod corpus;
mod differential;
