//! What is wrong with an upstream, in an operator's words: from the error of a call to the key to look at.

use std::{error::Error, fmt, io};

use reqwest::StatusCode;

use crate::SourceError;

/// A status that no caller expected, as the cause of an error.
#[derive(Debug, Clone, Copy)]
pub struct Answered(pub StatusCode);

impl fmt::Display for Answered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "it answered {}", self.0)
    }
}

impl Error for Answered {}

/// What probably is wrong, and what to do.
pub fn diagnosis(error: &SourceError) -> String {
    match error {
        SourceError::Timeout { limit, .. } => {
            format!("timeout: no answer within {limit:?}; a firewall may swallow the calls, or `timeout` is too short")
        }
        SourceError::Throttled { retry_after, .. } => {
            let wait = retry_after.map_or_else(|| "a while".to_owned(), |wait| format!("{wait:?}"));
            format!("quota: it takes no more calls for {wait}; somebody else may use the same credential")
        }
        SourceError::Unavailable { cause, .. } | SourceError::Protocol { cause, .. } => of_cause(&***cause),
        other => other.to_string(),
    }
}

fn of_cause(cause: &(dyn Error + 'static)) -> String {
    if let Some(Answered(status)) = cause.downcast_ref() {
        return of_status(*status);
    }
    let chain: Vec<&(dyn Error + 'static)> = std::iter::successors(Some(cause), |error| (*error).source()).collect();
    let text = chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = chain.iter().find_map(|error| Some(error.downcast_ref::<io::Error>()?.kind()));
    // The libraries tell these two apart by words only.
    if has(&["dns error", "lookup address", "its name leads to no address"]) {
        format!("name resolution: the host of `base_url` is not found ({text})")
    } else if has(&["certificate", "UnknownIssuer", "tls handshake", "InvalidContentType", "corrupt message"]) {
        format!("TLS: the connection is not trusted; set `ca_file` to its authority, or mend its certificate ({text})")
    } else if kind == Some(io::ErrorKind::ConnectionRefused) {
        "connection: nothing listens at the host and port of `base_url`".to_owned()
    } else if has(&["refused a token"]) {
        format!("token: {text}")
    } else if has(&["not JSON"]) {
        "answer: something else answers there, such as a login page or a proxy; look at `base_url`".to_owned()
    } else {
        text
    }
}

fn of_status(status: StatusCode) -> String {
    match status {
        StatusCode::UNAUTHORIZED => "token: it is not accepted; it is wrong, revoked or expired".to_owned(),
        StatusCode::FORBIDDEN => "right: the token may not ask this; it lacks a scope or a role".to_owned(),
        StatusCode::NOT_FOUND => {
            "right or address: what is asked is not there; it hides what the token may not see, or `base_url` is wrong"
                .to_owned()
        }
        status if status.is_redirection() => {
            format!("address: it redirects ({status}), which is never followed; set `base_url` to where it leads")
        }
        status if status.is_server_error() => format!("upstream: it is there and fails ({status})"),
        status => format!("answer: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use schema::SourceKind;

    use super::*;

    #[test]
    fn each_way_to_fail_has_a_name_of_its_own() {
        let status = |code| SourceError::protocol(SourceKind::Awx, Answered(StatusCode::from_u16(code).unwrap()));
        let refused = SourceError::unavailable(SourceKind::Awx, io::Error::from(io::ErrorKind::ConnectionRefused));
        let untrusted = SourceError::unavailable(SourceKind::Awx, "invalid peer certificate: UnknownIssuer");
        let unknown = SourceError::unavailable(SourceKind::Awx, "dns error: failed to lookup address information");
        for (error, word) in [
            (status(401), "token:"),
            (status(403), "right:"),
            (status(302), "address:"),
            (status(502), "upstream:"),
            (refused, "connection:"),
            (untrusted, "TLS:"),
            (unknown, "name resolution:"),
            (SourceError::Throttled { upstream: SourceKind::Awx, retry_after: None }, "quota:"),
        ] {
            assert!(diagnosis(&error).starts_with(word), "{}", diagnosis(&error));
        }
    }
}
