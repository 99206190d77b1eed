//! What a report is made of.

use async_graphql::{Enum, SimpleObject};

use crate::{Date, DateTime, Decimal};

/// What kind of charges a group or row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum CostRowKind {
    /// Charges with an owner, shared costs that were split included.
    Owned,
    /// Charges that several teams share.
    Shared,
    /// Charges for which no owner was found.
    Unallocated,
    /// Charges whose owners the viewer may not see.
    Restricted,
    /// All `OWNED` groups after the first `top`.
    Remainder,
}

impl CostRowKind {
    /// Of the database's word.
    pub fn of_str(word: &str) -> Option<Self> {
        match word {
            "OWNED" => Some(Self::Owned),
            "SHARED" => Some(Self::Shared),
            "UNALLOCATED" => Some(Self::Unallocated),
            "RESTRICTED" => Some(Self::Restricted),
            _ => None,
        }
    }

    /// As the graph has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owned => "OWNED",
            Self::Shared => "SHARED",
            Self::Unallocated => "UNALLOCATED",
            Self::Restricted => "RESTRICTED",
            Self::Remainder => "REMAINDER",
        }
    }

    /// For people to read, where there is no value.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owned => "None",
            Self::Shared => "Shared",
            Self::Unallocated => "Unallocated",
            Self::Restricted => "Restricted",
            Self::Remainder => "Others",
        }
    }
}

/// Which groups come first. Equal ones stand in the order of their keys; `REMAINDER` is always last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CostGroupOrder {
    /// The largest.
    TotalDesc,
    /// The smallest.
    TotalAsc,
    /// The first by key.
    KeyAsc,
}

/// An amount at one step in time.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct CostPoint {
    /// First day of the step.
    pub date: Date,
    /// The sum of the step.
    pub amount: Decimal,
    /// All data of the step is there; false: the amount may still grow.
    pub is_complete: bool,
}

/// A billing period of one issuer of invoices.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct BillingPeriod {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Who issues the invoice.
    pub invoice_issuer: String,
    /// Whether more charges are to come.
    pub status: BillingPeriodStatus,
    /// When its data was last imported.
    pub imported_at: DateTime,
}

/// Whether more charges of a period are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum BillingPeriodStatus {
    /// More are to come.
    Open,
    /// Invoiced. Corrections are normally booked in a later period.
    Closed,
    /// The issuer does not say.
    Unknown,
}
