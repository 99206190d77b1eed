//! The fields of `spec` that the known kinds require or restrict. Other kinds may hold anything there.

use serde_json::{Map, Value};

use super::Faults;

/// What a field must hold.
#[derive(Clone, Copy)]
enum Shape {
    /// A text that is not empty.
    Text,
    /// A list of texts that are not empty.
    Texts,
    /// A text of at most 500 characters that is not empty.
    ShortText,
    /// A list.
    List,
    /// A list of at least one object with a type and an address.
    Remotes,
    /// An object.
    Object,
}

/// Fields with what they must hold.
type Fields = &'static [(&'static str, Shape)];

struct Kind {
    name: &'static str,
    api_versions: &'static [&'static str],
    requires_spec: bool,
    required: Fields,
    optional: Fields,
}

use Shape::{List, Object, Remotes, ShortText, Text, Texts};

const CATALOG: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];

const KINDS: [Kind; 10] = [
    Kind {
        name: "component",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("type", Text), ("lifecycle", Text), ("owner", Text)],
        optional: &[
            ("system", Text),
            ("subcomponentOf", Text),
            ("providesApis", Texts),
            ("consumesApis", Texts),
            ("dependsOn", Texts),
            ("dependencyOf", Texts),
        ],
    },
    Kind {
        name: "api",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("type", Text), ("lifecycle", Text), ("owner", Text)],
        optional: &[("system", Text)],
    },
    Kind {
        name: "resource",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("type", Text), ("owner", Text)],
        optional: &[("system", Text), ("dependsOn", Texts), ("dependencyOf", Texts)],
    },
    Kind {
        name: "system",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("owner", Text)],
        optional: &[("domain", Text), ("type", Text)],
    },
    Kind {
        name: "domain",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("owner", Text)],
        optional: &[("subdomainOf", Text), ("type", Text)],
    },
    Kind {
        name: "group",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("type", Text), ("children", Texts)],
        optional: &[("profile", Object), ("parent", Text), ("members", Texts)],
    },
    Kind {
        name: "user",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[("memberOf", Texts)],
        optional: &[("profile", Object)],
    },
    Kind {
        name: "location",
        api_versions: CATALOG,
        requires_spec: true,
        required: &[],
        optional: &[("type", Text), ("target", Text), ("targets", Texts), ("presence", Text)],
    },
    Kind {
        name: "template",
        api_versions: &["scaffolder.backstage.io/v1beta3", "backstage.io/v1beta2"],
        requires_spec: true,
        required: &[("type", Text), ("steps", List)],
        optional: &[("owner", Text)],
    },
    Kind {
        name: "airesource",
        api_versions: &["backstage.io/v1alpha1"],
        requires_spec: true,
        required: &[("type", Text), ("lifecycle", Text), ("owner", Text)],
        optional: &[("system", Text)],
    },
];

/// Fields that depend on `spec.type`: kind, type, required and optional fields.
const BY_TYPE: [(&str, &str, Fields, Fields); 5] = [
    ("api", "mcp-server", &[("remotes", Remotes)], &[]),
    ("airesource", "rule", &[("category", Text), ("rationale", Text)], &[("disciplines", Texts)]),
    ("airesource", "plugin", &[("skills", Texts)], &[("version", Text)]),
    ("airesource", "marketplace", &[("plugins", Texts)], &[("version", Text)]),
    (
        "airesource",
        "skill",
        &[],
        &[
            ("disciplines", Texts),
            ("categories", Texts),
            ("agents", Texts),
            ("dependsOn", Texts),
            ("allowedTools", Text),
            ("license", Text),
            ("compatibility", ShortText),
        ],
    ),
];

pub(super) fn check(object: &Map<String, Value>, faults: &mut Faults) {
    let name = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else { return };
    let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if !version.is_empty() && !kind.api_versions.contains(&version) {
        let known = kind.api_versions.join("` or `");
        faults.add(&["apiVersion"], format!("`apiVersion` is `{version}`: this kind is known as `{known}`"));
    }
    let Some(Value::Object(spec)) = object.get("spec") else {
        if kind.requires_spec && !object.contains_key("spec") {
            faults.add(&[], "`spec` is missing");
        }
        return;
    };
    for (field, shape) in kind.required {
        check_field(spec, field, *shape, true, faults);
    }
    for (field, shape) in kind.optional {
        check_field(spec, field, *shape, false, faults);
    }
    let spec_type = spec.get("type").and_then(Value::as_str).unwrap_or_default();
    let by_type = BY_TYPE.iter().find(|(kind, known, ..)| *kind == name && *known == spec_type);
    match by_type {
        Some((_, _, required, optional)) => {
            required.iter().for_each(|(field, shape)| check_field(spec, field, *shape, true, faults));
            optional.iter().for_each(|(field, shape)| check_field(spec, field, *shape, false, faults));
        }
        None if name == "api" => check_field(spec, "definition", Text, true, faults),
        None => {}
    }
    if name == "location"
        && spec.contains_key("presence")
        && !matches!(spec.get("presence").and_then(Value::as_str), Some("required" | "optional"))
    {
        faults.add(&["spec", "presence"], "`spec.presence` must be `required` or `optional`");
    }
    if let Some(Value::Object(profile)) = spec.get("profile") {
        for key in ["displayName", "email", "picture"] {
            if !matches!(profile.get(key), None | Some(Value::String(_)))
                || profile.get(key).and_then(Value::as_str) == Some("")
            {
                faults.add(&["spec", "profile", key], format!("`spec.profile.{key}` must be a text that is not empty"));
            }
        }
    }
}

fn check_field(spec: &Map<String, Value>, field: &str, shape: Shape, is_required: bool, faults: &mut Faults) {
    let is_full = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let path = ["spec", field];
    let Some(value) = spec.get(field) else {
        if is_required {
            faults.add(&path, format!("`spec.{field}` is missing"));
        }
        return;
    };
    let (is_sound, hint) = match shape {
        Text => (is_full(value), "a text that is not empty"),
        Texts => {
            (value.as_array().is_some_and(|items| items.iter().all(is_full)), "a list of texts that are not empty")
        }
        ShortText => (
            is_full(value) && value.as_str().is_some_and(|text| text.chars().count() <= 500),
            "a text that is not empty, of at most 500 characters",
        ),
        List => (value.is_array(), "a list"),
        Remotes => {
            let is_remote = |item: &Value| ["type", "url"].iter().all(|key| item.get(*key).is_some_and(is_full));
            let is_sound = value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_remote));
            (is_sound, "a list of at least one object with `type` and `url`")
        }
        Object => (value.is_object(), "an object"),
    };
    if !is_sound {
        faults.add(&path, format!("`spec.{field}` must be {hint}"));
    }
}
