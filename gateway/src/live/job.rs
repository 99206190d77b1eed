//! Jobs run elsewhere and leave no line in the log: they are looked at, once for all who ask the same, until they have ended.

use std::sync::{Arc, OnceLock};

use resolvers::live::{Event, JobLook, JobSeen, JobState, Topic};
use schema::DateTime;
use sources::postgres::ChangePosition;
use tokio::time::MissedTickBehavior;

use super::{cursor::Place, execution::answers, group::Plan, members::Members, sent::Sent};
use crate::App;

/// Looks in a row that may fail before the subscription ends with what is wrong.
const FAILED_MAX: u32 = 10;

/// Looks at a job until it has ended.
pub(super) async fn follow(app: Arc<App>, plan: Arc<Plan>, members: Arc<Members>) {
    let Topic::Job(id) = &plan.topic else { return };
    let mut looks = tokio::time::interval(app.live.config.job_interval);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: Option<JobState> = None;
    let mut failed = 0;
    loop {
        looks.tick().await;
        if app.live.cursors(app.sources.database()).await.is_err() {
            continue;
        }
        let seen = Arc::new(OnceLock::new());
        let cursor_of = {
            let (app, principal) = (Arc::clone(&app), Arc::clone(&plan.principal));
            move |state: &JobState| app.live.written(&principal, &Place::Job(*state))
        };
        let look = JobLook {
            id: id.clone(),
            at: DateTime(app.clock.now()),
            cursor_of: Arc::new(cursor_of),
            seen: Arc::clone(&seen),
        };
        let answers = answers(&app, &plan, vec![Event::Job(look)]).await;
        let Some(answer) = answers.into_iter().next() else { continue };
        let Some(JobSeen { state, is_final, cursor }) = seen.get().cloned() else {
            // One that cannot be read now is looked at again; one that never can is told to be so.
            failed += 1;
            if failed < FAILED_MAX {
                continue;
            }
            let payload = answer.into_bytes();
            let sent = Sent {
                position: ChangePosition::start(),
                cursor: Arc::default(),
                payload,
                points: 1,
                state: None,
                about: None,
            };
            members.tell(&Arc::new(sent), true);
            return;
        };
        failed = 0;
        if known.replace(state) == Some(state) {
            continue;
        }
        let points = answer.objects().saturating_add(1);
        let payload = answer.into_bytes();
        members.tell(
            &Arc::new(Sent {
                position: ChangePosition::start(),
                cursor: cursor.into(),
                payload,
                points,
                state: Some(state),
                about: None,
            }),
            is_final,
        );
        if is_final {
            return;
        }
    }
}
