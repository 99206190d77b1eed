//! Orders of entity lists, and the keyset conditions that continue a page from a cursor.

use chrono::{DateTime, TimeDelta, Utc};
use schema::{Cursor, EntityOrder, EntityOrderField, FilterError, OrderDirection, PageArgs};
use sqlx::{Encode, Postgres, QueryBuilder, Type};

use super::{columns::Columns, entity_row::EntityRow};
use crate::SourceError;

/// An order that lists offer. Ties stand in ascending order of references, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    field: EntityOrderField,
    is_descending: bool,
}

/// The key of a cursor, as the column has it.
enum Key {
    Text(String),
    Moment(DateTime<Utc>),
    Rank(f32),
}

impl Order {
    /// By reference: the order of every nested list.
    pub(super) const REF: Self = Self { field: EntityOrderField::Ref, is_descending: false };

    /// The order that was asked for, or the default: best match first with `search`, else by reference.
    pub(super) fn read(order: Option<EntityOrder>, has_search: bool) -> Result<Self, FilterError> {
        match order {
            None if has_search => Ok(Self { field: EntityOrderField::Relevance, is_descending: true }),
            None => Ok(Self::REF),
            Some(EntityOrder { field: EntityOrderField::Relevance, .. }) if has_search => {
                Ok(Self { field: EntityOrderField::Relevance, is_descending: true })
            }
            Some(EntityOrder { field: EntityOrderField::Relevance, .. }) => Err(FilterError::RelevanceWithoutSearch),
            Some(EntityOrder { field, direction }) => {
                Ok(Self { field, is_descending: direction == OrderDirection::Desc })
            }
        }
    }

    /// Names the order in cursors.
    fn tag(self) -> &'static str {
        match (self.field, self.is_descending) {
            (EntityOrderField::Ref, false) => "ref",
            (EntityOrderField::Ref, true) => "ref.desc",
            (EntityOrderField::Name, false) => "name",
            (EntityOrderField::Name, true) => "name.desc",
            (EntityOrderField::UpdatedAt, false) => "updated",
            (EntityOrderField::UpdatedAt, true) => "updated.desc",
            (EntityOrderField::CreatedAt, false) => "created",
            (EntityOrderField::CreatedAt, true) => "created.desc",
            (EntityOrderField::Relevance, _) => "relevance",
        }
    }

    /// The column of the order's key. A rank is computed under this name in the sub-select.
    fn column(self) -> &'static str {
        match self.field {
            EntityOrderField::Ref => "e.ref",
            EntityOrderField::Name => "e.sort_name",
            EntityOrderField::UpdatedAt => "e.updated_at",
            EntityOrderField::CreatedAt => "e.created_at",
            EntityOrderField::Relevance => "e.rank",
        }
    }

    /// The columns that a cursor holds.
    pub(super) fn columns(self) -> Columns {
        match self.field {
            EntityOrderField::Ref | EntityOrderField::Relevance => Columns::NONE,
            EntityOrderField::Name => Columns::SORT_NAME,
            EntityOrderField::UpdatedAt | EntityOrderField::CreatedAt => Columns::TIMES,
        }
    }

    /// The cursor of a row, which has [`Order::columns`].
    pub(super) fn cursor(self, row: &EntityRow, rank: f32) -> String {
        let entity_ref = row.record.entity_ref.as_str().to_owned();
        let moment = |at: DateTime<Utc>| at.timestamp_micros().to_string();
        let key = match self.field {
            EntityOrderField::Ref => return Cursor::new(self.tag(), [entity_ref]).encode(),
            EntityOrderField::Name => row.sort_name.clone(),
            EntityOrderField::UpdatedAt => moment(row.record.updated_at),
            EntityOrderField::CreatedAt => moment(row.record.created_at),
            EntityOrderField::Relevance => rank.to_bits().to_string(),
        };
        Cursor::new(self.tag(), [key, entity_ref]).encode()
    }

    /// Appends `order by` in the direction of reading.
    pub(super) fn push_order(self, query: &mut QueryBuilder<Postgres>, from_end: bool) {
        let direction = |is_descending: bool| if is_descending { "desc" } else { "asc" };
        let key_direction = direction(self.is_descending != from_end);
        query.push(format_args!(" order by {} {key_direction}", self.column()));
        if self.field != EntityOrderField::Ref {
            query.push(format_args!(", e.ref {}", direction(from_end)));
        }
    }

    /// Appends the conditions that the cursors of `page` stand for.
    pub(super) fn push_bounds(self, query: &mut QueryBuilder<Postgres>, page: &PageArgs) -> Result<(), SourceError> {
        if let Some(after) = &page.after {
            self.push_bound(query, after, true)?;
        }
        if let Some(before) = &page.before {
            self.push_bound(query, before, false)?;
        }
        Ok(())
    }

    fn push_bound(self, query: &mut QueryBuilder<Postgres>, text: &str, is_after: bool) -> Result<(), SourceError> {
        let column = self.column();
        if self.field == EntityOrderField::Ref {
            let [entity_ref] = Cursor::decode::<1>(text, self.tag())?;
            let sign = if is_after != self.is_descending { '>' } else { '<' };
            query.push(format_args!(" and e.ref {sign} "));
            push_hidden(query, entity_ref);
            return Ok(());
        }
        let [key, entity_ref] = Cursor::decode::<2>(text, self.tag())?;
        let key = self.read_key(key)?;
        let key_sign = if is_after != self.is_descending { '>' } else { '<' };
        let ref_sign = if is_after { '>' } else { '<' };
        // The first half alone is what an index can start from.
        query.push(format_args!(" and {column} {key_sign}= "));
        push_key(query, &key);
        query.push(format_args!(" and ({column} {key_sign} "));
        push_key(query, &key);
        query.push(format_args!(" or e.ref {ref_sign} "));
        push_hidden(query, entity_ref);
        query.push(")");
        Ok(())
    }

    fn read_key(self, key: String) -> Result<Key, SourceError> {
        let broken = || SourceError::from(schema::CursorError);
        match self.field {
            EntityOrderField::UpdatedAt | EntityOrderField::CreatedAt => {
                let micros = key.parse().map_err(|_| broken())?;
                let at = DateTime::from_timestamp_micros(micros).ok_or_else(broken)?;
                // Postgres ends in the year 294276 and chrono does not: what is far outside was not given out by us.
                let is_ours = at.signed_duration_since(DateTime::UNIX_EPOCH).abs() < TimeDelta::days(400_000);
                is_ours.then_some(Key::Moment(at)).ok_or_else(broken)
            }
            EntityOrderField::Relevance => {
                let rank = f32::from_bits(key.parse().map_err(|_| broken())?);
                rank.is_finite().then_some(Key::Rank(rank)).ok_or_else(broken)
            }
            EntityOrderField::Name | EntityOrderField::Ref => Ok(Key::Text(key)),
        }
    }
}

