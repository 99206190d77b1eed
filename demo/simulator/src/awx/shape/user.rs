//! A user.

use serde_json::{Value, json};

use super::{
    super::{
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::User,
    },
    below, instant,
};

impl<'w> Row<'w> for &'static User {
    fn noun(&self) -> &'static str {
        "user"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "username" => self.username.into(),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let url = scope.url("users", self.id);
        let lists = [
            "teams",
            "organizations",
            "admin_of_organizations",
            "projects",
            "credentials",
            "roles",
            "activity_stream",
            "access_list",
            "tokens",
            "authorized_tokens",
            "personal_tokens",
        ];
        json!({
            "id": self.id,
            "type": "user",
            "url": url,
            "related": below(&url, &lists),
            "summary_fields": { "user_capabilities": { "edit": false, "delete": false } },
            "created": instant(EPOCH),
            "modified": null,
            "username": self.username,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": format!("{}@example.invalid", self.username),
            "is_superuser": self.is_superuser,
            "is_system_auditor": self.is_auditor,
            "password": "$encrypted$",
            "ldap_dn": "",
            "last_login": null,
            "external_account": null,
        })
    }
}
