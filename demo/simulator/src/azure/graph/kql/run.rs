//! Rows through stages.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    super::Failure,
    eval::Context,
    query::{Key, Named, Query, Stage},
    value::{Cell, Column, Kind, Rows},
};

impl Query {
    /// What the stages make of `rows`.
    pub(in crate::azure::graph) fn run(&self, rows: Rows, now: DateTime<Utc>) -> Result<Rows, Failure> {
        self.stages.iter().try_fold(rows, |rows, stage| step(stage, rows, now))
    }
}

fn step(stage: &Stage, rows: Rows, now: DateTime<Utc>) -> Result<Rows, Failure> {
    let Rows { columns, mut rows } = rows;
    let context = Context { columns: &columns, now };
    match stage {
        Stage::Where(condition) => {
            context.check(condition)?;
            rows.retain(|row| context.value(condition, row).is_true());
        }
        Stage::Project(named) => return project(&context, named, &rows),
        Stage::ProjectAway(names) => return project_away(&context, names, &rows),
        Stage::Extend(named) => return extend(&context, named, rows),
        Stage::Order(keys) => order(&context, keys, &mut rows)?,
        Stage::Take(count) => rows.truncate(*count),
        Stage::Count => {
            let columns = vec![Column { name: "Count".to_owned(), kind: Kind::Integer }];
            return Ok(Rows { columns, rows: vec![vec![Cell::Json(json!(rows.len()))]] });
        }
        Stage::Summarize { counts, by } => return summarize(&context, counts, by, &rows),
    }
    Ok(Rows { columns, rows })
}

/// The columns that `named` make, nameless ones counted from 1.
fn columns(context: &Context<'_>, named: &[Named]) -> Result<Vec<Column>, Failure> {
    let mut nameless = 0;
    let column = |named: &Named| {
        context.check(&named.value)?;
        let name = named.name.clone().or_else(|| named.value.name()).unwrap_or_else(|| {
            nameless += 1;
            format!("Column{nameless}")
        });
        Ok(Column { name, kind: context.kind(&named.value) })
    };
    named.iter().map(column).collect()
}

fn project(context: &Context<'_>, named: &[Named], rows: &[Vec<Cell>]) -> Result<Rows, Failure> {
    let columns = columns(context, named)?;
    let cells = |row: &Vec<Cell>| named.iter().map(|named| context.value(&named.value, row)).collect();
    Ok(Rows { columns, rows: rows.iter().map(cells).collect() })
}

fn project_away(context: &Context<'_>, names: &[String], rows: &[Vec<Cell>]) -> Result<Rows, Failure> {
    if let Some(absent) = names.iter().find(|name| context.position(name).is_none()) {
        return Err(Failure::column(absent));
    }
    let stays: Vec<_> = context.columns.iter().map(|column| !names.contains(&column.name)).collect();
    let columns = kept(context.columns, &stays);
    Ok(Rows { columns, rows: rows.iter().map(|row| kept(row, &stays)).collect() })
}

fn kept<T: Clone>(items: &[T], stays: &[bool]) -> Vec<T> {
    items.iter().zip(stays).filter(|(_, stays)| **stays).map(|(item, _)| item.clone()).collect()
}

/// Adds columns; one of a name that is there already takes its place.
fn extend(context: &Context<'_>, named: &[Named], rows: Vec<Vec<Cell>>) -> Result<Rows, Failure> {
    let added = columns(context, named)?;
    let mut columns = context.columns.to_vec();
    let places: Vec<_> = added
        .into_iter()
        .map(|column| {
            let place = columns.iter().position(|known| known.name == column.name).unwrap_or(columns.len());
            match columns.get_mut(place) {
                Some(known) => *known = column,
                None => columns.push(column),
            }
            place
        })
        .collect();
    let extended = |mut row: Vec<Cell>| {
        let values: Vec<_> = named.iter().map(|named| context.value(&named.value, &row)).collect();
        row.resize(columns.len(), Cell::NULL);
        for (place, value) in places.iter().zip(values) {
            if let Some(cell) = row.get_mut(*place) {
                *cell = value;
            }
        }
        row
    };
    Ok(Rows { rows: rows.into_iter().map(extended).collect(), columns })
}

fn order(context: &Context<'_>, keys: &[Key], rows: &mut Vec<Vec<Cell>>) -> Result<(), Failure> {
    keys.iter().try_for_each(|key| context.check(&key.value))?;
    let values = |row: &Vec<Cell>| keys.iter().map(|key| context.value(&key.value, row)).collect::<Vec<_>>();
    let mut keyed: Vec<_> = rows.drain(..).map(|row| (values(&row), row)).collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let orders = keys.iter().zip(left.iter().zip(right)).map(|(key, (left, right))| compare(key, left, right));
        orders.fold(Ordering::Equal, Ordering::then)
    });
    rows.extend(keyed.into_iter().map(|(_, row)| row));
    Ok(())
}

fn compare(key: &Key, left: &Cell, right: &Cell) -> Ordering {
    let nulls = if key.nulls_first { Ordering::Less } else { Ordering::Greater };
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => nulls,
        (false, true) => nulls.reverse(),
        (false, false) => {
            let order = left.compare(right).unwrap_or(Ordering::Equal);
            if key.is_falling { order.reverse() } else { order }
        }
    }
}

/// One row for each combination of `by`, in the order they first occur, with how often it does under each name of
/// `counts`.
fn summarize(context: &Context<'_>, counts: &[String], by: &[Named], rows: &[Vec<Cell>]) -> Result<Rows, Failure> {
    let mut columns = columns(context, by)?;
    if let Some(dynamic) = columns.iter().find(|column| column.kind == Kind::Object) {
        return Err(Failure::dynamic(&dynamic.name));
    }
    columns.extend(counts.iter().map(|name| Column { name: name.clone(), kind: Kind::Integer }));
    let mut groups: Vec<(Vec<Cell>, u64)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    if by.is_empty() {
        groups.push((Vec::new(), 0));
        places.insert(String::new(), 0);
    }
    for row in rows {
        let key: Vec<_> = by.iter().map(|named| context.value(&named.value, row)).collect();
        // Quoted, so that no two keys read alike.
        let text: String = key.iter().map(|cell| cell.to_json().to_string()).collect();
        let place = *places.entry(text).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => groups.push((key, 1)),
        }
    }
    let row = |(mut key, count): (Vec<Cell>, u64)| {
        key.extend(counts.iter().map(|_| Cell::Json(json!(count))));
        key
    };
    Ok(Rows { columns, rows: groups.into_iter().map(row).collect() })
}
