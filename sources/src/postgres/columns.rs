//! `Columns`: what of an entity is read. Most lists need a few texts of it, and each column costs in Postgres, on the way and here.

use sqlx::{Postgres, QueryBuilder};

/// Groups of columns, beyond the reference, which is always read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Columns(u16);

/// What of a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Projection {
    /// What of each entity.
    pub columns: Columns,
    /// A cursor for each row, not only for the ends of the page.
    pub cursors: bool,
}

impl Projection {
    /// Everything.
    pub const WHOLE: Self = Self { columns: Columns::ALL, cursors: true };
}

impl Columns {
    /// None but the reference.
    pub const NONE: Self = Self(0);
    /// The key.
    pub const ID: Self = Self(1);
    /// Kind and namespace, as declared.
    pub const KIND: Self = Self(1 << 1);
    /// The name, as declared.
    pub const NAME: Self = Self(1 << 2);
    /// The title.
    pub const TITLE: Self = Self(1 << 3);
    /// The description.
    pub const DESCRIPTION: Self = Self(1 << 4);
    /// Type and lifecycle.
    pub const TYPE: Self = Self(1 << 5);
    /// The owner's reference.
    pub const OWNER: Self = Self(1 << 6);
    /// The system's reference.
    pub const SYSTEM: Self = Self(1 << 7);
    /// Whether it is an orphan.
    pub const ORPHAN: Self = Self(1 << 8);
    /// Since when it is there and when it changed.
    pub const TIMES: Self = Self(1 << 9);
    /// Annotations: what live fields start from.
    pub const ANNOTATIONS: Self = Self(1 << 12);
    /// Labels, tags, links and `spec`.
    pub const BODY: Self = Self(1 << 10);
    /// What the order `NAME` compares.
    pub(super) const SORT_NAME: Self = Self(1 << 11);
    /// Everything but annotations and the body.
    pub const HEAD: Self = Self(
        Self::ID.0
            | Self::KIND.0
            | Self::NAME.0
            | Self::TITLE.0
            | Self::DESCRIPTION.0
            | Self::TYPE.0
            | Self::OWNER.0
            | Self::SYSTEM.0
            | Self::ORPHAN.0
            | Self::TIMES.0,
    );
    /// Everything.
    pub const ALL: Self = Self::HEAD.and(Self::ANNOTATIONS).and(Self::BODY);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `group` are among these.
    pub const fn has(self, group: Self) -> bool {
        self.0 & group.0 == group.0
    }

    /// Appends the columns of a table called `e`; `EntityRow::read` takes them in the same order.
    pub(super) fn push(self, query: &mut QueryBuilder<Postgres>) {
        query.push("e.ref");
        for (group, columns) in [
            (Self::ID, ", e.id"),
            (Self::KIND, ", e.kind, e.namespace"),
            (Self::NAME, ", e.name"),
            (Self::TITLE, ", e.title"),
            (Self::DESCRIPTION, ", e.description"),
            (Self::TYPE, ", e.type, e.lifecycle"),
            (Self::OWNER, ", e.owner_ref"),
            (Self::SYSTEM, ", e.system_ref"),
            (Self::ORPHAN, ", e.orphaned_at is not null as is_orphan"),
            (Self::TIMES, ", e.created_at, e.updated_at"),
            (Self::SORT_NAME, ", e.sort_name"),
            (Self::ANNOTATIONS, ", e.annotations"),
            (Self::BODY, ", e.labels, e.tags, e.links, e.spec"),
        ] {
            if self.has(group) {
                query.push(columns);
            }
        }
    }
}
