//! `Statement`: what every statement over charges has in common: whose they are, who may see them, and which are asked for.

use schema::{
    CostDimension, CostDimensionInput, CostFilter, CostGranularity, CostQuery, DateRange, EntityRef, OwnershipBasis,
    SharedCostSplit, Visibility, scope,
};
use sqlx::{Postgres, QueryBuilder};

use super::{
    CostParent, CostQuestion,
    line::{LinePlace, push_places},
    parts::{self, push_part},
    split,
    width::Width,
};
use crate::postgres::{
    deployment::push_parents,
    visibility::{push_guardians, push_visible},
};

/// Who owns the target `t`, of which `e` is the entity, today; the last one who did where it is gone.
pub(super) const NOW_OWNED: &str = "case when t.kind = 'TEAM' then t.ref when e.id is not null then e.owner_ref \
     else (select i.owner_ref from owner_interval i where t.kind = 'COMPONENT' and i.tenant = t.tenant and i.entity_ref = t.ref \
     order by i.valid_from desc limit 1) end";

/// Whose charges a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Everybody's; those of which somebody else keeps the component to themselves as one sum.
    All,
    /// Those of the caller's own teams and the teams below them.
    Own,
}

pub(super) fn sight(visibility: &Visibility) -> Sight {
    if visibility.has(scope::COST_READ_ALL) { Sight::All } else { Sight::Own }
}

/// A statement that is being written.
pub(super) struct Statement<'a> {
    visibility: &'a Visibility,
    pub(super) question: &'a CostQuestion,
    pub(super) width: Width,
    sight: Sight,
    /// Narrower sums mix in what is to be told apart.
    least: Width,
    /// The only charges that are read.
    only: Option<&'a [LinePlace]>,
    /// The days that are read, where these are not those of the question.
    days: Option<DateRange>,
}

impl<'a> Statement<'a> {
    pub(super) fn new(visibility: &'a Visibility, question: &'a CostQuestion, width: Width) -> Self {
        Self { visibility, question, width, sight: sight(visibility), least: Width::Owner, only: None, days: None }
    }

    /// Reads no narrower sums than these.
    pub(super) fn at_least(self, least: Width) -> Self {
        Self { least, ..self }
    }

    /// Reads these charges only.
    pub(super) fn only(self, places: &'a [LinePlace]) -> Self {
        Self { only: Some(places), ..self }
    }

    /// Reads these days only; shares are measured over all that the question asks for.
    pub(super) fn within(self, days: DateRange) -> Self {
        Self { days: Some(days), ..self }
    }

    /// Begins it: afterwards there is [`Self::source`] to read from.
    pub(super) fn begin(&self, name: &str, parents: &[EntityRef]) -> QueryBuilder<Postgres> {
        let asked = &self.question.query;
        let tenant = &self.visibility.tenant;
        let mut query = self.begin_with_who(name, parents);
        let of_days = self.days.map(|range| CostQuery { range, compare_to_previous: false, ..asked.clone() });
        let of_parts = of_days.as_ref().unwrap_or(asked);
        if self.width == Width::Lines {
            self.push_held(&mut query, of_parts.range);
        }
        query.push(", parts as (");
        for (at, part) in parts::of_query(of_parts, self.width).iter().enumerate() {
            if at > 0 {
                query.push(" union all ");
            }
            push_part(&mut query, asked, self.width, part, tenant);
            self.push_narrowed(&mut query);
        }
        query.push(")");
        if asked.shared_costs != SharedCostSplit::Separate {
            split::push(&mut query, self.question, self.width, self.least, tenant);
        }
        query
    }

    /// Begins it with who is asking and for whom: nothing is read yet.
    pub(super) fn begin_with_who(&self, name: &str, parents: &[EntityRef]) -> QueryBuilder<Postgres> {
        let tenant = &self.visibility.tenant;
        let mut query = QueryBuilder::new(format!("-- {name}\nwith guardians as materialized (select "));
        push_guardians(&mut query, self.visibility);
        query.push(" as refs), own as materialized (select visible_guardians(");
        query.push_bind(tenant.clone()).push(", ").push_bind(self.visibility.own_refs()).push(") as refs)");
        self.push_parents(&mut query, parents);
        self.push_teams(&mut query);
        query
    }

