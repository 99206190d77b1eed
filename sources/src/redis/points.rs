//! Accounts of points that replicas share. One round trip takes from several accounts, all or none.

use std::{sync::LazyLock, time::Duration};

use redis::{Script, ScriptInvocation};

use super::Redis;
use crate::cache::Patience;

/// Asked for with every request: sent by its hash, and whole only to a Redis that does not have it.
static POINTS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("points.lua")));

/// What is asked of one account.
#[derive(Debug, Clone)]
pub struct PointsAsked {
    /// Its name among those of its group.
    pub name: String,
    /// Points in a window; more than zero.
    pub points: u64,
    /// The window.
    pub window: Duration,
    /// Without so many nothing is taken, from no account.
    pub least: u64,
    /// So many are taken where plenty is left.
    pub most: u64,
    /// Points that were taken and not spent.
    pub back: u64,
    /// How long until the account is full, as this process believes. It counts where Redis knows nothing.
    pub believed: Duration,
    /// What this process believes counts as well where Redis knows something: points were spent without it.
    pub insists: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsTold {
    /// Where nothing was taken: the account that had too little, and when it will have enough.
    pub refused: Option<(usize, Duration)>,
    /// When, by the clock of Redis, in microseconds: of two answers the later one counts.
    pub at: u64,
    /// For each account, in the order asked.
    pub accounts: Vec<AccountTold>,
}

/// An account after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountTold {
    /// Points taken.
    pub taken: u64,
    /// Points left.
    pub left: u64,
    /// How long until it is full.
    pub full_in: Duration,
}

impl Redis {
    /// Takes points from accounts of one group, such as a tenant. None when Redis is away: then this process counts alone.
    pub async fn take_points(&self, group: &str, asked: &[PointsAsked], patience: &Patience) -> Option<PointsTold> {
        let invocation = self.points_invocation(group, asked);
        let told = self.run("points", patience, async |mut link| link.invoke::<Vec<Vec<i64>>>(&invocation).await).await?;
        read(&told)
    }

    fn points_invocation(&self, group: &str, asked: &[PointsAsked]) -> ScriptInvocation<'static> {
        let mut invocation = POINTS.prepare_invoke();
        for account in asked {
            invocation.key(self.0.keys.points(group, &account.name));
        }
        for account in asked {
            invocation.arg(micros(account.window)).arg(account.points).arg(account.least).arg(account.most);
            invocation.arg(account.back).arg(micros(account.believed)).arg(u8::from(account.insists));
        }
        invocation
    }
}

fn read(told: &[Vec<i64>]) -> Option<PointsTold> {
    let (head, accounts) = told.split_first()?;
    let &[refused, wait, at] = head.as_slice() else { return None };
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let account = |told: &Vec<i64>| match told.as_slice() {
        &[taken, left, full_in] => {
            let full_in = Duration::from_micros(count(full_in));
            Some(AccountTold { taken: count(taken), left: count(left), full_in })
        }
        _ => None,
    };
    let refused = usize::try_from(refused).ok()?.checked_sub(1).map(|at| (at, Duration::from_micros(count(wait))));
    Some(PointsTold { refused, at: count(at), accounts: accounts.iter().map(account).collect::<Option<_>>()? })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
