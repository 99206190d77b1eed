//! Pages of an ARM list: `value` and an absolute `nextLink` that is to be followed as it is.

use axum::response::Response;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{call::Call, error::bad_request, params::Params};

/// Where a list goes on: how many items are behind, and as of when (in milliseconds) the list was read.
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) as_of: i64,
}

/// The place that `parameter` names; `None` at the beginning.
pub(super) fn place(params: &Params, parameter: &str) -> Result<Option<Place>, Box<Response>> {
    let Some(token) = params.get(parameter) else { return Ok(None) };
    let refused = || bad_request("InvalidSkipToken", &format!("The value of '{parameter}' is not valid."));
    decode(token).map(Some).ok_or_else(|| Box::new(refused()))
}

fn decode(token: &str) -> Option<Place> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (offset, as_of) = text.strip_prefix("place:")?.split_once(':')?;
    Some(Place { offset: offset.parse().ok()?, as_of: as_of.parse().ok()? })
}

/// The page of `items` at `place`.
pub(super) fn page<T>(
    call: &Call,
    parameter: &str,
    place: &Place,
    size: u32,
    items: &[T],
    describe: impl Fn(&T) -> Value,
) -> Value {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let rest = items.get(place.offset..).unwrap_or_default();
    let value: Vec<_> = rest.iter().take(size).map(describe).collect();
    let mut body = json!({ "value": value });
    if let (true, Some(body)) = (rest.len() > size, body.as_object_mut()) {
        let token = BASE64_URL_SAFE_NO_PAD.encode(format!("place:{}:{}", place.offset + size, place.as_of));
        body.insert("nextLink".to_owned(), json!(link(call, parameter, &token)));
    }
    body
}

/// Where a list that does not change goes on behind so many items.
pub(super) fn next_link(call: &Call, parameter: &str, offset: usize) -> String {
    link(call, parameter, &BASE64_URL_SAFE_NO_PAD.encode(format!("place:{offset}:0")))
}

/// The same address with another token.
fn link(call: &Call, parameter: &str, token: &str) -> String {
    let encoded = parameter.replace('$', "%24");
    let is_other = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or(pair);
        !name.eq_ignore_ascii_case(parameter) && !name.eq_ignore_ascii_case(&encoded)
    };
    let kept: Vec<_> = call.uri.query().unwrap_or_default().split('&').filter(is_other).collect();
    format!("{}{}?{}&{encoded}={token}", call.base, call.uri.path(), kept.join("&"))
}
