//! Section 6.1.2 of the specification, a rule a case.

use apollo_compiler::ExecutableDocument;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SDL: &str = "
    type Query { f(s: String, n: Int, x: Float, b: Boolean, id: ID, e: Colour, l: [Int!], ll: [[Int]], i: In, o: One): Int }
    enum Colour { RED GREEN }
    input In { must: Int! may: String def: Int = 7 deep: In }
    input One @oneOf { a: Int b: String }
";

fn coerced(ty: &str, given: Value) -> Result<Value, String> {
    let types = TypeSystem::read(SDL).unwrap();
    let text = format!("query ($v: {ty}) {{ f(s: $v) }}");
    let document = ExecutableDocument::parse(&types.schema, text, "document").unwrap();
    let operation = document.operations.iter().next().unwrap();
    let Value::Object(given) = given else { panic!("an object") };
    coerce(operation, given, &types).map(Value::Object).map_err(|refusal| {
        assert_eq!(refusal.code, ErrorCode::BadUserInput);
        refusal.message
    })
}

fn fits(ty: &str, given: Value, expected: Value) {
    assert_eq!(coerced(ty, json!({ "v": given.clone() })), Ok(json!({ "v": expected })), "{ty} {given}");
}

fn is_refused(ty: &str, given: Value, what: &str) {
    let message = coerced(ty, json!({ "v": given.clone() })).expect_err(&format!("{ty} {given} is accepted"));
    assert!(message.contains(what), "{message}");
}

#[test]
fn what_was_left_out_stays_out_gets_its_default_or_is_missed() {
    assert_eq!(coerced("String", json!({})), Ok(json!({})));
    assert_eq!(coerced("String = \"x\"", json!({})), Ok(json!({ "v": "x" })));
    assert_eq!(coerced("String = \"x\"", json!({ "v": null })), Ok(json!({ "v": null })));
    assert!(coerced("String!", json!({})).unwrap_err().contains("`$v` of type `String!` is missing"));
    assert_eq!(coerced("String! = \"x\"", json!({})), Ok(json!({ "v": "x" })));
    is_refused("String! = \"x\"", json!(null), "must not be null");
    // What no variable is called is no concern of the operation.
    assert_eq!(coerced("String", json!({ "other": 1 })), Ok(json!({})));
}

#[test]
fn scalars_take_their_own_values_and_no_others() {
    fits("Int", json!(2_147_483_647), json!(2_147_483_647));
    fits("Int", json!(-2_147_483_648_i64), json!(-2_147_483_648_i64));
    fits("Int", json!(3.0), json!(3));
    for wrong in [
        json!(2_147_483_648_i64),
        json!(-2_147_483_649_i64),
        json!(1.5),
        json!("1"),
        json!(true),
        json!([[1]]),
        json!(1e300),
    ] {
        is_refused("Int", wrong, "is no `Int`");
    }
    fits("Float", json!(1), json!(1));
    fits("Float", json!(1.5), json!(1.5));
    is_refused("Float", json!("1.5"), "is no `Float`");
    fits("String", json!(""), json!(""));
    is_refused("String", json!(1), "1 is no `String`");
    fits("Boolean", json!(false), json!(false));
    is_refused("Boolean", json!(0), "is no `Boolean`");
    fits("ID", json!("a"), json!("a"));
    fits("ID", json!(7), json!("7"));
    is_refused("ID", json!(1.5), "is no `ID`");
    is_refused("ID", json!(true), "is no `ID`");
}

#[test]
fn enums_take_names_only() {
    fits("Colour", json!("RED"), json!("RED"));
    is_refused("Colour", json!("red"), "is no value of `Colour`");
    is_refused("Colour", json!(1), "is no value of `Colour`");
}

#[test]
fn lists_take_one_value_for_a_list_of_it() {
    fits("[Int!]", json!([1, 2]), json!([1, 2]));
    fits("[Int!]", json!(1), json!([1]));
    fits("[[Int]]", json!([[1], null]), json!([[1], null]));
    fits("[[Int]]", json!(1), json!([[1]]));
    fits("[[Int]]", json!([1, [2]]), json!([[1], [2]]));
    is_refused("[Int!]", json!([1, null]), "`$v.1`: `Int!` must not be null");
    is_refused("[Int!]", json!([1, "x"]), "`$v.1`: \"x\" is no `Int`");
}

#[test]
fn inputs_are_filled_and_their_faults_have_a_path() {
    fits("In", json!({ "must": 1 }), json!({ "must": 1, "def": 7 }));
    fits("In", json!({ "must": 1, "def": null }), json!({ "must": 1, "def": null }));
    is_refused("In", json!({}), "the key `must` of `In` is missing");
    is_refused("In", json!({ "must": 1, "x": 1 }), "`In` has no key \"x\"");
    is_refused("In", json!({ "must": 1, "deep": { "must": "x" } }), "`$v.deep.must`");
    is_refused("In", json!([1]), "is no `In`");
}

#[test]
fn one_of_takes_exactly_one_key() {
    fits("One", json!({ "a": 1 }), json!({ "a": 1 }));
    for wrong in [json!({}), json!({ "a": 1, "b": "x" }), json!({ "a": null }), json!({ "a": 1, "b": null })] {
        is_refused("One", wrong, "exactly one key");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-9i32..9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(3.0)),
        any::<String>().prop_map(Value::from),
        "RED|GREEN|7".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("must|may|def|deep|a|b|x", inner), 0..4).prop_map(|all| all.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Whatever comes is coerced or refused, and what was coerced is of its type: coercing it again changes nothing.
    #[test]
    fn coercing_twice_is_coercing_once(
        value in value(),
        ty in "(String|Int|Float|Boolean|ID|Colour|In|One|\\[Int!\\]|\\[\\[ID\\]!\\]|\\[In\\])!?",
    ) {
        if let Ok(once) = coerced(&ty, json!({ "v": value })) {
            prop_assert_eq!(coerced(&ty, once.clone()), Ok(once));
        }
    }
}
