//! What each list may be filtered and ordered by: the fields of AWX's tables, as far as answers show them.

/// The kind of a field, which decides how a filter's value is read.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number,
    Decimal,
    Text,
    Bool,
    Time,
    /// A function, because the models refer to each other in circles.
    Related(fn() -> &'static Model),
}

type Fields = &'static [(&'static str, Kind)];

/// One list's rows.
pub(super) struct Model {
    /// The class, which error messages name.
    pub(super) class: &'static str,
    /// The values `type` has in its rows.
    pub(super) nouns: &'static [&'static str],
    /// The order of lists that ask for none.
    pub(super) order: &'static [&'static str],
    fields: &'static [Fields],
}

impl Model {
    pub(super) fn field(&self, name: &str) -> Option<Kind> {
        let name = if name == "pk" { "id" } else { name };
        self.fields().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        self.fields.iter().flat_map(|group| group.iter().copied())
    }
}

use Kind::{Bool, Decimal, Number, Related, Text, Time};

const BASE: Fields = &[
    ("id", Number),
    ("name", Text),
    ("description", Text),
    ("created", Time),
    ("modified", Time),
    ("created_by", Related(|| &USER)),
    ("modified_by", Related(|| &USER)),
];
const IN_ORGANIZATION: Fields = &[("organization", Related(|| &ORGANIZATION))];
const RUN: Fields = &[
    ("unified_job_template", Related(|| &UNIFIED_JOB_TEMPLATE)),
    ("organization", Related(|| &ORGANIZATION)),
    ("schedule", Related(|| &SCHEDULE)),
    ("launch_type", Text),
    ("status", Text),
    ("failed", Bool),
    ("started", Time),
    ("finished", Time),
    ("canceled_on", Time),
    ("elapsed", Decimal),
    ("job_explanation", Text),
    ("execution_node", Text),
    ("controller_node", Text),
    ("work_unit_id", Text),
];
const PROMPTS: Fields = &[
    ("inventory", Related(|| &INVENTORY)),
    ("scm_branch", Text),
    ("limit", Text),
    ("extra_vars", Text),
    ("job_tags", Text),
    ("skip_tags", Text),
    ("allow_simultaneous", Bool),
    ("webhook_service", Text),
];
const PLAYBOOK_RUN: Fields = &[
    ("project", Related(|| &PROJECT)),
    ("playbook", Text),
    ("job_type", Text),
    ("forks", Number),
    ("verbosity", Number),
    ("force_handlers", Bool),
    ("start_at_task", Text),
    ("timeout", Number),
    ("use_fact_cache", Bool),
    ("diff_mode", Bool),
    ("job_slice_count", Number),
];
const TEMPLATE: Fields = &[
    ("organization", Related(|| &ORGANIZATION)),
    ("last_job", Related(|| &UNIFIED_JOB)),
    ("current_job", Related(|| &UNIFIED_JOB)),
    ("next_schedule", Related(|| &SCHEDULE)),
    ("last_job_run", Time),
    ("last_job_failed", Bool),
    ("next_job_run", Time),
    ("status", Text),
];

const fn model(
    class: &'static str,
    nouns: &'static [&'static str],
    order: &'static [&'static str],
    fields: &'static [Fields],
) -> Model {
    Model { class, nouns, order, fields }
}

pub(super) static UNIFIED_JOB: Model = model("UnifiedJob", &["job", "workflow_job"], &["id"], &[BASE, RUN]);
pub(super) static JOB: Model = model(
    "Job",
    &["job"],
    &["id"],
    &[
        BASE,
        RUN,
        PROMPTS,
        PLAYBOOK_RUN,
        &[("job_template", Related(|| &JOB_TEMPLATE)), ("scm_revision", Text), ("job_slice_number", Number)],
    ],
);
pub(super) static WORKFLOW_JOB: Model = model(
    "WorkflowJob",
    &["workflow_job"],
    &["id"],
    &[BASE, RUN, PROMPTS, &[("workflow_job_template", Related(|| &WORKFLOW_JOB_TEMPLATE)), ("is_sliced_job", Bool)]],
);
pub(super) static UNIFIED_JOB_TEMPLATE: Model =
    model("UnifiedJobTemplate", &["job_template", "workflow_job_template", "project"], &["name"], &[BASE, TEMPLATE]);
