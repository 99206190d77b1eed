//! What reaches the engine, written back as text.

use apollo_compiler::ExecutableDocument as Executable;
use serde_json::json;

use super::*;

const SDL: &str = "
    directive @cost(weight: Int!) on FIELD_DEFINITION | OBJECT
    directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
        requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
    type Query { thing: Thing, pet: Pet, cat: Cat, dog(name: String = \"Rex\", tags: [String], of: In): Dog, one(in: One): Int
        things(first: Int = 20): Things @listSize(assumedSize: 20, slicingArguments: [\"first\"], sizedFields: [\"nodes\"])
        dear: Int @cost(weight: 7) }
    type Mutation { feed(n: Int): Cat }
    input In { a: Int b: Int = 3 }
    input One @oneOf { a: Int b: String }
    type Things { nodes: [Thing!]! count: Int }
    interface Thing { id: ID! name: String friend: Thing }
    interface Named { name: String }
    union Pet = Cat | Dog
    type Cat implements Thing & Named { id: ID! name: String friend: Thing lives: Int }
    type Dog implements Thing & Named { id: ID! name: String friend: Thing tricks: [String] }
";

fn lowered(text: &str, variables: Value) -> Lowered {
    let types = TypeSystem::read(SDL).unwrap();
    let document = Executable::parse_and_validate(&types.schema, text, "document").unwrap();
    let operation = document.operations.iter().next().unwrap();
    let Value::Object(variables) = variables else { panic!("an object") };
    let lines = Lines::of(text);
    let input = Input {
        document: &document,
        operation,
        types: &types,
        text,
        lines: &lines,
        variables: &variables,
        fields_max: 1_000,
    };
    lower(&input).unwrap()
}

fn written(text: &str, variables: Value) -> String {
    let document = lowered(text, variables).document;
    let (_, operation) = document.operations.iter().next().unwrap();
    write_set(&operation.node.selection_set.node)
}

fn write_set(set: &EngineSet) -> String {
    let items = set.items.iter().map(|item| match &item.node {
        EngineSelection::Field(field) => {
            let field = &field.node;
            let alias = field.alias.as_ref().map(|alias| format!("{}: ", alias.node)).unwrap_or_default();
            let arguments: Vec<String> =
                field.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
            let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let below = &field.selection_set.node;
            let below = if below.items.is_empty() { String::new() } else { format!(" {}", write_set(below)) };
            format!("{alias}{}{arguments}{below}", field.name.node)
        }
        EngineSelection::InlineFragment(fragment) => {
            let on = &fragment.node.type_condition.as_ref().unwrap().node.on.node;
            format!("... on {on} {}", write_set(&fragment.node.selection_set.node))
        }
        EngineSelection::FragmentSpread(_) => panic!("a spread is left"),
    });
    format!("{{ {} }}", items.collect::<Vec<_>>().join(" "))
}

fn becomes(text: &str, expected: &str) {
    assert_eq!(written(text, json!({})), expected, "{text}");
}

#[test]
fn equal_response_keys_are_merged_in_the_order_of_their_first() {
    becomes("{ cat { id } dear cat { name } }", "{ cat { id name } dear }");
    becomes(
        "{ cat { friend { id } } ...f } fragment f on Query { cat { friend { name } lives } }",
        "{ cat { friend { id name } lives } }",
    );
    becomes("{ cat { id ...f ...f } } fragment f on Cat { id name }", "{ cat { id name } }");
    becomes("mutation { feed { id } feed { name } }", "{ feed { id name } }");
}

#[test]
fn conditions_are_gone_and_obeyed() {
    becomes("{ cat { id @skip(if: true) name } }", "{ cat { name } }");
    becomes("{ cat { id } ... on Query @include(if: false) { dear } }", "{ cat { id } }");
    let text =
        "query ($s: Boolean!) { cat { id @skip(if: $s) name @include(if: $s) lives @include(if: $s) @skip(if: $s) } }";
    assert_eq!(written(text, json!({ "s": true })), "{ cat { name } }");
    assert_eq!(written(text, json!({ "s": false })), "{ cat { id } }");
    becomes("{ cat { __typename @skip(if: true) id } }", "{ cat { id } }");
}

#[test]
fn a_variable_that_was_left_out_leaves_its_argument_out() {
    let text =
        "query ($n: String, $t: String, $a: Int) { dog(name: $n, tags: [\"x\", $t], of: { a: $a, b: 1 }) { id } }";
    assert_eq!(written(text, json!({})), "{ dog(tags: [\"x\", null], of: {b: 1}) { id } }");
    let given = json!({ "n": null, "t": "y", "a": 2 });
    assert_eq!(written(text, given), "{ dog(name: $n, tags: [\"x\", $t], of: {a: $a, b: 1}) { id } }");
}

#[test]
fn fragments_that_always_apply_are_taken_in() {
    becomes("{ cat { ... on Thing { id } ... { name } ... on Cat { lives } } }", "{ cat { id name lives } }");
    becomes("{ thing { ... on Thing { id } name } }", "{ thing { id name } }");
}

#[test]
fn what_all_types_have_is_not_selected_where_it_is_not_declared() {
    // A union has no fields of its own, nor an interface those of one that it does not implement.
    becomes("{ pet { ... on Thing { name } } }", "{ pet { ... on Thing { name } } }");
    becomes("{ thing { ... on Named { name } } }", "{ thing { ... on Named { name } } }");
    becomes("{ pet { ... on Pet { ... on Cat { lives } } } }", "{ pet { ... on Cat { lives } } }");
    becomes(
        "{ pet { ... on Cat { name } ... on Thing { id name } } }",
        "{ pet { ... on Cat { name id } ... on Dog { id name } } }",
    );
}

#[test]
fn on_an_interface_the_parts_keep_their_order() {
    becomes("{ thing { id ... on Cat { lives } name } }", "{ thing { id ... on Cat { lives } name } }");
    // A leaf that all have is not selected again for one.
    becomes("{ thing { id ... on Cat { id lives } } }", "{ thing { id ... on Cat { lives } } }");
    becomes("{ thing { id ... on Cat { id } } }", "{ thing { id } }");
}

#[test]
fn what_two_parts_select_differently_is_split_by_type() {
    becomes(
        "{ thing { friend { id } ... on Cat { friend { name } } } }",
        "{ thing { ... on Cat { friend { id name } } ... on Dog { friend { id } } } }",
    );
    // The order of keys is that of the first occurrence, for each type its own.
    becomes("{ thing { ... on Cat { name } id name } }", "{ thing { ... on Cat { name id } ... on Dog { id name } } }");
}

#[test]
fn the_cost_counts_pages_and_the_dearest_type() {
    let points = |text: &str, variables: Value| {
        let lowered = lowered(text, variables.clone());
        lowered.cost.points(variables.as_object().unwrap())
    };
    assert_eq!(points("{ cat { id name } }", json!({})), 1);
    assert_eq!(points("{ dear }", json!({})), 7);
    assert_eq!(points("{ things { count } }", json!({})), 1);
    assert_eq!(points("{ things { nodes { id } } }", json!({})), 1 + 20);
    assert_eq!(points("{ things(first: 5) { nodes { friend { id } } } }", json!({})), 1 + 5 * 2);
    let text = "query ($n: Int) { things(first: $n) { nodes { id } } }";
    assert_eq!(points(text, json!({ "n": 50 })), 51);
    assert_eq!(points(text, json!({ "n": null })), 21);
    assert_eq!(points(text, json!({})), 21);
    assert_eq!(points("mutation { feed { friend { id } } }", json!({})), 11);
    // A cat has one friend, a dog none: one of them it is.
    assert_eq!(points("{ thing { ... on Cat { friend { id } } ... on Dog { name } } }", json!({})), 2);
    assert_eq!(points("{ __schema { types { name } } }", json!({})), 100);
}
