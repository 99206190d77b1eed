//! Which entities a question is about: each is represented once, however often it occurs in the answer.

use std::collections::{BTreeSet, HashMap};

use super::tree::{At, Bodies, Node, Place};
use crate::federation::plan::{Entities, Key, Required, Requires};

/// The entities of one question.
#[derive(Debug, Default)]
pub struct Represented {
    /// Each representation, as JSON.
    pub representations: Vec<Vec<u8>>,
    /// What the answer must repeat of each.
    pub repeated: Vec<Vec<(Key, Vec<u8>)>>,
    /// The places of entities in the answer, and which representation stands for each.
    pub places: Vec<(Place, usize)>,
    /// Places of objects that cannot be represented, because something that represents them is missing.
    pub without: Vec<Place>,
}

impl Represented {
    /// The same in parts of at most so many entities.
    pub fn parts(self, most: usize) -> Vec<Self> {
        if self.representations.len() <= most {
            return vec![self];
        }
        let Self { representations, repeated, places, without: _ } = self;
        let count = representations.len().div_ceil(most);
        let mut parts: Vec<Self> = (0..count).map(|_| Self::default()).collect();
        for (at, (representation, repeated)) in representations.into_iter().zip(repeated).enumerate() {
            if let Some(part) = parts.get_mut(at / most) {
                part.representations.push(representation);
                part.repeated.push(repeated);
            }
        }
        for (place, at) in places {
            if let Some(part) = parts.get_mut(at / most) {
                part.places.push((place, at % most));
            }
        }
        parts
    }

    /// The places of each entity.
    pub fn by_entity(&self) -> HashMap<usize, Vec<&Place>> {
        let mut by_entity: HashMap<usize, Vec<&Place>> = HashMap::new();
        for (place, at) in &self.places {
            by_entity.entry(*at).or_default().push(place);
        }
        by_entity
    }
}

/// Finds the entities in the answer so far.
pub fn represent(root: &Node, entities: &Entities, typename: Key, bodies: &Bodies) -> Represented {
    let mut found = Represented::default();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    let type_of = |node: &Node| match node.field(typename) {
        Some(Node::Leaf(span)) => bodies.text(*span),
        _ => None,
    };
    let is_of = |node: &Node, types: &BTreeSet<String>| type_of(node).is_none_or(|name| types.contains(name));
    for path in &entities.paths {
        let mut place = Place::new();
        root.objects(path, &is_of, &mut place, &mut |node, place: &[At]| {
            let name = type_of(node);
            let Some(requires) = requires_of(&entities.requires, name) else { return };
            let mut repeated = Vec::new();
            let told = requires.typename_told.as_deref().or(name).unwrap_or(&requires.type_name);
            let mut json = format!("{{\"__typename\":\"{told}\"").into_bytes();
            if !write_fields(node, &requires.fields, bodies, &mut json, &mut repeated) {
                found.without.push(place.to_vec());
                return;
            }
            json.push(b'}');
            let at = *known.entry(json).or_insert_with_key(|json| {
                found.representations.push(json.clone());
                found.repeated.push(repeated);
                found.representations.len() - 1
            });
            found.places.push((place.to_vec(), at));
        });
    }
    found
}

/// What represents objects of this type. Where an object does not say its type, there is only one that it can have.
fn requires_of<'a>(all: &'a [Requires], type_name: Option<&str>) -> Option<&'a Requires> {
    match (type_name, all) {
        (Some(name), _) => all.iter().find(|requires| requires.type_name == name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Writes the fields, each after a comma; false where one is missing.
fn write_fields(
    node: &Node,
    fields: &[Required],
    bodies: &Bodies,
    json: &mut Vec<u8>,
    repeated: &mut Vec<(Key, Vec<u8>)>,
) -> bool {
    fields.iter().all(|required| {
        let Some(field) = node.field(required.key) else { return false };
        json.extend_from_slice(b",\"");
        json.extend_from_slice(required.name.as_bytes());
        json.extend_from_slice(b"\":");
        let begun = json.len();
        let is_whole = write_node(field, &required.fields, bodies, json);
        if required.is_repeated
            && let Some(value) = json.get(begun..)
        {
            repeated.push((required.key, value.to_vec()));
        }
        is_whole
    })
}

fn write_node(node: &Node, fields: &[Required], bodies: &Bodies, json: &mut Vec<u8>) -> bool {
    match node {
        Node::Null => json.extend_from_slice(b"null"),
        Node::Leaf(span) => json.extend_from_slice(bodies.bytes(*span)),
        Node::Wrong => return false,
        Node::List(items) => {
            json.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(b',');
                }
                if !write_node(item, fields, bodies, json) {
                    return false;
                }
            }
            json.push(b']');
        }
        Node::Object(_) => {
            json.push(b'{');
            let begun = json.len();
            if !write_fields(node, fields, bodies, json, &mut Vec::new()) {
                return false;
            }
            // The comma before the first.
            if json.len() > begun {
                json.remove(begun);
            }
            json.push(b'}');
        }
    }
    true
}
