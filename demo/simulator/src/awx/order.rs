//! The order of a list: `order_by=-finished,id`, then the model's own order to break ties.

use std::cmp::Ordering;

use super::{
    filter::Path,
    model::Model,
    refusal::Refusal,
    row::{Cell, Row, Scope},
};

pub(super) struct Order(Vec<(Path, bool)>);

impl Order {
    pub(super) fn parse(model: &Model, query: &[(String, String)]) -> Result<Self, Refusal> {
        let asked = query.iter().rfind(|(key, _)| key == "order_by" || key == "order");
        let asked = asked.map(|(_, fields)| fields.split(',')).into_iter().flatten().filter(|field| !field.is_empty());
        let fields = asked.chain(model.order.iter().copied()).map(|field| {
            let (name, is_down) = field.strip_prefix('-').map_or((field, false), |name| (name, true));
            Path::parse(model, name).map(|path| (path, is_down)).map_err(|_| unknown(model, name))
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn sort<'w, R: Row<'w>>(&self, scope: &Scope<'w>, rows: Vec<R>) -> Vec<R> {
        let keyed = rows.into_iter().map(|row| {
            let key: Vec<Cell<'w>> = self.0.iter().map(|(path, _)| path.cell(scope, &row)).collect();
            (key, row)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_by(|(one, _), (other, _)| self.compare(one, other));
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    fn compare(&self, one: &[Cell<'_>], other: &[Cell<'_>]) -> Ordering {
        let pairs = one.iter().zip(other).zip(&self.0);
        let mut orders = pairs.map(|((one, other), (_, is_down))| {
            let order = one.compare(other).unwrap_or(Ordering::Equal);
            if *is_down { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn unknown(model: &Model, name: &str) -> Refusal {
    let mut choices: Vec<_> = model.fields().map(|(name, _)| name).collect();
    choices.sort_unstable();
    Refusal::bad(format!("Cannot resolve keyword '{name}' into field. Choices are: {}", choices.join(", ")))
}
