//! Relations of entities, seen from one end. A relation is visible to whoever sees the entity that declares it.

use std::collections::HashMap;

use schema::{Cursor, EntityRef, Page, PageArgs, RelationRecord, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::{Database, visibility::push_visible};
use crate::SourceError;

const ORDER: &str = "relation";

/// Which relations of each entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RelationQuery {
    /// Only of these types; all when absent.
    pub types: Option<Vec<String>>,
}

#[derive(FromRow)]
struct Row {
    parent_ref: String,
    r#type: String,
    target_ref: String,
}

impl RelationQuery {
    fn push_where(&self, query: &mut QueryBuilder<Postgres>, visibility: &Visibility) {
        query.push(" from relation r join entity o on o.id = r.origin_id and ");
        push_visible(query, "o", visibility);
        query.push(" where r.tenant = ").push_bind(visibility.tenant.clone()).push(" and r.source_ref = p.ref");
        if let Some(types) = &self.types {
            query.push(" and r.type = any(").push_bind(types.clone()).push(")");
        }
    }
}

impl Database {
    /// The same page of each entity's relations, by type, then by the other end; one statement.
    pub async fn relations_pages(
        &self,
        visibility: &Visibility,
        list: &RelationQuery,
        page: &PageArgs,
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, Page<RelationRecord>>, SourceError> {
        let refs: Vec<String> = parents.iter().map(|parent| parent.as_str().to_owned()).collect();
        let mut query =
            QueryBuilder::new("-- relations_pages\nselect p.ref as parent_ref, r.type, r.target_ref from unnest(");
        query.push_bind(refs).push("::text[]) as p(ref) cross join lateral (select distinct r.type, r.target_ref");
        list.push_where(&mut query, visibility);
        if let Some(after) = &page.after {
            let [relation_type, target_ref] = Cursor::decode::<2>(after, ORDER)?;
            query.push(" and (r.type, r.target_ref) > (").push_bind(relation_type);
            query.push(", ").push_bind(target_ref).push(")");
        }
        query.push(" order by r.type, r.target_ref limit ").push_bind(i64::from(page.limit) + 1);
        query.push(") r order by r.type, r.target_ref");
        let rows: Vec<Row> = self.all("relations_pages", query.build_query_as()).await?;
        let mut by_parent: HashMap<EntityRef, Vec<RelationRecord>> = HashMap::new();
        for row in rows {
            let relation = RelationRecord { relation_type: row.r#type, target_ref: EntityRef::stored(row.target_ref) };
            by_parent.entry(EntityRef::stored(row.parent_ref)).or_default().push(relation);
        }
        let cursor = |relation: &RelationRecord| {
            Cursor::new(ORDER, [relation.relation_type.clone(), relation.target_ref.as_str().to_owned()]).encode()
        };
        Ok(by_parent.into_iter().map(|(parent, rows)| (parent, Page::of_rows(rows, page, true, cursor))).collect())
    }

    /// How many relations each entity has; one statement.
    pub async fn relations_counts(
        &self,
        visibility: &Visibility,
        list: &RelationQuery,
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, i64>, SourceError> {
        let refs: Vec<String> = parents.iter().map(|parent| parent.as_str().to_owned()).collect();
        let mut query = QueryBuilder::new("-- relations_counts\nselect p.ref, r.count from unnest(");
        query
            .push_bind(refs)
            .push("::text[]) as p(ref) cross join lateral (select count(distinct (r.type, r.target_ref)) as count");
        list.push_where(&mut query, visibility);
        query.push(") r");
        let rows: Vec<(String, i64)> = self.all("relations_counts", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|(parent, count)| (EntityRef::stored(parent), count)).collect())
    }
}
