//! What a request pays: refused early when nothing is left, charged by estimate before it is executed, settled afterwards.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue, header};
use resolvers::Standing;
use schema::{DateTime, ErrorCode};
use serde_json::json;

use super::{answer::Answer, graphql::Steps, wishes::client_name};
use crate::{App, admission::Refused, auth::Principal, prepare::Refusal, rate_limit};

/// Points that were taken for work that has not begun. Dropped, all but one come back.
pub(super) struct Deposit {
    app: Arc<App>,
    kept: Option<(rate_limit::Caller, rate_limit::Charge)>,
}

impl Deposit {
    /// The work begins; what it was worth is seen when it has ended.
    pub(super) fn begin(mut self) -> Option<rate_limit::Charge> {
        self.kept.take().map(|(_, charge)| charge)
    }
}

impl Drop for Deposit {
    fn drop(&mut self) {
        if let Some((caller, charge)) = self.kept.take() {
            self.app.rate_limiter.settle(&caller, charge, 1);
        }
    }
}

impl Steps<'_> {
    /// Charges the address, before anything is known of the caller.
    pub(super) fn limit_address(&mut self, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Box<Answer>> {
        let address = rate_limit::client_address(peer, headers, &self.app.trusted_proxies);
        self.app.rate_limiter.check_address(address).map_err(|wait| self.refuse_for(wait, "this address"))
    }

    /// Too much was asked by `whom`.
    fn refuse_for(&self, wait: Duration, whom: &str) -> Box<Answer> {
        // Rounded up: whoever obeys must not come too early.
        let wait = (wait + Duration::from_millis(999)).as_secs().max(1);
        let message = match whom {
            "you" => format!("too much was asked: try again in {wait} seconds"),
            whom => format!("too much was asked by {whom}: try again in {wait} seconds"),
        };
        let answer = Answer::refused(&Refusal::new(ErrorCode::RateLimited, message), self.request_id);
        Box::new(answer.with_header(header::RETRY_AFTER, HeaderValue::from(wait)))
    }

    /// Refuses a caller who has nothing left, before more is read.
    pub(super) fn admit(&mut self, principal: &Principal, headers: &HeaderMap) -> Result<(), Box<Answer>> {
        let client = client_name(headers);
        self.class = self.app.admission.config().class(client, principal.tier.as_deref());
        let caller = self.app.rate_limiter.caller(principal, client);
        let admitted = self.app.rate_limiter.check_exhausted(&caller);
        self.caller = Some(caller);
        admitted.map_err(|verdict| self.refuse(verdict))
    }

    /// Takes points from the caller's accounts.
    pub(super) async fn charge(&mut self, points: u64) -> Result<Deposit, Box<Answer>> {
        let Some(caller) = &self.caller else { return Err(self.refuse_for(Duration::ZERO, "you")) };
        let charged = self.app.rate_limiter.charge(caller, points, &self.patience).await;
        self.is_charged = true;
        let charge = charged.map_err(|verdict| self.refuse(verdict))?;
        let caller = self.caller.clone();
        Ok(Deposit { app: Arc::clone(self.app), kept: caller.zip(Some(charge)) })
    }

    fn refuse(&mut self, verdict: Box<rate_limit::Verdict>) -> Box<Answer> {
        self.is_charged = true;
        let refusal = self.refuse_for(verdict.retry_after, verdict.refuser());
        self.refused = Some(verdict);
        refusal
    }

    /// What the caller may still ask, this operation deducted.
    pub(super) fn standing(&self, cost: u64) -> Option<Standing> {
        let verdict = self.app.rate_limiter.standing(self.caller.as_ref()?);
        let own = verdict.own()?;
        let count = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        Some(Standing {
            limit: count(own.rate.points),
            remaining: count(own.left),
            cost: count(cost),
            window_seconds: count(own.rate.window.as_secs()),
            reset_at: DateTime(self.app.clock.now() + own.full_in),
        })
    }

    /// Refuses whoever would not be admitted, before more is read.
    pub(super) fn check_room(&mut self, tenant: &str) -> Result<(), Box<Answer>> {
        self.app.admission.check(tenant, self.class).map_err(|refused| self.overloaded(refused))
    }

    /// More is asked than can be done.
    pub(super) fn overloaded(&mut self, refused: Refused) -> Box<Answer> {
        // Nothing was done for it.
        self.is_charged = true;
        let (reason, message) = match refused {
            Refused::Full => ("full", "too many requests are in progress: try again shortly"),
            Refused::Waited => ("waited", "others were before this request for too long: try again shortly"),
            Refused::Memory => ("memory", "memory is running out: try again shortly"),
        };
        metrics::counter!("weft_admission_refused_total", "class" => self.class.as_str(), "reason" => reason)
            .increment(1);
        let answer = Answer::refused(&Refusal::new(ErrorCode::Overloaded, message), self.request_id);
        Box::new(answer.with_header(header::RETRY_AFTER, HeaderValue::from_static("1")))
    }

    /// Gives back what the operation was not worth.
    pub(super) fn settle(&self, charge: Option<rate_limit::Charge>, actual: u64) {
        if let (Some(caller), Some(charge)) = (&self.caller, charge) {
            self.app.rate_limiter.settle(caller, charge, actual);
        }
    }

    /// Tells what the operation cost, and what is left.
    pub(super) fn with_cost(&self, answer: Answer, requested: u64, actual: u64) -> Answer {
        let verdict = self.caller.as_ref().map(|caller| self.app.rate_limiter.standing(caller));
        let remaining = verdict.as_ref().and_then(rate_limit::Verdict::own).map(|standing| standing.left);
        answer.with_extension("cost", json!({ "requested": requested, "actual": actual, "remaining": remaining }))
    }
}
