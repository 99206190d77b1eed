//! Users, and the service account behind a team's token.

use serde_json::{Value, json};

use super::super::{id, run::USERS};

const SERVICE_ACCOUNT: &str = "api-team_simulated";

pub(in super::super) fn id_of(username: &str) -> String {
    id::encode("user", id::key(&["user", username]), 0)
}

/// Someone who started a run, with the little that others may see.
pub(in super::super) fn show(username: &str) -> Value {
    json!({
        "id": id_of(username),
        "type": "users",
        "attributes": {
            "username": username,
            "is-service-account": false,
            "auth-method": "saml",
            "avatar-url": null,
            "v2-only": true,
            "permissions": {
                "can-create-organization": false,
                "can-change-email": false,
                "can-change-username": false,
                "can-manage-user-tokens": false,
            },
        },
        "relationships": {
            "authentication-tokens": { "links": { "related": format!("/api/v2/users/{}/authentication-tokens", id_of(username)) } },
        },
        "links": { "self": format!("/api/v2/users/{}", id_of(username)) },
    })
}

/// The user of this id; `None`: nobody.
pub(in super::super) fn find(user_id: &str) -> Option<Value> {
    let username = USERS.iter().find(|username| id_of(username) == user_id);
    username
        .map(|username| show(username))
        .or_else(|| Some(service_account()).filter(|_| user_id == id_of(SERVICE_ACCOUNT)))
}

/// The owner of the token: a team has one such account.
pub(in super::super) fn service_account() -> Value {
    let username = SERVICE_ACCOUNT;
    json!({
        "id": id_of(username),
        "type": "users",
        "attributes": {
            "username": username,
            "is-service-account": true,
            "auth-method": "tfc",
            "avatar-url": null,
            "v2-only": true,
            "password": null,
            "email": "api-team_simulated@terraform.example.com",
            "unconfirmed-email": null,
            "has-linked-hcp": false,
            "has-git-hub-app-token": false,
            "is-confirmed": true,
            "is-site-admin": false,
            "is-admin": false,
            "is-sso-login": false,
            "two-factor": { "enabled": false, "verified": false },
            "permissions": {
                "can-create-organization": false,
                "can-view-organizations": true,
                "can-view-settings": false,
                "can-view-profile": true,
                "can-change-email": false,
                "can-change-username": false,
                "can-change-password": false,
                "can-manage-sessions": false,
                "can-manage-user-tokens": false,
                "can-update-user": false,
            },
        },
        "relationships": {
            "authentication-tokens": { "links": { "related": format!("/api/v2/users/{}/authentication-tokens", id_of(username)) } },
        },
        "links": { "self": format!("/api/v2/users/{}", id_of(username)) },
    })
}
