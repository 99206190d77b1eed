//! `JsonLine`: a log line as one JSON object. The library's own looks up and copies each field; a line for each request was a thirtieth of
//! what it costs to answer a small one.

use std::fmt::{self, Debug, Write};

use chrono::{SecondsFormat, Utc};
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

/// `timestamp`, `level`, the fields of the event as they are called, `target`, and in `span` those of the innermost span.
pub struct JsonLine;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for JsonLine {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Line { text: String::with_capacity(256), target: None };
        line.text.push_str("{\"timestamp\":\"");
        // A clock of its own: what is logged is of this process, whatever time a test sets.
        #[expect(clippy::disallowed_methods, reason = "the moment of the line")]
        let now = Utc::now();
        line.text.push_str(&now.to_rfc3339_opts(SecondsFormat::Micros, true));
        line.text.push_str("\",\"level\":\"");
        line.text.push_str(metadata.level().as_str());
        line.text.push('"');
        event.record(&mut line);
        let target = line.target.take();
        line.text("target", target.as_deref().unwrap_or(metadata.target()));
        if let Some(span) = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current())
            && let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>()
            && !fields.is_empty()
        {
            line.text.push_str(",\"span\":");
            line.text.push_str(fields);
        }
        line.text.push_str("}\n");
        writer.write_str(&line.text)
    }
}

/// A line that is being written.
struct Line {
    text: String,
    /// Who wrote it, where it came by the older interface of `log`.
    target: Option<String>,
}

/// Where a line of the older interface was written, and by whom.
const OF_LOG: &str = "log.";

impl Line {
    fn name(&mut self, name: &str) {
        self.text.push_str(",\"");
        // The name of a field in the code: it holds nothing that has to be escaped.
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        let quoted = serde_json::to_string(value).unwrap_or_default();
        self.text.push_str(&quoted);
    }

    fn number(&mut self, field: &Field, value: impl fmt::Display) {
        if field.name().starts_with(OF_LOG) {
            return;
        }
        self.name(field.name());
        let _ = write!(self.text, "{value}");
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
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON knows no infinity: such are null.
        self.number(field, serde_json::to_string(&value).unwrap_or_default());
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
            let span = tracing::info_span!("request", request_id = "r-1");
            span.in_scope(|| tracing::warn!(error = %"it \"broke\"", list = ?[1, 2], "within {}", 1));
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [first, second] = lines.as_slice() else { panic!("{text}") };
        assert!(chrono::DateTime::parse_from_rfc3339(first["timestamp"].as_str().unwrap()).is_ok());
        let mut first = first.clone();
        first.as_object_mut().unwrap().remove("timestamp");
        let expected = json!({
            "level": "INFO", "text": "a\"b\n", "count": 3, "less": -1, "ratio": 0.5, "endless": null, "is": true,
            "message": "said", "target": module_path!(),
        });
        assert_eq!(first, expected);
        assert_eq!((&second["error"], &second["list"]), (&json!("it \"broke\""), &json!("[1, 2]")));
        assert_eq!((&second["message"], &second["span"]), (&json!("within 1"), &json!({ "request_id": "r-1" })));
    }
}
