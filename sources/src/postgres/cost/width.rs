//! `Width`: the sums that a question needs. The narrower, the fewer rows.

use schema::{CostDimension, CostDimensionInput, CostFilter, CostQuery, OwnershipBasis};

use super::CostParent;

/// Sums, from the narrowest to the charges themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// By owner.
    Owner,
    /// By owner and service.
    Service,
    /// By component and whatever else charges are counted by.
    Component,
    /// The charges: everything that sums can be grouped by.
    Rows,
    /// The charges one by one.
    Lines,
}

impl Width {
    /// The narrowest that can answer.
    pub(super) fn of(query: &CostQuery, parent: CostParent) -> Self {
        let grouped = query.group_by.iter().map(|entry| match entry {
            CostDimensionInput::Dimension(dimension) => of_dimension(*dimension),
            CostDimensionInput::Tag(_) => Self::Rows,
        });
        let of_owner = match query.ownership {
            OwnershipBasis::AtCharge => Self::Owner,
            OwnershipBasis::Current => Self::Component,
        };
        let of_parent = match parent {
            CostParent::None | CostParent::Team => Self::Owner,
            CostParent::Component | CostParent::System | CostParent::Domain => Self::Component,
        };
        let filtered = query.filter.as_ref().map_or(Self::Owner, of_filter);
        grouped.max().unwrap_or(Self::Owner).max(of_owner).max(of_parent).max(filtered)
    }

    /// The table of its sums, by months or by days; none for the charges themselves.
    pub(super) fn table(self, by_month: bool) -> Option<&'static str> {
        match (self, by_month) {
            (Self::Owner, false) => Some("cost_owner_day"),
            (Self::Owner, true) => Some("cost_owner_month"),
            (Self::Service, false) => Some("cost_service_day"),
            (Self::Service, true) => Some("cost_service_month"),
            (Self::Component, false) => Some("cost_component_day"),
            (Self::Component, true) => Some("cost_component_month"),
            (Self::Rows | Self::Lines, _) => None,
        }
    }
}

fn of_dimension(dimension: CostDimension) -> Width {
    match dimension {
        CostDimension::Team => Width::Owner,
        CostDimension::Provider | CostDimension::Service | CostDimension::ServiceCategory => Width::Service,
        CostDimension::Component
        | CostDimension::System
        | CostDimension::Domain
        | CostDimension::Environment
        | CostDimension::Region
        | CostDimension::SubAccount
        | CostDimension::ChargeCategory
        | CostDimension::Cluster
        | CostDimension::Namespace => Width::Component,
        CostDimension::Resource => Width::Rows,
    }
}

fn of_filter(filter: &CostFilter) -> Width {
    if filter.resource.is_some() || filter.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        return Width::Rows;
    }
    let by_component = filter.component.is_some()
        || filter.system.is_some()
        || filter.domain.is_some()
        || filter.environment.is_some()
        || filter.region.is_some()
        || filter.sub_account.is_some()
        || filter.charge_category.is_some();
    if by_component {
        return Width::Component;
    }
    let by_service = filter.provider.is_some() || filter.service.is_some() || filter.service_category.is_some();
    if by_service { Width::Service } else { Width::Owner }
}