    /// What it reads from after its beginning.
    pub(super) fn source(&self) -> &'static str {
        if self.question.query.shared_costs == SharedCostSplit::Separate { "parts" } else { "split" }
    }

    /// The days on which slices hold what is asked for, as far as their sums can say it.
    fn push_held(&self, query: &mut QueryBuilder<Postgres>, range: DateRange) {
        if let Some(places) = self.only {
            query.push(", held as (select distinct s.id as slice_id, asked.day from ");
            push_places(query, places);
            query.push(" join cost_slice s on coalesce(s.number, s.id) = asked.slice_number and s.tenant = ");
            query.push_bind(self.visibility.tenant.clone()).push(")");
            return;
        }
        let by_component = Self { width: Width::Component, ..*self };
        query.push(
            ", held as (select distinct c.slice_id, c.day from cost_component_day c join cost_mix m on m.id = c.mix_id where c.tenant = ",
        );
        query.push_bind(self.visibility.tenant.clone()).push(" and c.day between ").push_bind(range.from.0);
        query.push(" and ").push_bind(range.to.0);
        by_component.push_narrowed(query);
        by_component.push_mixed(query, &self.question.query.filter.clone().unwrap_or_default());
        query.push(")");
    }

    fn push_parents(&self, query: &mut QueryBuilder<Postgres>, parents: &[EntityRef]) {
        if self.question.parent == CostParent::None {
            return;
        }
        query.push(", parents as materialized (select p.ref as parent, ");
        if self.question.parent == CostParent::Team {
            query.push("t.ref as value");
            push_parents(query, parents);
            query.push(" cross join lateral teams_below(").push_bind(self.visibility.tenant.clone());
            query.push(", p.ref, (select refs from guardians)) as t(ref)");
        } else {
            query.push("p.ref as value");
            push_parents(query, parents);
        }
        query.push(")");
    }

    /// The teams that the filter names, with those below.
    fn push_teams(&self, query: &mut QueryBuilder<Postgres>) {
        let Some(filter) = &self.question.query.filter else { return };
        let Some(teams) = &filter.team else { return };
        query.push(", teams as materialized (select array(");
        if filter.transitive {
            query.push("select t.ref from unnest(").push_bind(refs(teams, "group")).push(") as f(ref)");
            query.push(" cross join lateral teams_below(").push_bind(self.visibility.tenant.clone());
            query.push(", f.ref, (select refs from guardians)) as t(ref)");
        } else {
            query.push("select f.ref from unnest(").push_bind(refs(teams, "group")).push(") as f(ref)");
        }
        query.push(") as refs)");
    }

    /// What can be said of a part already: sums of others need not be read.
    fn push_narrowed(&self, query: &mut QueryBuilder<Postgres>) {
        let asked = &self.question.query;
        let owner = if self.width >= Width::Rows { "owned.owner_ref" } else { "c.owner_ref" };
        if asked.ownership == OwnershipBasis::AtCharge {
            // What is split belongs to nobody yet.
            let or = if asked.shared_costs == SharedCostSplit::Separate {
                String::new()
            } else {
                format!(" or {owner} is null")
            };
            if self.sight == Sight::Own {
                query.push(format_args!(" and ({owner} = any((select refs from own)::text[]){or})"));
            }
            if asked.filter.as_ref().is_some_and(|filter| filter.team.is_some()) {
                query.push(format_args!(" and ({owner} = any((select refs from teams)::text[]){or})"));
            }
            if self.question.parent == CostParent::Team {
                query.push(format_args!(" and ({owner} = any(array(select value from parents)){or})"));
            }
        }
        let of_components = |query: &mut QueryBuilder<Postgres>| {
            query.push(" and c.target_id = any(array(select id from cost_target where tenant = ");
            query.push_bind(self.visibility.tenant.clone()).push(" and kind = 'COMPONENT' and ref = any(");
        };
        if let Some(components) = asked.filter.as_ref().and_then(|filter| filter.component.as_ref()) {
            of_components(query);
            query.push_bind(refs(components, "component")).push(")))");
        }
        if self.question.parent == CostParent::Component {
            of_components(query);
            query.push("array(select value from parents))))");
        }
        self.push_narrowed_by_system(query);
        self.push_narrowed_as_today(query);
        if let Some(currency) = &asked.currency {
            query.push(" and c.currency = ").push_bind(currency.clone());
        }
    }

    /// The components of the systems and domains that are asked for.
    fn push_narrowed_by_system(&self, query: &mut QueryBuilder<Postgres>) {
        const OF_SYSTEMS: &str = "e.system_ref = any(";
        const OF_DOMAINS: &str = "e.system_ref in (select r.source_ref from relation r where r.tenant = e.tenant \
                                  and r.type = 'partOf' and r.target_ref = any(";
        let filter = self.question.query.filter.as_ref();
        let named = [
            (OF_SYSTEMS, ")", filter.and_then(|filter| filter.system.as_ref()).map(|all| refs(all, "system"))),
            (OF_DOMAINS, "))", filter.and_then(|filter| filter.domain.as_ref()).map(|all| refs(all, "domain"))),
        ];
        for (before, after, values) in named {
            let Some(values) = values else { continue };
            self.push_targets(query);
            query.push(before).push_bind(values).push(after).push("))");
        }
        let (before, after) = match self.question.parent {
            CostParent::System => (OF_SYSTEMS, ")"),
            CostParent::Domain => (OF_DOMAINS, "))"),
            CostParent::None | CostParent::Component | CostParent::Team => return,
        };
        self.push_targets(query);
        query.push(before).push("array(select value from parents)").push(after).push("))");
    }

    /// What those who are asked for own today.
    fn push_narrowed_as_today(&self, query: &mut QueryBuilder<Postgres>) {
        let asked = &self.question.query;
        if asked.ownership != OwnershipBasis::Current || asked.shared_costs != SharedCostSplit::Separate {
            return;
        }
        let owners = [
            (self.sight == Sight::Own, "(select refs from own)::text[]"),
            (asked.filter.as_ref().is_some_and(|filter| filter.team.is_some()), "(select refs from teams)::text[]"),
            (self.question.parent == CostParent::Team, "array(select value from parents)"),
        ];
        for (_, owners) in owners.into_iter().filter(|(is_asked, _)| *is_asked) {
            self.push_targets(query);
            query.push(format_args!("{NOW_OWNED} = any({owners})))"));
        }
    }

    /// Appends ` and` that the target is one of those `t`, with their entities `e`, for which what follows holds.
    fn push_targets(&self, query: &mut QueryBuilder<Postgres>) {
        query.push(
            " and c.target_id = any(array(select t.id from cost_target t left join entity e on e.tenant = t.tenant \
             and t.kind = 'COMPONENT' and e.ref = t.ref where t.tenant = ",
        );
        query.push_bind(self.visibility.tenant.clone()).push(" and ");
    }

    /// For whom a row counts.
    pub(super) fn parent(&self) -> &'static str {
        if self.question.parent == CostParent::None { "''" } else { "p.parent" }
    }

    /// Whose a charge is.
    pub(super) fn owner(&self) -> &'static str {
        match self.question.query.ownership {
            OwnershipBasis::AtCharge => "c.owner_ref",
            // What was split belongs to whom it was given; what is nobody's today is nobody's.
            OwnershipBasis::Current if self.question.query.shared_costs == SharedCostSplit::Separate => "now_owned.ref",
            OwnershipBasis::Current => "case when t.kind = 'SHARED' then c.owner_ref else now_owned.ref end",
        }
    }

    pub(super) fn push_kind(&self, query: &mut QueryBuilder<Postgres>) {
        let owner = self.owner();
        let others = if self.width < Width::Component {
            "c.kind".to_owned()
        } else {
            format!(
                "case when {owner} is not null then 'OWNED' when t.kind = 'SHARED' then 'SHARED' else 'UNALLOCATED' end"
            )
        };
        query.push(format_args!("case when hidden.it then 'RESTRICTED' else {others} end"));
    }

    pub(super) fn push_step(&self, query: &mut QueryBuilder<Postgres>) {
        let from = self.question.query.range.from.0;
        match self.question.query.granularity {
            CostGranularity::Total => query.push_bind(from),
            CostGranularity::Day => query.push("c.day"),
            CostGranularity::Week => query.push("greatest(date_trunc('week', c.day)::date, ").push_bind(from).push(")"),
            CostGranularity::Month => {
                query.push("greatest(date_trunc('month', c.day)::date, ").push_bind(from).push(")")
            }
        };
    }

    /// The value that charges are grouped by.
    pub(super) fn key(&self, entry: &CostDimensionInput) -> String {
        let dimension = match entry {
            CostDimensionInput::Tag(key) => {
                let at = parts::grouped_tags(&self.question.query).iter().position(|tag| tag == key).unwrap_or(0);
                return format!("c.tag{at}");
            }
            CostDimensionInput::Dimension(dimension) => dimension,
        };
        let mixed = |column: &str| {
            let table = if self.width == Width::Service { "c" } else { "m" };
            format!("nullif({table}.{column}, '')")
        };
        match dimension {
            CostDimension::Team => self.owner().to_owned(),
            CostDimension::Component => "case when t.kind = 'COMPONENT' then t.ref end".to_owned(),
            CostDimension::System => "sy.ref".to_owned(),
            CostDimension::Domain => "dom.ref".to_owned(),
            CostDimension::Environment => mixed("environment"),
            CostDimension::Provider => mixed("provider"),
            CostDimension::Service => mixed("service"),
            CostDimension::ServiceCategory => mixed("service_category"),
            CostDimension::Region => mixed("region"),
            CostDimension::SubAccount => mixed("sub_account"),
            CostDimension::ChargeCategory => mixed("charge_category"),
            CostDimension::Resource => "c.resource".to_owned(),
            CostDimension::Cluster => mixed("cluster"),
            CostDimension::Namespace => {
                "nullif(concat_ws('/', nullif(m.cluster, ''), nullif(m.namespace, '')), '')".to_owned()
            }
        }
    }

    pub(super) fn has_systems(&self) -> bool {
        let asked = &self.question.query;
        let grouped = asked
            .group_by
            .iter()
            .any(|entry| matches!(entry, CostDimensionInput::Dimension(CostDimension::System | CostDimension::Domain)));
        let filtered = asked.filter.as_ref().is_some_and(|filter| filter.system.is_some() || filter.domain.is_some());
        grouped || filtered || matches!(self.question.parent, CostParent::System | CostParent::Domain)
    }

    /// Appends ` from` this source, with what says whose a row is and who may see it.
    pub(super) fn push_from(&self, query: &mut QueryBuilder<Postgres>, source: &str) {
        let tenant = &self.visibility.tenant;
        query.push(format_args!(" from {source} c"));
        query.push(" left join cost_target t on t.id = c.target_id left join entity e on e.tenant = ");
        query.push_bind(tenant.clone()).push(" and t.kind = 'COMPONENT' and e.ref = t.ref");
        if self.width >= Width::Component {
            query.push(" join cost_mix m on m.id = c.mix_id");
        }
        if self.question.query.ownership == OwnershipBasis::Current {
            query.push(format_args!(" cross join lateral (select {NOW_OWNED} as ref) now_owned"));
        }
        let owner = self.owner();
        query.push(" left join entity o on o.tenant = ").push_bind(tenant.clone());
        query.push(format_args!(" and o.ref = {owner}"));
        let is_hidden = |alias: &str| {
            format!(
                "coalesce({alias}.is_team_only and not coalesce({alias}.guardian_ref = any((select refs from guardians)::text[]), false), false)"
            )
        };
        if self.visibility.sees_all() {
            query.push(" cross join (select false as it) hidden");
        } else {
            query.push(format_args!(
                " cross join lateral (select {} or {} or (e.id is null and coalesce(t.is_apart, false)) as it) hidden",
                is_hidden("e"),
                is_hidden("o")
            ));
        }
        if self.has_systems() {
            self.push_systems(query);
        }
        match self.question.parent {
            CostParent::None => {}
            CostParent::Component => {
                query.push(" join parents p on t.kind = 'COMPONENT' and p.value = t.ref");
            }
            CostParent::Team => {
                query.push(format_args!(" join parents p on p.value = {owner}"));
            }
            CostParent::System => {
                query.push(" join parents p on p.value = sy.ref");
            }
            CostParent::Domain => {
                query.push(" join parents p on p.value = dom.ref");
            }
        }
    }

    /// Joins the systems `sy` of the entities `e`, and their domains `dom`.
    pub(super) fn push_systems(&self, query: &mut QueryBuilder<Postgres>) {
        query.push(" left join entity sy on sy.ref = e.system_ref and ");
        push_visible(query, "sy", self.visibility);
        query.push(
                " left join lateral (select d.ref from relation r join entity d on d.tenant = r.tenant and d.ref = r.target_ref \
                 and d.kind_key = 'domain' where r.tenant = sy.tenant and r.source_ref = sy.ref and r.type = 'partOf' and ",
            );
        push_visible(query, "d", self.visibility);
        query.push(" order by d.ref limit 1) dom on true");
    }

    /// Appends ` where` with everything that is asked for.
    pub(super) fn push_where(&self, query: &mut QueryBuilder<Postgres>) {
        let asked = &self.question.query;
        let filter = asked.filter.clone().unwrap_or_default();
        query.push(" where true");
        // Whoever names a component and gets a sum knows what it costs.
        if self.sight == Sight::Own || self.question.parent != CostParent::None || filter.is_personal() {
            query.push(" and not hidden.it");
        }
        let owner = self.owner();
        if self.sight == Sight::Own {
            query.push(format_args!(" and {owner} = any((select refs from own)::text[])"));
        }
        if filter.team.is_some() {
            query.push(format_args!(" and {owner} = any((select refs from teams)::text[])"));
        }
        self.push_filter(query, &filter);
    }

    fn push_mixed(&self, query: &mut QueryBuilder<Postgres>, filter: &CostFilter) {
        let table = if self.width == Width::Service { "c" } else { "m" };
        let categories = filter.charge_category.as_ref();
        let categories = categories.map(|all| all.iter().map(|one| one.as_str().to_owned()).collect());
        for (column, values) in [
            ("environment", filter.environment.clone()),
            ("provider", filter.provider.clone()),
            ("service", filter.service.clone()),
            ("service_category", filter.service_category.clone()),
            ("region", filter.region.clone()),
            ("sub_account", filter.sub_account.clone()),
            ("charge_category", categories),
        ] {
            if let Some(values) = values {
                query.push(format_args!(" and {table}.{column} = any(")).push_bind(values).push(")");
            }
        }
    }

    fn push_filter(&self, query: &mut QueryBuilder<Postgres>, filter: &CostFilter) {
        self.push_mixed(query, filter);
        for (expression, values) in [
            (
                "case when t.kind = 'COMPONENT' then t.ref end",
                filter.component.as_ref().map(|all| refs(all, "component")),
            ),
            ("sy.ref", filter.system.as_ref().map(|all| refs(all, "system"))),
            ("dom.ref", filter.domain.as_ref().map(|all| refs(all, "domain"))),
        ] {
            if let Some(values) = values {
                query.push(format_args!(" and {expression} = any(")).push_bind(values).push(")");
            }
        }
    }
}

pub(super) fn refs(refs: &[EntityRef], kind: &str) -> Vec<String> {
    refs.iter().map(|entity_ref| entity_ref.or_kind(kind).as_str().to_owned()).collect()
}
