//! `JsonLine`: a log line as one JSON object. The library's own looks up and copies each field; a line for each request was a thirtieth of
//! what it costs to answer a small one.

use std::fmt::{self, Debug};

use chrono::Utc;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormattedFields,
        format::{JsonFields, Writer},
    },
    registry::LookupSpan,
};

use crate::http::told_of_current;

/// `timestamp`, `level`, the fields of the event as they are called, `target`, in `span` those of the innermost span, and of the request
/// that is worked for `request_id` and `trace_id`.
pub struct JsonLine;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for JsonLine {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Line { bytes: Vec::with_capacity(BYTES_LIKELY), target: None };
        line.bytes.extend_from_slice(b"{\"timestamp\":");
        // A clock of its own: what is logged is of this process, whatever time a test sets.
        #[expect(clippy::disallowed_methods, reason = "the moment of the line")]
        let now = Utc::now();
        resolvers::write_moment_micros(now, &mut line.bytes);
        line.text("level", metadata.level().as_str());
        event.record(&mut line);
        let target = line.target.take();
        line.text("target", target.as_deref().unwrap_or(metadata.target()));
        if let Some(span) = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current())
            && let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>()
            && !fields.is_empty()
        {
            line.name("span");
            line.bytes.extend_from_slice(fields.as_bytes());
        }
        told_of_current(|request_id, trace_id| line.request(request_id, trace_id));
        line.bytes.extend_from_slice(b"}\n");
        writer.write_str(std::str::from_utf8(&line.bytes).map_err(|_| fmt::Error)?)
    }
}

/// Room for most lines.
const BYTES_LIKELY: usize = 384;

/// A line that is being written.
struct Line {
    bytes: Vec<u8>,
    /// Who wrote it, where it came by the older interface of `log`.
    target: Option<String>,
}

/// Where a line of the older interface was written, and by whom.
const OF_LOG: &str = "log.";

impl Line {
    fn request(&mut self, request_id: &str, trace_id: Option<&str>) {
        self.text("request_id", request_id);
        if let Some(trace_id) = trace_id {
            self.text("trace_id", trace_id);
        }
    }

    fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(b",\"");
        // The name of a field in the code: it holds nothing that has to be escaped.
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        resolvers::write_text(value, &mut self.bytes);
    }

    fn plain(&mut self, field: &Field, value: &str) {
        if field.name().starts_with(OF_LOG) {
            return;
        }
        self.name(field.name());
        self.bytes.extend_from_slice(value.as_bytes());
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "log.target" => self.target = Some(value.to_owned()),
            name if name.starts_with(OF_LOG) => {}
            name => self.text(name, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, if value { "true" } else { "false" });
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON knows no infinity: such are null.
        self.plain(field, &serde_json::to_string(&value).unwrap_or_default());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::{fmt, prelude::*};

    use super::*;
    use crate::http::within_request;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_object_whatever_is_told() {
        let written = Written::default();
        let writer = written.clone();
        let lines = fmt::layer().json().event_format(JsonLine).with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let none: Option<&str> = None;
            tracing::info!(
                text = "a\"b\n",
                count = 3_u64,
                less = -1_i64,
                ratio = 0.5,
                endless = f64::INFINITY,
                is = true,
                none,
                "said"
            );
            let span = tracing::info_span!("statement", name = "s-1");
            span.in_scope(|| tracing::warn!(error = %"it \"broke\"", list = ?[1, 2], "within {}", 1));
            within_request("r-1", Some("t-1"), || tracing::info!("for a request"));
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [first, second, third] = lines.as_slice() else { panic!("{text}") };
        assert!(chrono::DateTime::parse_from_rfc3339(first["timestamp"].as_str().unwrap()).is_ok());
        let mut first = first.clone();
        first.as_object_mut().unwrap().remove("timestamp");
        let expected = json!({
            "level": "INFO", "text": "a\"b\n", "count": 3, "less": -1, "ratio": 0.5, "endless": null, "is": true,
            "message": "said", "target": module_path!(),
        });
        assert_eq!(first, expected);
        assert_eq!((&second["error"], &second["list"]), (&json!("it \"broke\""), &json!("[1, 2]")));
        assert_eq!((&second["message"], &second["span"]), (&json!("within 1"), &json!({ "name": "s-1" })));
        assert_eq!((&third["request_id"], &third["trace_id"]), (&json!("r-1"), &json!("t-1")));
        assert!(third.get("span").is_none() && second.get("request_id").is_none());
    }
}
