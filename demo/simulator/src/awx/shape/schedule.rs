//! A schedule: when a template starts by itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        place::Schedule,
        row::{Cell, Row, Scope},
        source::{EPOCH, Source},
        user::ADMIN,
        world::{Entry, Parts},
    },
    below, instant, merged, summary, template,
};

impl Schedule {
    fn entry<'w>(&self, world: &'w Parts) -> Option<&'w Entry> {
        world.entries.get(&self.template)
    }

    fn source<'w>(&self, world: &'w Parts) -> Option<&'w Source> {
        let places = &self.entry(world)?.sources;
        places.iter().filter_map(|place| world.sources.get(*place)).find(|source| source.node.is_none())
    }

    pub(super) fn name(&self, world: &Parts) -> String {
        self.entry(world).map_or_else(String::new, |entry| format!("{} schedule", entry.template.name))
    }

    /// `None` once the template has gone quiet.
    pub(super) fn next_run(&self, scope: &Scope<'_>) -> Option<DateTime<Utc>> {
        let start = self.source(scope.world)?.next_start(scope.now)?;
        Some(EPOCH + TimeDelta::seconds(start))
    }
}

impl<'w> Row<'w> for &'w Schedule {
    fn noun(&self) -> &'static str {
        "schedule"
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "name" => self.name(scope.world).into(),
            "unified_job_template" => self.template.into(),
            "next_run" => self.next_run(scope).into(),
            "created_by" | "modified_by" => ADMIN.id.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        Some(match field {
            "unified_job_template" => Box::new(self.entry(scope.world)?),
            "created_by" | "modified_by" => Box::new(&ADMIN),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (Some(entry), Some(source)) = (self.entry(scope.world), self.source(scope.world)) else {
            return Value::Null;
        };
        let (url, user) = (scope.url("schedules", self.id), scope.url("users", ADMIN.id));
        let (begins, minutes) = (EPOCH + TimeDelta::seconds(source.first), source.every / 60);
        let begins_word = begins.format("%Y%m%dT%H%M%SZ");
        let next_run = self.next_run(scope);
        let own = json!({
            "created_by": user,
            "modified_by": user,
            "unified_job_template": template::url(scope, entry),
        });
        json!({
            "rrule": format!("DTSTART:{begins_word} RRULE:FREQ=MINUTELY;INTERVAL={minutes}"),
            "id": self.id,
            "type": "schedule",
            "url": url,
            "related": merged(own, below(&url, &["unified_jobs", "credentials", "labels", "instance_groups"])),
            "summary_fields": {
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "unified_job_template": summary::unified_template(entry),
                "user_capabilities": { "edit": false, "delete": false },
            },
            "created": instant(entry.template.created_at),
            "modified": instant(entry.template.created_at),
            "name": self.name(scope.world),
            "description": "",
            "extra_data": {},
            "inventory": null,
            "scm_branch": null,
            "job_type": null,
            "job_tags": null,
            "skip_tags": null,
            "limit": null,
            "diff_mode": null,
            "verbosity": null,
            "execution_environment": null,
            "forks": null,
            "job_slice_count": null,
            "timeout": null,
            "unified_job_template": self.template,
            "enabled": next_run.is_some(),
            "dtstart": instant(begins),
            "dtend": null,
            "next_run": next_run.map(instant),
            "timezone": "UTC",
            "until": "",
        })
    }
}
