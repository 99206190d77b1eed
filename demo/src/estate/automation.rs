//! The templates in AWX that the estate's software is rolled out and run with.

/// A template that an entity names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomationTemplate {
    /// Its id in AWX.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// It is a workflow.
    pub is_workflow: bool,
}

/// The templates of a component: one that rolls it out, and for jobs a workflow that runs it. `group` tells components of
/// two organisations from each other that have the same name.
pub(super) fn templates(group: &str, component: &str, is_job: bool) -> Vec<AutomationTemplate> {
    let template = |verb: &str, is_workflow| AutomationTemplate {
        id: id(&format!("{group}/{component}/{verb}")),
        name: format!("{verb} {component}"),
        is_workflow,
    };
    let run = is_job.then(|| template("Run", true));
    std::iter::once(template("Roll out", false)).chain(run).collect()
}

/// An id that is always the same for a name (FNV-1a), in a range wide enough that no two of an estate meet.
fn id(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    1_000 + hash % 9_000_000
}
