//! What is linked: federation 2, under its own names.

use super::refused_as_it_is;

/// What comes after the link.
const REST: &str = "type Component @key(fields: \"ref\") { ref: String! extra: Int }";

fn linked(arguments: &str) -> String {
    format!("extend schema @link({arguments})\n{REST}")
}

const V2: &str = "url: \"https://specs.apollo.dev/federation/v2.5\"";

#[test]
fn version_2_is_linked() {
    for sdl in [
        REST.to_owned(),
        "extend type Component @federation__key(fields: \"ref\") { ref: String! @external }".to_owned(),
    ] {
        refused_as_it_is(
            &sdl,
            "Component",
            &["@key is federation's", "version 2 is not linked", "begin with `extend schema @link"],
        );
    }
    let instead = &["is not executed", "link version 2", "extend schema @link"];
    for version in ["v1.0", "v3.0", "v2.x"] {
        refused_as_it_is(
            &linked(&format!("url: \"https://specs.apollo.dev/federation/{version}\"")),
            "schema",
            instead,
        );
    }
    for url in ["https://example.dev/federation/v2.5", "https://specs.grafbase.com/composite-schemas/v1", "nothing"] {
        refused_as_it_is(
            &linked(&format!("url: \"{url}\", import: [\"@key\"]")),
            "schema",
            &[url, "only federation 2"],
        );
    }
    let and_other = format!(
        "{V2}, import: [\"@key\"]) @link(url: \"https://extensions.grafbase.com/x/1.0.0\", import: [\"@rest\"]"
    );
    refused_as_it_is(&linked(&and_other), "schema", &["only federation 2", "define directives of your own"]);
    refused_as_it_is(&linked("import: [\"@key\"]"), "schema", &["@link needs `url`"]);
}

#[test]
fn names_are_those_of_the_specification() {
    for (arguments, words) in [
        ("as: \"fed\", import: [\"@key\"]", ["its own name", "take `as` out of @link"]),
        ("import: [\"@key\", { name: \"@interfaceObject\", as: \"@mine\" }]", ["@interfaceObject", "take `as` out"]),
        ("import: [\"@key\", { name: \"@inaccessible\", as: \"@tag\" }]", ["@inaccessible", "take `as` out"]),
        ("import: [\"@key\", \"@magic\"]", ["@magic is nothing of federation's", "take it out"]),
        ("import: [\"@key\", 7]", ["holds names", "@key"]),
    ] {
        refused_as_it_is(&linked(&format!("{V2}, {arguments}")), "schema", &words);
    }
    let unimported = linked(&format!("{V2}, import: [\"@shareable\"]"));
    refused_as_it_is(&unimported, "Component", &["@key is not imported", "add it to the import"]);
    let defined = format!("{unimported}\ndirective @key(fields: String!) repeatable on OBJECT");
    refused_as_it_is(&defined, "Component", &["@key is not imported"]);
}

#[test]
fn what_is_linked_well_is_taken() {
    let long = format!("extend schema @link({V2})\n{}", REST.replace("@key", "@federation__key"));
    let of_schema =
        format!("schema @link({V2}, import: [\"@key\"]) {{ query: Query }}\n{REST} type Query {{ a: Int }}");
    let with_link =
        linked(&format!("url: \"https://specs.apollo.dev/link/v1.0\") @link({V2}, import: [\"@key\", \"FieldSet\"]"));
    let same_name = linked(&format!("{V2}, import: [{{ name: \"@key\" }}]"));
    for sdl in [long, of_schema, with_link, same_name, "type Query { plain: Int }".to_owned()] {
        let outcome = super::outcome(&sdl);
        assert!(outcome.is_ok(), "{sdl}: {:#?}", outcome.err());
    }
}

#[test]
fn costs_are_the_same_with_and_without_an_import() {
    for imports in ["\"@key\"", "\"@key\", \"@cost\"", "\"@listSize\", { name: \"@key\" }, \"@cost\""] {
        let sdl = linked(&format!("{V2}, import: [{imports}]")).replace("extra: Int", "extra: Int @cost(weight: 7)");
        let composed = super::outcome(&sdl).unwrap_or_else(|reasons| panic!("{imports}: {reasons:#?}"));
        assert!(composed.public_sdl.contains("extra: Int @cost(weight: 7)"), "{imports}: {}", composed.public_sdl);
    }
}
