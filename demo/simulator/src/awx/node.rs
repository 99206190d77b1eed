//! The nodes of a workflow job: what it starts, whether it came to that or not.

use super::{
    life,
    run::{self, Run},
    source::{self, Source},
};

/// Ids of nodes carry the node's number in the last digit.
const NODES_MAX: u64 = 10;

pub(super) struct Node<'w> {
    pub(super) workflow: &'w Run<'w>,
    pub(super) source: &'w Source,
    /// From 0.
    pub(super) index: usize,
    pub(super) is_last: bool,
    pub(super) job: Option<Run<'w>>,
    /// An earlier node failed, so this one never starts.
    pub(super) is_passed_over: bool,
}

impl Node<'_> {
    pub(super) fn id(&self) -> u64 {
        node_id(self.workflow.id, self.index)
    }
}

pub(super) fn node_id(workflow_job: u64, index: usize) -> u64 {
    workflow_job * NODES_MAX + index as u64
}

/// The id of the workflow job whose node this is.
pub(super) fn workflow_job_of(node: u64) -> u64 {
    node / NODES_MAX
}

pub(super) fn all<'w>(workflow: &'w Run<'w>) -> Vec<Node<'w>> {
    let nodes = &workflow.entry.nodes;
    let node = |(index, place): (usize, &usize)| {
        let source = workflow.world.sources.get(*place)?;
        let start = workflow.start + source.lead;
        let (id, _) = source::number(&workflow.world.sources, *place, start);
        Some(Node {
            workflow,
            source,
            index,
            is_last: index + 1 == nodes.len(),
            job: run::by_id(workflow.world, id, workflow.now),
            is_passed_over: workflow.finished().is_some() && !life::is_started(workflow.world, source, start),
        })
    };
    nodes.iter().enumerate().filter_map(node).collect()
}
