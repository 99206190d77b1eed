//! One operation on a socket: a query or mutation with one answer, or a subscription with as many as there are.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use schema::ErrorCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    App,
    auth::Principal,
    http::{
        Answer,
        body::{self, Parameters},
        graphql::{Asked, Steps},
        wishes::Wishes,
    },
    live::{Resume, Subscription},
    prepare::Refusal,
};

/// What an operation says.
#[derive(Debug)]
pub enum Told {
    /// It is a subscription, and goes on from this cursor; subgraphs, where it reaches any, were told the other.
    Begun(Option<Arc<str>>, Option<String>),
    /// An answer; with the cursor after it, where it is an event.
    Next(Bytes, Option<Arc<str>>),
    /// It was refused, or cannot go on; the answer says why.
    Error(Bytes),
    /// Nothing more comes.
    Complete,
}

/// What an operation needs.
pub struct Asking {
    /// The gateway.
    pub app: Arc<App>,
    /// Who asks.
    pub principal: Arc<Principal>,
    /// The headers of the socket's own request.
    pub headers: Arc<HeaderMap>,
    /// The parameters, as sent.
    pub payload: Map<String, Value>,
    /// Where it goes on.
    pub resume: Option<Resume>,
}

/// Carries an operation out. Dropped, it ends. Not in boxes of its own: each is memory that an event to thousands has to be fetched from.
pub fn run(asking: Asking) -> impl Stream<Item = Told> + Send + 'static {
    let begun = stream::once(async move { Box::pin(begin(asking)).await });
    begun.flat_map(|begun| {
        let (first, frames, last) = match begun {
            Ok(Begun::Answer(bytes)) => (Told::Next(bytes, None), None, Some(Told::Complete)),
            Ok(Begun::Stream(subscription)) => {
                let first = Told::Begun(subscription.cursor.clone(), subscription.told.clone());
                (first, Some(subscription.into_frames()), Some(Told::Complete))
            }
            Err(refused) => (Told::Error(refused), None, None),
        };
        let frames = stream::iter(frames).flatten().map(|frame| match frame {
            Ok(frame) => Told::Next(frame.payload, frame.cursor),
            Err(error) => {
                tracing::warn!(error = error.chain(), "a subscription had to end");
                let message = "the subscription cannot go on at the moment: begin again after the last cursor";
                Told::Error(Answer::refused(&Refusal::new(error.code(), message), "").into_bytes())
            }
        });
        stream::iter([first]).chain(frames).chain(stream::iter(last))
    })
}

enum Begun {
    Answer(Bytes),
    Stream(Box<Subscription>),
}

async fn begin(asking: Asking) -> Result<Begun, Bytes> {
    let Asking { app, principal, headers, payload, resume } = asking;
    let request_id = Uuid::now_v7().to_string();
    let mut steps = Steps::new(&app, &request_id);
    steps.streams = true;
    steps.resume = resume;
    let answer = match app.places.try_acquire() {
        Ok(_place) => {
            let operated = Box::pin(operate(&mut steps, &app, principal, &headers, payload)).await;
            match operated {
                Ok(answer) => answer,
                Err(refused) => return Err(steps.paid(*refused).await.into_bytes()),
            }
        }
        Err(_) => {
            let refusal = Refusal::new(ErrorCode::Overloaded, "too many requests are in progress: try again shortly");
            return Err(Answer::refused(&refusal, &request_id).into_bytes());
        }
    };
    match steps.subscription.take() {
        Some(subscription) => Ok(Begun::Stream(Box::new(subscription))),
        None if answer.has_no_data() => Err(answer.into_bytes()),
        None => Ok(Begun::Answer(answer.into_bytes())),
    }
}

async fn operate(
    steps: &mut Steps<'_>,
    app: &Arc<App>,
    principal: Arc<Principal>,
    headers: &HeaderMap,
    payload: Map<String, Value>,
) -> Result<Answer, Box<Answer>> {
    steps.admit(&principal, headers)?;
    let _arrival = app.admission.arrive(&principal.tenant).map_err(|refused| steps.overloaded(refused))?;
    steps.check_room(&principal.tenant)?;
    let parameters: Result<Parameters, Refusal> = body::of_object(payload);
    let parameters = steps.or_refused(parameters)?;
    let wishes = Wishes::of(headers);
    let asked = Asked {
        key: None,
        is_kept: steps.may_be_kept(&principal, headers, wishes),
        principal,
        wishes,
        supergraph: None,
        is_get: false,
        headers: headers.clone(),
    };
    steps.operate(parameters, None, asked).await
}
