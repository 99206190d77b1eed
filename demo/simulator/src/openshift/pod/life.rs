//! The life of one container: how it starts, and what keeps it from getting ready.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    super::{Ailment, App, moment::Moment, slot::Slot},
    Container, Life, restart,
};

pub(super) fn is_scheduled(app: &App, slot: &Slot, moment: &Moment) -> bool {
    let fits = !(slot.is_blocked && app.ailment() == Some(Ailment::Unschedulable));
    fits && moment.passed(scheduled_at(slot))
}

pub(super) fn at(app: &App, slot: &Slot, moment: &Moment) -> Life {
    if !is_scheduled(app, slot, moment) {
        return waits(slot, Container::Absent);
    }
    let runs_at = slot.created_at + slot.warm_up / 2;
    let ready_at = slot.created_at + slot.warm_up;
    match app.ailment() {
        Some(Ailment::CrashLoop) if slot.is_blocked => restart::crash_loop(slot, runs_at, moment),
        Some(Ailment::OutOfMemory) => restart::out_of_memory(app, slot, (runs_at, ready_at), moment),
        Some(ailment) if slot.is_blocked => blocked(app, slot, ailment, runs_at, moment),
        _ => healthy(slot, (runs_at, ready_at), moment),
    }
}

pub(super) fn healthy(slot: &Slot, (runs_at, ready_at): (DateTime<Utc>, DateTime<Utc>), moment: &Moment) -> Life {
    if !moment.passed(runs_at) {
        return waits(slot, creating());
    }
    let is_ready = moment.passed(ready_at);
    Life {
        container: Container::Running { since: runs_at },
        last: None,
        restarts: 0,
        is_ready,
        ready_changed_at: if is_ready { ready_at } else { slot.created_at },
    }
}

fn blocked(app: &App, slot: &Slot, ailment: Ailment, runs_at: DateTime<Utc>, moment: &Moment) -> Life {
    let seen = |seconds| moment.passed(slot.created_at + TimeDelta::seconds(seconds));
    let name = &app.name;
    let container = match ailment {
        Ailment::ImagePullBackOff if seen(8) => {
            let image = super::super::rollout::image(app, slot.rollout.cycle);
            waiting("ImagePullBackOff", format!("Back-off pulling image \"{image}\": ErrImagePull: manifest unknown"))
        }
        Ailment::ImagePullBackOff if seen(5) => waiting("ErrImagePull", "manifest unknown".to_owned()),
        Ailment::MissingConfigMap if seen(4) => {
            waiting("CreateContainerConfigError", format!("configmap \"{name}-config\" not found"))
        }
        Ailment::FailingReadiness if moment.passed(runs_at) => Container::Running { since: runs_at },
        _ => creating(),
    };
    waits(slot, container)
}

/// Not ready since it was created.
pub(super) fn waits(slot: &Slot, container: Container) -> Life {
    Life { container, last: None, restarts: 0, is_ready: false, ready_changed_at: slot.created_at }
}

pub(super) fn creating() -> Container {
    Container::Waiting { reason: "ContainerCreating", message: None }
}

pub(super) fn waiting(reason: &'static str, message: String) -> Container {
    Container::Waiting { reason, message: Some(message) }
}

fn scheduled_at(slot: &Slot) -> DateTime<Utc> {
    slot.created_at + TimeDelta::seconds(1)
}
