//! temp
#![allow(missing_docs)]
use schema::*;
use serde_json::{Map, Value};
#[derive(Debug, Clone)]
pub struct CatalogDocument { pub target: String, pub line: u32, pub column: u32, pub entity_ref: EntityRef, pub api_version: String, pub kind: String, pub namespace: String, pub name: String, pub title: Option<String>, pub description: Option<String>, pub labels: Map<String,Value>, pub annotations: Map<String,Value>, pub tags: Vec<String>, pub links: Vec<Value>, pub spec: Map<String,Value>, pub entity_type: Option<String>, pub lifecycle: Option<String>, pub owner_ref: Option<EntityRef>, pub system_ref: Option<EntityRef>, pub is_team_only: bool, pub relations: Vec<DeclaredRelation> }
#[derive(Debug, Clone)]
pub struct DeclaredRelation { pub relation_type: String, pub inverse_type: String, pub target: EntityRef }
#[derive(Debug, Clone)]
pub struct Refusal { pub target: String, pub line: Option<u32>, pub column: Option<u32>, pub entity_ref: Option<EntityRef>, pub is_team_only: bool, pub owner_ref: Option<EntityRef>, pub message: String }
pub enum Outcome { Document(Box<CatalogDocument>), Refused(Refusal) }
#[derive(Default)] pub struct Limits;
pub fn read_text(_: &str, _: &str, _: &Limits) -> Vec<Outcome> { vec![] }
pub fn read_paths(_: &[std::path::PathBuf], _: &Limits) -> Vec<Outcome> { vec![] }
pub fn resolve_conflicts(o: Vec<Outcome>) -> Vec<Outcome> { o }
