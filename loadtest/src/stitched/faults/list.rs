//! The faults that every upstream is put through.

use serde_json::Value;
use simulator::Fault;

/// All of them, or few.
pub(super) fn all(is_quick: bool) -> Vec<Fault> {
    let few = vec![
        Fault::Status { code: 502 },
        Fault::Hang,
        Fault::BrokenBody,
        Fault::Html,
        Fault::Throttled { retry_after_seconds: Some(1) },
    ];
    if is_quick {
        return few;
    }
    let more = [
        Fault::Status { code: 500 },
        Fault::Status { code: 503 },
        Fault::Latency { delay_ms: 500 },
        Fault::LatencySpread { min_ms: 20, max_ms: 2_000 },
        Fault::Drip { pause_ms: 5 },
        Fault::ExpiredToken,
        Fault::Refuse,
        Fault::Drop,
        Fault::Garbage,
        Fault::TruncatedJson,
        Fault::HugeBody { body_bytes: 64 << 20 },
        Fault::WrongContentType,
        Fault::Redirect { location: "http://127.0.0.1:9/".to_owned() },
        Fault::DeepJson { depth: 100_000 },
        Fault::Throttled { retry_after_seconds: None },
    ];
    few.into_iter().chain(more).collect()
}

/// As it is called in the control of the simulator.
pub(super) fn name(fault: &Fault) -> String {
    let json = serde_json::to_value(fault).unwrap_or_default();
    let details = json.as_object().into_iter().flatten().filter(|(key, _)| *key != "kind" && *key != "location");
    let details = details.map(|(_, value)| format!(" {value}")).collect::<String>();
    format!("{}{details}", json.get("kind").and_then(Value::as_str).unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_by_name_and_measure() {
        assert_eq!(name(&Fault::Hang), "hang");
        assert_eq!(name(&Fault::Status { code: 502 }), "status 502");
        assert_eq!(name(&Fault::Redirect { location: "http://127.0.0.1:9/".to_owned() }), "redirect");
        assert_eq!(all(false).len(), 20);
    }
}