pub(super) static JOB_TEMPLATE: Model = model(
    "JobTemplate",
    &["job_template"],
    &["name"],
    &[BASE, TEMPLATE, PROMPTS, PLAYBOOK_RUN, &[("survey_enabled", Bool), ("become_enabled", Bool)]],
);
pub(super) static WORKFLOW_JOB_TEMPLATE: Model = model(
    "WorkflowJobTemplate",
    &["workflow_job_template"],
    &["name"],
    &[BASE, TEMPLATE, PROMPTS, &[("survey_enabled", Bool)]],
);
pub(super) static PROJECT: Model = model(
    "Project",
    &["project"],
    &["id"],
    &[
        BASE,
        TEMPLATE,
        &[
            ("scm_type", Text),
            ("scm_url", Text),
            ("scm_branch", Text),
            ("scm_revision", Text),
            ("allow_override", Bool),
        ],
    ],
);
pub(super) static INVENTORY: Model = model(
    "Inventory",
    &["inventory"],
    &["name"],
    &[
        BASE,
        IN_ORGANIZATION,
        &[
            ("kind", Text),
            ("variables", Text),
            ("has_active_failures", Bool),
            ("total_hosts", Number),
            ("hosts_with_active_failures", Number),
            ("has_inventory_sources", Bool),
            ("pending_deletion", Bool),
        ],
    ],
);
pub(super) static ORGANIZATION: Model =
    model("Organization", &["organization"], &["name"], &[BASE, &[("max_hosts", Number)]]);
pub(super) static TEAM: Model = model("Team", &["team"], &["organization__name", "name"], &[BASE, IN_ORGANIZATION]);
pub(super) static HOST: Model = model(
    "Host",
    &["host"],
    &["name"],
    &[
        BASE,
        &[
            ("inventory", Related(|| &INVENTORY)),
            ("enabled", Bool),
            ("instance_id", Text),
            ("variables", Text),
            ("last_job", Related(|| &JOB)),
        ],
    ],
);
pub(super) static SCHEDULE: Model = model(
    "Schedule",
    &["schedule"],
    &["-next_run"],
    &[
        BASE,
        &[
            ("unified_job_template", Related(|| &UNIFIED_JOB_TEMPLATE)),
            ("rrule", Text),
            ("enabled", Bool),
            ("dtstart", Time),
            ("dtend", Time),
            ("next_run", Time),
        ],
    ],
);
pub(super) static SUMMARY: Model = model(
    "JobHostSummary",
    &["job_host_summary"],
    &["-pk"],
    &[&[
        ("id", Number),
        ("created", Time),
        ("modified", Time),
        ("job", Related(|| &JOB)),
        ("host", Related(|| &HOST)),
        ("host_name", Text),
        ("changed", Number),
        ("dark", Number),
        ("failures", Number),
        ("ignored", Number),
        ("ok", Number),
        ("processed", Number),
        ("rescued", Number),
        ("skipped", Number),
        ("failed", Bool),
    ]],
);
pub(super) static NODE: Model = model(
    "WorkflowJobNode",
    &["workflow_job_node"],
    &["id"],
    &[&[
        ("id", Number),
        ("created", Time),
        ("modified", Time),
        ("job", Related(|| &UNIFIED_JOB)),
        ("workflow_job", Related(|| &WORKFLOW_JOB)),
        ("unified_job_template", Related(|| &UNIFIED_JOB_TEMPLATE)),
        ("do_not_run", Bool),
        ("identifier", Text),
    ]],
);
pub(super) static USER: Model = model(
    "User",
    &["user"],
    &["username"],
    &[&[
        ("id", Number),
        ("username", Text),
        ("first_name", Text),
        ("last_name", Text),
        ("email", Text),
        ("is_superuser", Bool),
        ("last_login", Time),
        ("created", Time),
    ]],
);
pub(super) static TOKEN: Model = model(
    "OAuth2AccessToken",
    &["o_auth2_access_token"],
    &["id"],
    &[&[
        ("id", Number),
        ("description", Text),
        ("created", Time),
        ("modified", Time),
        ("user", Related(|| &USER)),
        ("scope", Text),
        ("expires", Time),
    ]],
);
