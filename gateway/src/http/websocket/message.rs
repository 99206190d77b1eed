//! What is said on a socket, in either protocol.

use std::cell::RefCell;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The subprotocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `graphql-transport-ws`.
    Transport,
    /// `graphql-ws`, as subscriptions-transport-ws spoke it.
    Legacy,
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// Who it is.
    Init(Map<String, Value>),
    /// Whether we live; with a new token perhaps.
    Ping(Map<String, Value>),
    /// It lives.
    Pong,
    /// An operation.
    Subscribe {
        /// Its name for it.
        id: String,
        /// The parameters of a request.
        payload: Map<String, Value>,
    },
    /// It wants no more of an operation.
    Complete(String),
    /// It goes.
    Terminate,
}

/// How a conversation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close(pub u16, pub &'static str);

impl Close {
    /// It asked before it was let in.
    pub const UNAUTHORIZED: Self = Self(4401, "Unauthorized");
    /// It was not let in.
    pub const FORBIDDEN: Self = Self(4403, "Forbidden");
    /// Its token has ended.
    pub const EXPIRED: Self = Self(4403, "Token expired");
    /// No protocol of ours.
    pub const SUBPROTOCOL: Self = Self(4406, "Subprotocol not acceptable");
    /// It did not say who it is.
    pub const INIT_TIMEOUT: Self = Self(4408, "Connection initialisation timeout");
    /// It said it twice.
    pub const TOO_MANY_INITS: Self = Self(4429, "Too many initialisation requests");
    /// We go.
    pub const GOING_AWAY: Self = Self(1001, "Going away");
    /// It does not answer.
    pub const SILENT: Self = Self(4408, "No pong came");
    /// Something of ours is away.
    pub const TRY_LATER: Self = Self(1013, "Try again later");
    /// An id that is in use.
    pub const DUPLICATE: Self = Self(4409, "Subscriber already exists");
}

#[derive(Deserialize)]
struct Raw {
    r#type: String,
    id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
}

impl Protocol {
    /// How they are called, the preferred one first.
    pub const NAMES: [&'static str; 2] = ["graphql-transport-ws", "graphql-ws"];

    /// The protocol of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "graphql-transport-ws" => Some(Self::Transport),
            "graphql-ws" => Some(Self::Legacy),
            _ => None,
        }
    }

    /// Reads a message; refused with the words for the end of the conversation.
    pub fn read(self, text: &str) -> Result<Incoming, &'static str> {
        let raw: Raw = serde_json::from_str(text).map_err(|_| "Not a message: JSON with a `type` was expected")?;
        let object = |payload: Option<Value>| match payload {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err("`payload` must be an object"),
        };
        let id = |id: Option<String>| id.filter(|id| !id.is_empty()).ok_or("`id` is missing");
        match (self, raw.r#type.as_str()) {
            (_, "connection_init") => Ok(Incoming::Init(object(raw.payload)?)),
            (Self::Transport, "ping") => Ok(Incoming::Ping(object(raw.payload)?)),
            (Self::Transport, "pong") => Ok(Incoming::Pong),
            (Self::Transport, "subscribe") | (Self::Legacy, "start") => {
                let payload = raw.payload.filter(Value::is_object).ok_or("`payload` is missing")?;
                Ok(Incoming::Subscribe { id: id(raw.id)?, payload: object(Some(payload))? })
            }
            (Self::Transport, "complete") | (Self::Legacy, "stop") => Ok(Incoming::Complete(id(raw.id)?)),
            (Self::Legacy, "connection_terminate") => Ok(Incoming::Terminate),
            _ => Err("Unknown type of message"),
        }
    }

    /// It is let in.
    pub fn ack(self) -> String {
        "{\"type\":\"connection_ack\"}".to_owned()
    }

    /// It is not let in; none where the code of the end says so. Clients of the older protocol never learn that code.
    pub fn refusal(self, Close(_, reason): Close) -> Option<String> {
        let refusal = serde_json::json!({ "type": "connection_error", "payload": { "message": reason } });
        (self == Self::Legacy).then(|| refusal.to_string())
    }

    /// We live, and ask whether it does.
    pub fn ping(self) -> String {
        match self {
            Self::Transport => "{\"type\":\"ping\"}".to_owned(),
            Self::Legacy => "{\"type\":\"ka\"}".to_owned(),
        }
    }

    /// We live.
    pub fn pong(self) -> String {
        "{\"type\":\"pong\"}".to_owned()
    }

    /// An answer; `framed` is for those that several get.
    pub fn next(self, id: &str, payload: &[u8]) -> String {
        let kind = if self == Self::Transport { "next" } else { "data" };
        self.about(kind, id, Some(payload))
    }

    /// An operation was refused; `payload` is the answer that says so.
    pub fn error(self, id: &str, payload: &[u8]) -> String {
        let errors =
            serde_json::from_slice::<Value>(payload).ok().and_then(|mut answer| Some(answer.get_mut("errors")?.take()));
        let errors = errors.unwrap_or_else(|| Value::Array(Vec::new()));
        let told = match self {
            Self::Transport => errors,
            // One error, as an object.
            Self::Legacy => errors.get(0).cloned().unwrap_or_default(),
        };
        self.about("error", id, Some(told.to_string().as_bytes()))
    }

    /// Nothing more comes.
    pub fn complete(self, id: &str) -> String {
        self.about("complete", id, None)
    }

    fn about(self, kind: &str, id: &str, payload: Option<&[u8]>) -> String {
        let id = Value::from(id).to_string();
        let payload = payload.map(String::from_utf8_lossy);
        let mut out = String::with_capacity(payload.as_ref().map_or(0, |payload| payload.len()) + id.len() + 48);
        out.push_str("{\"id\":");
        out.push_str(&id);
        out.push_str(",\"type\":\"");
        out.push_str(kind);
        out.push('"');
        if let Some(payload) = payload {
            out.push_str(",\"payload\":");
            out.push_str(&payload);
        }
        out.push('}');
        out
    }
}

