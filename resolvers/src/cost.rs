//! `@cost` and `@listSize`: what a field costs and how long a list is taken to be, told in the SDL. The gateway sums it up
//! before anything is executed.
#![expect(non_camel_case_types, reason = "the library takes the name of a directive for that of its type")]

use std::borrow::Cow;

use async_graphql::{
    TypeDirective,
    registry::{MetaDirectiveInvocation, Registry, location_traits::Directive_At_FIELD_DEFINITION},
};
use schema::PAGE_DEFAULT;

/// What a field or type costs, in points. Objects cost 1, scalars and enumerations nothing, mutations 10 unless said
/// otherwise.
#[TypeDirective(
    location = "ArgumentDefinition",
    location = "Enum",
    location = "FieldDefinition",
    location = "InputFieldDefinition",
    location = "Object"
)]
pub fn cost(#[graphql(desc = "Points each time.")] weight: i32) {}

/// How long a list is taken to be when its cost is estimated.
#[TypeDirective(name = "listSize", location = "FieldDefinition")]
pub fn list_size(
    #[graphql(desc = "Items when no argument says.")] assumed_size: Option<i32>,
    #[graphql(desc = "Arguments that say how many.")] slicing_arguments: Option<Vec<String>>,
    #[graphql(desc = "Fields of a connection that have so many.")] sized_fields: Option<Vec<String>>,
    #[graphql(desc = "Refuse unless exactly one of `slicingArguments` is given.", default_with = "Some(true)")]
    require_one_slicing_argument: Option<bool>,
) {
}

/// Points of series and rows of tables: dates with amounts, thousands of which come from one statement. The field they stand in costs
/// what they all do.
const UNCOUNTED: [&str; 3] = ["CostPoint", "CostRow", "UnitCostPoint"];

/// The directive on a type whose objects do not cost one point each.
pub(crate) fn directive_of(type_name: &str) -> Option<String> {
    UNCOUNTED.contains(&type_name).then(|| "@cost(weight: 0)".to_owned())
}

/// `@listSize` of a list that is one page.
pub struct page;

impl TypeDirective for page {
    fn name(&self) -> Cow<'static, str> {
        list_size.name()
    }

    fn register(&self, registry: &mut Registry) {
        list_size.register(registry);
    }
}

impl Directive_At_FIELD_DEFINITION for page {}

impl page {
    /// A page that `first` alone sizes.
    pub fn apply() -> MetaDirectiveInvocation {
        sized_by(&["first"])
    }
}

/// As [`page`], with `last` beside `first`.
pub struct page_of_either_end;

impl TypeDirective for page_of_either_end {
    fn name(&self) -> Cow<'static, str> {
        list_size.name()
    }

    fn register(&self, registry: &mut Registry) {
        list_size.register(registry);
    }
}

impl Directive_At_FIELD_DEFINITION for page_of_either_end {}

impl page_of_either_end {
    /// A page that `first` or `last` sizes.
    pub fn apply() -> MetaDirectiveInvocation {
        sized_by(&["first", "last"])
    }
}

/// A list that costs as much however long it is: what it holds was read for the field around it.
pub struct flat;

impl TypeDirective for flat {
    fn name(&self) -> Cow<'static, str> {
        list_size.name()
    }

    fn register(&self, registry: &mut Registry) {
        list_size.register(registry);
    }
}

impl Directive_At_FIELD_DEFINITION for flat {}

impl flat {
    /// As one item.
    pub fn apply() -> MetaDirectiveInvocation {
        list_size::apply(Some(1), None, None, Some(false))
    }
}

/// A list of which each item of the argument `by` may fill as much as the field costs.
pub struct each_of_by;

impl TypeDirective for each_of_by {
    fn name(&self) -> Cow<'static, str> {
        list_size.name()
    }

    fn register(&self, registry: &mut Registry) {
        list_size.register(registry);
    }
}

impl Directive_At_FIELD_DEFINITION for each_of_by {}

impl each_of_by {
    /// As many items as `by` has.
    pub fn apply() -> MetaDirectiveInvocation {
        list_size::apply(Some(1), Some(vec!["by".to_owned()]), None, Some(false))
    }
}

fn sized_by(arguments: &[&str]) -> MetaDirectiveInvocation {
    let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let assumed = i32::try_from(PAGE_DEFAULT).ok();
    list_size::apply(assumed, owned(arguments), owned(&["edges", "nodes"]), Some(false))
}
