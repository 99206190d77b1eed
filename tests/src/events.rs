//! `Events`: what this process traces, for tests that look at what a library tells of itself.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context, prelude::*};

/// The texts of one field of all events of one target.
#[derive(Clone)]
pub(crate) struct Events {
    field: &'static str,
    texts: Arc<Mutex<Vec<String>>>,
}

impl Events {
    /// Begins to listen. Once per process, which is once per test.
    pub(crate) fn listen(target: &'static str, field: &'static str) -> Self {
        let events = Self { field, texts: Arc::default() };
        let is_meant = filter_fn(move |metadata: &Metadata<'_>| metadata.target() == target);
        // Another test of the same process may have begun already, when they are not run one process each.
        let _ = tracing_subscriber::registry().with(events.clone().with_filter(is_meant)).try_init();
        events
    }

    /// What was told since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.texts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text { field: self.field, text: String::new() };
        event.record(&mut text);
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).push(text.text);
    }
}

struct Text {
    field: &'static str,
    text: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            value.clone_into(&mut self.text);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == self.field {
            self.text = format!("{value:?}");
        }
    }
}