/// Longer ones are not remembered: a thread keeps one until the next.
const FRAMED_BYTES_MAX: usize = 64 * 1024;

/// An answer as it was framed last on this thread.
struct Framed {
    protocol: Protocol,
    id: Box<str>,
    payload: Bytes,
    message: Utf8Bytes,
}

thread_local! {
    static LAST: RefCell<Option<Framed>> = const { RefCell::new(None) };
}

/// An answer that several may get. The same one for the same id is framed once where they get it one after the other on this thread.
pub fn framed(protocol: Protocol, id: &str, payload: &Bytes) -> Utf8Bytes {
    if payload.len() > FRAMED_BYTES_MAX {
        return protocol.next(id, payload).into();
    }
    // The same bytes at the same place: what is remembered holds them, so that nothing else can be there.
    let is_same = |last: &Framed| {
        last.payload.as_ptr() == payload.as_ptr()
            && last.payload.len() == payload.len()
            && (last.protocol, &*last.id) == (protocol, id)
    };
    LAST.with_borrow_mut(|last| match last {
        Some(last) if is_same(last) => last.message.clone(),
        _ => {
            let message = Utf8Bytes::from(protocol.next(id, payload));
            *last = Some(Framed { protocol, id: id.into(), payload: payload.clone(), message: message.clone() });
            message
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_protocol_has_its_own_words() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let subscribe = Incoming::Subscribe { id: "1".to_owned(), payload: map(json!({ "query": "{ a }" })) };
        let body = r#"{"id":"1","type":"TYPE","payload":{"query":"{ a }"}}"#;
        assert_eq!(Protocol::Transport.read(&body.replace("TYPE", "subscribe")).as_ref(), Ok(&subscribe));
        assert_eq!(Protocol::Legacy.read(&body.replace("TYPE", "start")).as_ref(), Ok(&subscribe));
        assert!(Protocol::Transport.read(&body.replace("TYPE", "start")).is_err());
        assert_eq!(Protocol::Legacy.read(r#"{"type":"stop","id":"1"}"#), Ok(Incoming::Complete("1".to_owned())));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":[]}"#,
            r#"{"type":"connection_init","payload":3}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"hello"}"#,
        ] {
            assert!(Protocol::Transport.read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_many_get_is_framed_once() {
        let payload = Bytes::from_static(b"{\"data\":1}");
        let first = framed(Protocol::Transport, "1", &payload);
        assert_eq!(first.as_str(), r#"{"id":"1","type":"next","payload":{"data":1}}"#);
        assert_eq!(framed(Protocol::Transport, "1", &payload).as_ptr(), first.as_ptr(), "framed anew");
        let others = [
            framed(Protocol::Transport, "2", &payload),
            framed(Protocol::Legacy, "1", &payload),
            framed(Protocol::Transport, "1", &payload.slice(..8)),
            framed(Protocol::Transport, "1", &Bytes::copy_from_slice(&payload)),
        ];
        assert_eq!(others[0].as_str(), r#"{"id":"2","type":"next","payload":{"data":1}}"#);
        assert_eq!(others[1].as_str(), r#"{"id":"1","type":"data","payload":{"data":1}}"#);
        assert_eq!(others[2].as_str(), r#"{"id":"1","type":"next","payload":{"data":}"#);
        assert_eq!((others[3].as_str(), others[3].as_ptr() == first.as_ptr()), (first.as_str(), false));
    }

    #[test]
    fn what_is_said_is_json_whatever_the_id() {
        let next = Protocol::Transport.next("a\"b", br#"{"data":null}"#);
        let read: Value = serde_json::from_str(&next).unwrap();
        assert_eq!(read, json!({ "id": "a\"b", "type": "next", "payload": { "data": null } }));
        let error = Protocol::Transport.error("1", br#"{"errors":[{"message":"no"}]}"#);
        let read: Value = serde_json::from_str(&error).unwrap();
        assert_eq!(read, json!({ "id": "1", "type": "error", "payload": [{ "message": "no" }] }));
        let error: Value =
            serde_json::from_str(&Protocol::Legacy.error("1", br#"{"errors":[{"message":"no"}]}"#)).unwrap();
        assert_eq!(error["payload"], json!({ "message": "no" }));
        let refusal: Value = serde_json::from_str(&Protocol::Legacy.refusal(Close::FORBIDDEN).unwrap()).unwrap();
        assert_eq!(refusal, json!({ "type": "connection_error", "payload": { "message": "Forbidden" } }));
        assert_eq!(Protocol::Transport.refusal(Close::FORBIDDEN), None);
    }
}
