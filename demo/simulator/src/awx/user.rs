//! The people of the installation. There are few, and they are the same in every world.

use crate::seed::pick;

pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: &'static str,
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) is_superuser: bool,
    pub(super) is_auditor: bool,
}

/// The one the token belongs to: it may read everything and change nothing.
pub(super) const READER: User =
    User { id: 7, username: "weft", first_name: "", last_name: "", is_superuser: false, is_auditor: true };

pub(super) const ADMIN: User =
    User { id: 1, username: "admin", first_name: "", last_name: "", is_superuser: true, is_auditor: false };

const fn person(id: u64, username: &'static str, first_name: &'static str, last_name: &'static str) -> User {
    User { id, username, first_name, last_name, is_superuser: false, is_auditor: false }
}

pub(super) static USERS: [User; 5] = [
    ADMIN,
    person(3, "mara", "Mara", "Lindqvist"),
    person(4, "tomas", "Tomas", "Okafor"),
    person(5, "ines", "Ines", "Varga"),
    READER,
];

/// The one who did what `subject` names.
pub(super) fn of(subject: &str) -> &'static User {
    let people = USERS.get(1..4).unwrap_or_default();
    pick(subject, "user", people).unwrap_or(&USERS[0])
}
