//! The planner's own aliases: what it calls a field that would have one name and two types. It counts anew for each selection, so one
//! alias can stand for several fields of a document.

use std::collections::HashMap;

use hive_router_query_planner::{
    ast::{document::Document, selection_item::SelectionItem, selection_set::SelectionSet},
    planner::plan_nodes::{FetchNodePathSegment, FetchRewrite, KeyRenamer},
};

/// How they begin.
const PREFIX: &str = "_internal_qp_alias_";

/// What aliases stand for: the key that was meant, by alias.
#[derive(Debug, Default)]
pub struct Meant(HashMap<String, String>);

impl Meant {
    /// The key that is meant by what a service answers under this name.
    pub fn key<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// From now on `alias` stands for this key too.
    pub fn add(&mut self, alias: String, key: String) {
        self.0.insert(alias, key);
    }
}

/// Gives each alias a name of its own, and finds what it stands for. Fails where that is not known.
pub fn settle<'r>(
    document: &mut Document,
    rewrites: impl IntoIterator<Item = &'r FetchRewrite>,
) -> Result<Meant, String> {
    let mut renamers = Vec::new();
    for rewrite in rewrites {
        match rewrite {
            FetchRewrite::KeyRenamer(renamer) => renamers.push((renamer, false)),
            FetchRewrite::ValueSetter(_) => return Err("a rewrite of an answer that sets a value".to_owned()),
        }
    }
    let mut aliases = Aliases { renamers, meant: Meant::default(), place: Vec::new() };
    aliases.set(&mut document.operation.selection_set)?;
    match aliases.renamers.iter().find(|(_, is_used)| !is_used) {
        Some((renamer, _)) => Err(format!("a rewrite of {:?}, which is not asked for", renamer.path)),
        None => Ok(aliases.meant),
    }
}

/// A step to a selection.
enum Part {
    Field(String),
    Type(String),
}

struct Aliases<'r> {
    /// With each whether it was of use.
    renamers: Vec<(&'r KeyRenamer, bool)>,
    meant: Meant,
    place: Vec<Part>,
}

impl Aliases<'_> {
    fn set(&mut self, set: &mut SelectionSet) -> Result<(), String> {
        let mut of_set = Vec::new();
        for item in &mut set.items {
            match item {
                SelectionItem::Field(field) => {
                    let name = field.alias.as_ref().unwrap_or(&field.name).clone();
                    self.place.push(Part::Field(name.clone()));
                    if name.starts_with(PREFIX) {
                        // Batches come without rewrites. What the planner adds has no arguments and its own name.
                        let is_plain = field.arguments.as_ref().is_none_or(|arguments| arguments.is_empty());
                        let meant = self.told().or_else(|| is_plain.then(|| field.name.clone()));
                        let meant = meant.ok_or_else(|| format!("nobody tells what {name} stands for"))?;
                        if of_set.contains(&meant) {
                            return Err(format!("two parts of one selection that stand for {meant}"));
                        }
                        of_set.push(meant.clone());
                        let alias = format!("{PREFIX}{}", self.meant.0.len());
                        field.alias = Some(alias.clone());
                        self.meant.0.insert(alias, meant);
                    }
                    self.set(&mut field.selections)?;
                    self.place.pop();
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.place.push(Part::Type(fragment.type_condition.clone()));
                    self.set(&mut fragment.selections)?;
                    self.place.pop();
                }
                SelectionItem::FragmentSpread(name) => return Err(format!("the fragment {name} was not spread out")),
            }
        }
        Ok(())
    }

    /// What the rewrites say of the present place. They lead there from an entity, or from the root.
    fn told(&mut self) -> Option<String> {
        let place = &self.place;
        let leads_here = |renamer: &KeyRenamer| {
            place.len() >= renamer.path.len()
                && place.iter().rev().zip(renamer.path.iter().rev()).all(|(part, segment)| match (part, segment) {
                    (Part::Field(name), FetchNodePathSegment::Key(key)) => name == key,
                    (Part::Type(name), FetchNodePathSegment::TypenameEquals(types)) => types.contains(name),
                    _ => false,
                })
        };
        let mut told = None;
        for (renamer, is_used) in self.renamers.iter_mut().filter(|(renamer, _)| leads_here(renamer)) {
            *is_used = true;
            told = Some(renamer.rename_key_to.clone());
        }
        told
    }
}