fn push_key(query: &mut QueryBuilder<Postgres>, key: &Key) {
    match key {
        Key::Text(text) => push_hidden(query, text.clone()),
        Key::Moment(at) => push_hidden(query, *at),
        Key::Rank(rank) => push_hidden(query, *rank),
    }
}

/// Appends a value that the planner does not see: from wherever a page continues, the plan is the same, and is made once.
fn push_hidden<T>(query: &mut QueryBuilder<Postgres>, value: T)
where
    T: 'static + Send + Encode<'static, Postgres> + Type<Postgres>,
{
    query.push("(select ").push_bind(value).push(format_args!("::{})", T::type_info()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order() -> impl Strategy<Value = Order> {
        use EntityOrderField::{CreatedAt, Name, Ref, Relevance, UpdatedAt};
        let fields = prop::sample::select(vec![Name, Ref, UpdatedAt, CreatedAt, Relevance]);
        (fields, any::<bool>()).prop_map(|(field, is_descending)| {
            let direction = if is_descending { OrderDirection::Desc } else { OrderDirection::Asc };
            Order::read(Some(EntityOrder { field, direction }), true).unwrap()
        })
    }

    /// The conditions that a cursor stands for; none when it is refused.
    fn bounds(order: Order, after: Option<String>, before: Option<String>) -> Option<String> {
        let page = PageArgs { limit: 1, from_end: false, after, before };
        let mut query = QueryBuilder::new("");
        order.push_bounds(&mut query, &page).ok()?;
        Some(query.sql().as_str().to_owned())
    }

    proptest! {
        #[test]
        fn no_cursor_makes_it_panic_or_stands_in_the_text(
            order in order(),
            text in any::<String>(),
            key in prop_oneof![any::<String>(), any::<i64>().prop_map(|n| n.to_string()), any::<u32>().prop_map(|n| n.to_string())],
        ) {
            let one = Cursor::new(order.tag(), [format!("zq{key}")]).encode();
            let two = Cursor::new(order.tag(), [key, "zq'".to_owned()]).encode();
            for text in [text, one, two] {
                let sql = bounds(order, Some(text.clone()), Some(text)).unwrap_or_default();
                prop_assert!(!sql.contains("zq") && !sql.contains('\'') && sql.is_ascii(), "{sql}");
            }
        }

        #[test]
        fn every_moment_and_every_rank_comes_back(
            micros in -34_000_000_000_000_000..34_000_000_000_000_000_i64,
            rank in any::<f32>().prop_filter("finite", |rank| rank.is_finite()),
        ) {
            let order = |field| Order { field, is_descending: true };
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let read = order(EntityOrderField::UpdatedAt).read_key(micros.to_string());
            prop_assert!(matches!(read, Ok(Key::Moment(read)) if read == at));
            let read = order(EntityOrderField::Relevance).read_key(rank.to_bits().to_string());
            prop_assert!(matches!(read, Ok(Key::Rank(read)) if read.to_bits() == rank.to_bits()));
        }

        #[test]
        fn a_cursor_serves_its_own_order_alone(one in order(), other in order(), micros in 0..1_000_000_000_000_000_i64) {
            let keys = ["0".to_owned(), "component:default/a".to_owned()];
            let text = match one.field {
                EntityOrderField::Ref => Cursor::new(one.tag(), [micros.to_string()]).encode(),
                _ => Cursor::new(one.tag(), keys).encode(),
            };
            prop_assert_eq!(bounds(other, Some(text), None).is_some(), one == other);
        }
    }
}
