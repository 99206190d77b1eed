//! The chart: for each operation, how many requests a second the gateway answers beside its ceilings.

use std::fmt::Write;

use crate::{figures::OperationResult, report::Report};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const BAR: f64 = 15.0;
const STEP: f64 = 19.0;
/// Room for the words behind the longest bar.
const RIGHT: f64 = 200.0;

/// The chart as SVG.
pub(crate) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 64.0;
    for operation in &report.operations {
        y = panel(&mut body, operation, y);
    }
    let height = y + 8.0;
    let subtitle = format!(
        "{} generated entities, {} clients, median of {} rounds, {} on {} processors. Bars are relative to the longest of each operation.",
        thousands(report.estate as f64),
        report.clients,
        report.rounds,
        report.commit,
        report.machine.processors
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"26\" font-size=\"17\" font-weight=\"600\">Requests a second, caches passed</text>\n\
         <text x=\"16\" y=\"45\" fill=\"#555\">{}</text>\n{body}</svg>\n",
        escaped(&subtitle)
    )
}

fn panel(out: &mut String, operation: &OperationResult, top: f64) -> f64 {
    let mut bars = vec![("gateway", "#2563eb", operation.gateway.rate, String::new())];
    if let (Some(direct), Some(ratio)) = (&operation.direct, operation.ratio_to_direct) {
        bars.push(("direct", "#6b7280", direct.rate, format!("gateway is {:.0} % of it", ratio * 100.0)));
    }
    let ratio = format!("gateway is {:.1} % of it", operation.ratio_to_bare * 100.0);
    bars.push(("bare", "#c3c8d0", operation.bare.rate, ratio));
    let longest = bars.iter().map(|bar| bar.2).fold(1e-9, f64::max);
    let p = &operation.half_load;
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<text x=\"16\" y=\"{}\" font-weight=\"600\">{}</text>\n\
         <text x=\"16\" y=\"{}\" fill=\"#555\" font-size=\"10.5\">half load {:.2} / {:.2} ms</text>",
        top + 12.0,
        escaped(operation.name),
        top + 12.0 + STEP,
        p.p50_ms,
        p.p99_ms
    );
    let mut y = top;
    for (name, colour, rate, note) in bars {
        let length = (rate / longest * (WIDTH - LEFT - RIGHT)).max(1.0);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{}\">{} <tspan fill=\"#777\" font-size=\"10.5\">{}</tspan></text>",
            LEFT - 8.0,
            y + 12.0,
            LEFT + length + 6.0,
            y + 12.0,
            thousands(rate),
            escaped(&note)
        );
        y += STEP;
    }
    y + 12.0
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(
            (thousands(7.4), thousands(999.6), thousands(1_234_567.0)),
            ("7".into(), "1,000".into(), "1,234,567".into())
        );
    }
}
