//! How tenants share places while work is late, and have all of them otherwise.

use std::{collections::BTreeMap, task::Poll};

use futures::{FutureExt, poll};

use super::*;

const LATE: Duration = Duration::from_millis(50);

fn admission() -> Admission {
    Admission::new(Config { running_min: 8, running_max: 8, shared_min: 2, ..Config::default() })
}

/// Work is late, for as long as it takes to be taken seriously.
fn late(admission: &Admission) {
    for _ in 0..10 {
        admission.adjust(LATE, 0, Memory::Enough);
    }
}

/// Takes places until one has to be waited for.
async fn take<'a>(admission: &'a Admission, tenant: &'a str) -> Vec<Place<'a>> {
    let mut places = Vec::new();
    while let Some(place) = admission.enter(tenant, Class::Interactive, 1).now_or_never() {
        places.push(place.unwrap());
    }
    places
}

#[tokio::test]
async fn while_work_is_late_a_tenant_has_its_part_and_the_rest_stays_free_for_the_others() {
    let admission = admission();
    let _both = [admission.arrive("quiet").unwrap(), admission.arrive("noisy").unwrap()];
    late(&admission);
    let mut places = take(&admission, "noisy").await;
    assert_eq!(places.len(), 1, "half of two");
    let mut waiting = Box::pin(admission.enter("noisy", Class::Interactive, 1));
    assert!(poll!(&mut waiting).is_pending());
    assert_eq!(take(&admission, "quiet").await.len(), 1, "nobody waits before it");
    places.clear();
    assert!(matches!(poll!(&mut waiting), Poll::Ready(Ok(_))), "the place that came free was not given on");
}

#[tokio::test]
async fn whoever_is_alone_has_all_places_and_so_has_everybody_once_nothing_is_late() {
    let admission = admission();
    let alone = admission.arrive("noisy").unwrap();
    late(&admission);
    assert_eq!(take(&admission, "noisy").await.len(), 8);
    let other = admission.arrive("quiet").unwrap();
    assert_eq!(take(&admission, "noisy").await.len(), 1, "the other is there now");
    drop(other);
    admission.state().forget_idle(Instant::now() + LATELY_EXECUTED);
    late(&admission);
    assert_eq!(take(&admission, "noisy").await.len(), 8, "the other is gone");
    let _other = admission.arrive("quiet").unwrap();
    for _ in 0..1_000 {
        admission.adjust(Duration::ZERO, 0, Memory::Enough);
    }
    let few = take(&admission, "noisy").await;
    assert_eq!(few.len(), 2, "half of four: a quiet time ends with few");
    let mut waiting = Box::pin(admission.enter("noisy", Class::Interactive, 1));
    assert!(poll!(&mut waiting).is_pending());
    admission.adjust(Duration::ZERO, 0, Memory::Enough);
    assert!(matches!(poll!(&mut waiting), Poll::Ready(Ok(_))), "it waited and nothing was late");
    drop((few, waiting));
    assert_eq!(take(&admission, "noisy").await.len(), 8, "nothing is late any more");
    drop(alone);
}

#[tokio::test]
async fn a_weight_is_a_part_of_the_places() {
    let weights = BTreeMap::from([("heavy".to_owned(), 3)]);
    let admission =
        Admission::new(Config { running_min: 8, running_max: 8, shared_min: 4, weights, ..Config::default() });
    let _both = [admission.arrive("heavy").unwrap(), admission.arrive("light").unwrap()];
    late(&admission);
    let (heavy, light) = (take(&admission, "heavy").await, take(&admission, "light").await);
    assert_eq!((heavy.len(), light.len()), (3, 1));
}

#[tokio::test]
async fn more_tenants_than_places_are_served_in_turn_and_nobody_walks_past_who_waits() {
    let admission = Admission::new(Config { running_min: 2, running_max: 100, shared_min: 2, ..Config::default() });
    let names: Vec<String> = (0..6).map(|number| format!("tenant-{number}")).collect();
    let _all: Vec<_> = names.iter().map(|name| admission.arrive(name).unwrap()).collect();
    late(&admission);
    let mut running = Vec::new();
    for name in &names {
        running.push(take(&admission, name).await);
    }
    assert!(running.iter().all(|own| own.len() == 1), "one of each, though there are but two places");
    let mut waiting = Box::pin(admission.enter("tenant-3", Class::Interactive, 1));
    assert!(poll!(&mut waiting).is_pending());
    running[3].clear();
    assert!(admission.enter("tenant-3", Class::Interactive, 1).now_or_never().is_none(), "another was before it");
    assert!(matches!(poll!(&mut waiting), Poll::Ready(Ok(_))), "it waits though nothing of its tenant is executed");
}

#[tokio::test]
async fn whoever_would_wait_long_for_the_own_part_is_refused_at_once() {
    let admission = admission();
    let _both = [admission.arrive("quiet").unwrap(), admission.arrive("noisy").unwrap()];
    late(&admission);
    // Operations take a fifth of a second, and there is one place: the third would wait for more than half a second.
    admission.state().held = [0.2, 0.2];
    let _place = admission.enter("noisy", Class::Interactive, 1).await.unwrap();
    let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(admission.enter("noisy", Class::Interactive, 1))).collect();
    for one in &mut waiting {
        assert!(poll!(one).is_pending());
    }
    assert_eq!(admission.check("noisy", Class::Interactive), Err(Refused::Full));
    assert_eq!(admission.check("quiet", Class::Interactive), Ok(()), "the room of others is theirs");
}
