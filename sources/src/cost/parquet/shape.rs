//! `Shape`: what a column of the header is made of, down to those that are stored, and how a cell is put together from them.

use std::ops::Range;

use parquet::{
    basic::{ConvertedType, LogicalType, Repetition},
    schema::types::Type,
};

use super::{ParquetProblem, leaf::Leaf};

/// Deepest that columns may be in each other.
const DEPTH_MAX: usize = 16;

/// A column of the header or a part of it.
pub(super) struct Shape {
    kind: Kind,
    /// The stored columns that it is made of.
    leaves: Range<usize>,
    /// The definition from which on it is there.
    definition: i16,
}

enum Kind {
    Value,
    Struct(Vec<(Box<str>, Shape)>),
    List(Repeated, Box<Shape>),
    /// Keys, and values where it has any.
    Map(Repeated, Box<Shape>, Option<Box<Shape>>),
}

#[derive(Clone, Copy)]
struct Repeated {
    /// The definition from which on there is an element.
    definition: i16,
    /// What an element repeats that is not the first.
    repetition: i16,
}

#[derive(Clone, Copy)]
struct At {
    definition: i16,
    repetition: i16,
    depth: usize,
}

impl At {
    fn inside_of(self, field: &Type) -> Self {
        let repetition = repetition(field);
        Self {
            definition: self.definition + i16::from(repetition != Repetition::REQUIRED),
            repetition: self.repetition + i16::from(repetition == Repetition::REPEATED),
            depth: self.depth + 1,
        }
    }

    fn repeated(self) -> Repeated {
        Repeated { definition: self.definition, repetition: self.repetition }
    }
}

impl Shape {
    /// Of a column of the header; `next_leaf` counts the stored ones, which stand in the same order.
    pub(super) fn of(column: &Type, next_leaf: &mut usize) -> Result<Self, ParquetProblem> {
        Self::at(column, At { definition: 0, repetition: 0, depth: 0 }, next_leaf)
    }

    fn at(field: &Type, outside: At, next_leaf: &mut usize) -> Result<Self, ParquetProblem> {
        let at = outside.inside_of(field);
        if repetition(field) != Repetition::REPEATED {
            return Self::of_one(field, at, next_leaf);
        }
        // Repeated without being called a list: it is one that is always there.
        let first = *next_leaf;
        let element = Self::of_one(field, at, next_leaf)?;
        let kind = Kind::List(at.repeated(), Box::new(element));
        Ok(Self { kind, leaves: first..*next_leaf, definition: outside.definition })
    }

    fn of_one(field: &Type, at: At, next_leaf: &mut usize) -> Result<Self, ParquetProblem> {
        let first = *next_leaf;
        let refused = |reason: &str| Err(ParquetProblem::Type(field.name().to_owned(), reason.to_owned()));
        if at.depth > DEPTH_MAX {
            return refused(&format!("it is more than {DEPTH_MAX} deep"));
        }
        let kind = if field.is_primitive() {
            *next_leaf += 1;
            Kind::Value
        } else if let Some((entry, key, value)) = map(field) {
            let inside = at.inside_of(entry);
            let key = Box::new(Self::at(key, inside, next_leaf)?);
            let value = value.map(|value| Self::at(value, inside, next_leaf)).transpose()?.map(Box::new);
            Kind::Map(inside.repeated(), key, value)
        } else if let Some((repeated, element)) = list(field) {
            let inside = at.inside_of(repeated);
            let element = match element {
                Some(element) => Self::at(element, inside, next_leaf)?,
                None => Self::of_one(repeated, inside, next_leaf)?,
            };
            Kind::List(inside.repeated(), Box::new(element))
        } else {
            let mut fields = Vec::new();
            for inner in field.get_fields() {
                fields.push((inner.name().into(), Self::at(inner, at, next_leaf)?));
            }
            Kind::Struct(fields)
        };
        if first == *next_leaf {
            return refused("there is nothing in it");
        }
        Ok(Self { kind, leaves: first..*next_leaf, definition: at.definition })
    }

    /// Writes the next cell: a value as its text, what is made of several as JSON, and nothing for null.
    pub(super) fn cell(&self, leaves: &mut [Leaf], out: &mut Vec<u8>) -> Result<(), ParquetProblem> {
        if let Kind::Value = self.kind {
            let leaf = self.first(leaves)?;
            let meaning = leaf.meaning;
            if let Some(value) = leaf.take()? {
                meaning.write(value, out);
            }
            return Ok(());
        }
        if self.first(leaves)?.definition()? < self.definition {
            self.skip(leaves);
        } else {
            self.json(leaves, out)?;
        }
        match self.leaves.clone().all(|at| leaves.get(at).is_some_and(|leaf| leaf.repetition() == 0)) {
            true => Ok(()),
            false => Err(ParquetProblem::Broken("lists and their elements do not fit".to_owned())),
        }
    }

