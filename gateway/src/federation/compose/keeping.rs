//! How long answers may be kept that hold what subgraphs give: each answer of a subgraph says so itself. To the response cache, which goes
//! by the types, theirs say no more than a day.

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Argument, Value},
    schema::{Component, Directive, DirectiveList, ExtendedType},
};

/// Longest that anything of a subgraph is kept, in seconds, whatever it says.
const LONGEST: i32 = 86_400;

/// The SDL with an age for every type that is not of Weft's own.
pub fn with_ages(public_sdl: &str, own_public: &str) -> Result<String, String> {
    let parse = |sdl: &str, name: &str| {
        Schema::builder().adopt_orphan_extensions().parse(sdl, name).build().map_err(|error| error.errors.to_string())
    };
    let (mut whole, own) = (parse(public_sdl, "graph.graphql")?, parse(own_public, "schema.graphql")?);
    // Without ages of our own nothing is kept at all.
    if !whole.directive_definitions.contains_key("cacheControl") {
        return Ok(public_sdl.to_owned());
    }
    let is_theirs = |name: &Name| !own.types.contains_key(name);
    for (_, brought) in whole.types.iter_mut().filter(|(name, _)| is_theirs(name)) {
        match brought {
            ExtendedType::Object(object) => add(&mut object.make_mut().directives)?,
            ExtendedType::Interface(interface) => add(&mut interface.make_mut().directives)?,
            ExtendedType::Union(union) => add(&mut union.make_mut().directives)?,
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) | ExtendedType::InputObject(_) => {}
        }
    }
    Ok(whole.to_string())
}

fn add(directives: &mut DirectiveList) -> Result<(), String> {
    if directives.has("cacheControl") {
        return Ok(());
    }
    let name = |name: &str| Name::new(name).map_err(|error| error.to_string());
    let age = Argument { name: name("maxAge")?, value: Node::new(Value::Int(LONGEST.into())) };
    let directive = Directive { name: name("cacheControl")?, arguments: vec![Node::new(age)] };
    directives.push(Component::new(directive));
    Ok(())
}
