//! One object of a list, as filters and orders see it.

use std::{borrow::Cow, cell::RefCell, cmp::Ordering, collections::HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{host, place::Inventory, world::Parts};

/// What one request sees: the world at one instant, under one prefix.
pub(super) struct Scope<'w> {
    pub(super) world: &'w Parts,
    pub(super) now: DateTime<Utc>,
    /// `/api/v2` or `/api/controller/v2`.
    pub(super) prefix: &'static str,
    /// Every job names the failing hosts of its inventory, and they are costly to count.
    failing: RefCell<HashMap<u64, usize>>,
}

impl<'w> Scope<'w> {
    pub(super) fn new(world: &'w Parts, now: DateTime<Utc>, prefix: &'static str) -> Self {
        Self { world, now, prefix, failing: RefCell::default() }
    }

    pub(super) fn failing_hosts(&self, inventory: &Inventory) -> usize {
        let mut known = self.failing.borrow_mut();
        *known.entry(inventory.id).or_insert_with(|| host::failing(self.world, inventory, self.now))
    }
}

pub(super) trait Row<'w> {
    /// The type the API names it by, such as `workflow_job`.
    fn noun(&self) -> &'static str;

    /// A field that filters use much. For any other, `None`: it is read from the description.
    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>>;

    /// The object a field refers to; `None` as well when it refers to none.
    fn related(&self, _scope: &Scope<'w>, _field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        None
    }

    /// The object as lists show it.
    fn describe(&self, scope: &Scope<'w>) -> Value;

    /// The object as its own address shows it.
    fn detail(&self, scope: &Scope<'w>) -> Value {
        self.describe(scope)
    }
}

impl<'w> Row<'w> for Box<dyn Row<'w> + 'w> {
    fn noun(&self) -> &'static str {
        (**self).noun()
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        (**self).cell(scope, field)
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        (**self).related(scope, field)
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        (**self).describe(scope)
    }

    fn detail(&self, scope: &Scope<'w>) -> Value {
        (**self).detail(scope)
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'w> {
    Null,
    /// Exact for every id that occurs: they are far below 2^53.
    Number(f64),
    Text(Cow<'w, str>),
    Bool(bool),
    Time(DateTime<Utc>),
}

impl Cell<'_> {
    /// `None` when they are of different kinds, which no filter and no order brings together.
    pub(super) fn compare(&self, other: &Cell<'_>) -> Option<Ordering> {
        match (self, other) {
            // As Postgres sorts: null stands above every value.
            (Self::Null, Cell::Null) => Some(Ordering::Equal),
            (Self::Null, _) => Some(Ordering::Greater),
            (_, Cell::Null) => Some(Ordering::Less),
            (Self::Number(one), Cell::Number(other)) => one.partial_cmp(other),
            (Self::Text(one), Cell::Text(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Cell::Bool(other)) => Some(one.cmp(other)),
            (Self::Time(one), Cell::Time(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    /// As the database writes it when a text is looked for in it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Time(at) => Cow::Owned(at.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()),
        }
    }
}

impl From<u64> for Cell<'_> {
    fn from(id: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "ids are far below 2^53")]
        Self::Number(id as f64)
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<DateTime<Utc>> for Cell<'_> {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Time(at)
    }
}

impl<'w> From<&'w str> for Cell<'w> {
    fn from(text: &'w str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