    fn json(&self, leaves: &mut [Leaf], out: &mut Vec<u8>) -> Result<(), ParquetProblem> {
        if let Kind::Value = self.kind {
            let leaf = self.first(leaves)?;
            let meaning = leaf.meaning;
            match leaf.take()? {
                Some(value) => meaning.write_json(value, out),
                None => out.extend_from_slice(b"null"),
            }
            return Ok(());
        }
        if self.first(leaves)?.definition()? < self.definition {
            self.skip(leaves);
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &self.kind {
            Kind::Value => {}
            Kind::Struct(fields) => {
                out.push(b'{');
                for (at, (name, field)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    super::cell::write_quoted(name.as_bytes(), out);
                    out.push(b':');
                    field.json(leaves, out)?;
                }
                out.push(b'}');
            }
            Kind::List(repeated, element) => {
                out.push(b'[');
                self.elements(*repeated, leaves, out, |leaves, out| element.json(leaves, out))?;
                out.push(b']');
            }
            Kind::Map(repeated, key, value) => {
                out.push(b'{');
                self.elements(*repeated, leaves, out, |leaves, out| {
                    let mut text = Vec::new();
                    key.cell_inside(leaves, &mut text)?;
                    super::cell::write_quoted(&text, out);
                    out.push(b':');
                    match value {
                        Some(value) => value.json(leaves, out),
                        None => {
                            out.extend_from_slice(b"null");
                            Ok(())
                        }
                    }
                })?;
                out.push(b'}');
            }
        }
        Ok(())
    }

    fn elements(
        &self,
        repeated: Repeated,
        leaves: &mut [Leaf],
        out: &mut Vec<u8>,
        mut write: impl FnMut(&mut [Leaf], &mut Vec<u8>) -> Result<(), ParquetProblem>,
    ) -> Result<(), ParquetProblem> {
        if self.first(leaves)?.definition()? < repeated.definition {
            self.skip(leaves);
            return Ok(());
        }
        loop {
            write(leaves, out)?;
            if self.first(leaves)?.repetition() != repeated.repetition {
                return Ok(());
            }
            out.push(b',');
        }
    }

    /// A key of a map, as text.
    fn cell_inside(&self, leaves: &mut [Leaf], out: &mut Vec<u8>) -> Result<(), ParquetProblem> {
        if !matches!(self.kind, Kind::Value) {
            return self.json(leaves, out);
        }
        let leaf = self.first(leaves)?;
        let meaning = leaf.meaning;
        if let Some(value) = leaf.take()? {
            meaning.write(value, out);
        }
        Ok(())
    }

    fn first<'l>(&self, leaves: &'l mut [Leaf]) -> Result<&'l mut Leaf, ParquetProblem> {
        leaves.get_mut(self.leaves.start).ok_or_else(|| ParquetProblem::Broken("it lacks a column".to_owned()))
    }

    fn skip(&self, leaves: &mut [Leaf]) {
        leaves.get_mut(self.leaves.clone()).unwrap_or_default().iter_mut().for_each(Leaf::skip);
    }
}

fn repetition(field: &Type) -> Repetition {
    let info = field.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

/// The only part of a list or map, which is what is repeated.
fn repeated(field: &Type) -> Option<&Type> {
    match field.get_fields() {
        [only] if repetition(only) == Repetition::REPEATED => Some(only),
        _ => None,
    }
}

/// The entries of a map, their key and their value.
fn map(field: &Type) -> Option<(&Type, &Type, Option<&Type>)> {
    let info = field.get_basic_info();
    let is_map = info.logical_type_ref() == Some(&LogicalType::Map)
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    let entry = repeated(field).filter(|entry| is_map && entry.is_group())?;
    match entry.get_fields() {
        [key, value] => Some((entry, key, Some(value))),
        [key] => Some((entry, key, None)),
        _ => None,
    }
}

/// What is repeated in a list, and the element inside of it; none where it is the element itself, as older writers have it.
fn list(field: &Type) -> Option<(&Type, Option<&Type>)> {
    let info = field.get_basic_info();
    let is_list = info.logical_type_ref() == Some(&LogicalType::List) || info.converted_type() == ConvertedType::LIST;
    let repeated = repeated(field).filter(|_| is_list)?;
    if repeated.is_primitive() {
        return Some((repeated, None));
    }
    let is_element = repeated.name() == "array" || repeated.name() == format!("{}_tuple", field.name());
    match repeated.get_fields() {
        [element] if !is_element => Some((repeated, Some(element))),
        _ => Some((repeated, None)),
    }
}
