//! A connection that becomes something else: opened by a call as guarded as every other, and from then on its holder's.

use futures::future::BoxFuture;
use reqwest::{
    Client, RequestBuilder, StatusCode, Upgraded,
    header::{self, HeaderMap},
};
use tokio::time::{Instant, timeout_at};

use super::{Failed, Upstream, builder};
use crate::SourceError;

impl Upstream {
    /// Opens a connection for another protocol, over HTTP/1.1: no other can be left so. `begin` is what has to be said at its beginning; the
    /// upstream has answered when that is done. From then on the connection takes no place of calls. Not tried again.
    pub async fn upgrade<T>(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
        begin: impl FnOnce(HeaderMap, Upgraded) -> BoxFuture<'static, Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let limit = self.config.limits.timeout;
        let late = || SourceError::Timeout { upstream: self.kind, limit };
        let client = self.http1()?;
        let deadline = Instant::now() + limit;
        let _place = self.admit(call, deadline, late).await.map_err(|failed| failed.error)?;
        let started = Instant::now();
        let opening = async {
            let response = make(client).send().await.map_err(|error| self.transport_error(error))?;
            let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            self.judge(&response, is_upgraded).await?;
            if !is_upgraded {
                let error = "it answered a request for a WebSocket as any other";
                return Err(Failed::from(SourceError::protocol(self.kind, error)));
            }
            let headers = response.headers().clone();
            let upgraded = response.upgrade().await.map_err(|error| self.transport_error(error))?;
            begin(headers, upgraded).await.map_err(Failed::from)
        };
        let outcome = match timeout_at(deadline, opening).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::from(late())),
        };
        self.settle(call, &outcome, started.elapsed());
        outcome.map_err(|failed| failed.error)
    }

    /// Largest message.
    pub fn body_bytes_max(&self) -> usize {
        self.config.body_bytes_max()
    }

    fn http1(&self) -> Result<&Client, SourceError> {
        if let Some(client) = self.http1.get() {
            return Ok(client);
        }
        let client = builder(&self.config)?.http1_only().build();
        let client = client.map_err(|error| SourceError::unavailable(self.kind, error))?;
        Ok(self.http1.get_or_init(|| client))
    }
}

/// The headers of a request for a WebSocket with this key and protocol.
pub fn websocket_headers(request: RequestBuilder, key: &str, protocol: &str) -> RequestBuilder {
    request
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, key)
        .header(header::SEC_WEBSOCKET_PROTOCOL, protocol)
}
