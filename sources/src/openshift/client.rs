//! The calls to a cluster. The token is exposed in one line of this file and nowhere else.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use schema::SourceKind;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    resource::Resource,
    wire::{Page, Status, Version},
};
use crate::{
    Credential, SourceError,
    upstream::{Answer, Opened, Pieces, Upstream},
};

/// Objects of one page.
const PAGE_SIZE: usize = 500;

/// Objects with everything in them.
const WHOLE: &str = "application/json";
/// A list of names, versions and owners alone: a hundredth of the bytes.
pub(super) const NAMES: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// The same for the objects of a watch.
const NAME: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// The API of a cluster.
#[derive(Clone)]
pub(super) struct Client {
    upstream: Upstream,
    base_url: Url,
    token: Credential,
    objects_max: usize,
}

/// What became of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listed<T> {
    /// All its objects.
    Items(Vec<T>),
    /// The cluster has no such kind of objects.
    Missing,
    /// The token may not read there.
    Forbidden,
}

/// What became of a watch.
pub(super) enum Watching {
    /// Its lines come.
    Pieces(Box<Pieces>),
    /// The version is too old.
    Gone,
    /// The cluster has no such kind of objects.
    Missing,
    /// The token may not watch there.
    Forbidden,
}

enum Next<W> {
    Page(Page<W>),
    Missing,
    Forbidden,
    /// The token of the next page is too old.
    Expired,
}

impl Client {
    pub(super) fn new(upstream: Upstream, mut base_url: Url, token: Credential, objects_max: usize) -> Self {
        if !base_url.path().ends_with('/') {
            // Or `join` would replace the last part: a cluster may stand behind a proxy's path.
            base_url.set_path(&format!("{}/", base_url.path()));
        }
        Self { upstream, base_url, token, objects_max }
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// All objects of a kind, in one namespace or everywhere. `reduce` keeps of each what is needed: a page of whole objects is
    /// large and must not outlive its turn.
    pub(super) async fn list<W: DeserializeOwned, T>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        reduce: impl Fn(W) -> Option<T>,
    ) -> Result<Listed<T>, SourceError> {
        self.list_as(WHOLE, resource, namespace, reduce).await.map(|(listed, _)| listed)
    }

    /// The same in a form of the cluster's, with the version of the list, where it tells one.
    pub(super) async fn list_as<W: DeserializeOwned, T>(
        &self,
        form: &'static str,
        resource: Resource,
        namespace: Option<&str>,
        reduce: impl Fn(W) -> Option<T>,
    ) -> Result<(Listed<T>, Option<String>), SourceError> {
        let (mut items, mut token, mut is_second_try) = (Vec::new(), None::<String>, false);
        // Pages may be shorter than asked for; without a bound a cluster could go on for ever with empty ones.
        for _ in 0..=2 * self.objects_max.div_ceil(PAGE_SIZE) {
            let page = match self.page(form, resource, namespace, token.as_deref()).await? {
                Next::Page(page) => page,
                Next::Missing => return Ok((Listed::Missing, None)),
                Next::Forbidden => return Ok((Listed::Forbidden, None)),
                Next::Expired if is_second_try => return Err(self.unusable("its list grew too old twice")),
                Next::Expired => {
                    // The pages before belong to a state that is gone.
                    (items, token, is_second_try) = (Vec::new(), None, true);
                    continue;
                }
            };
            let Some((found, next, version)) = page.into_parts() else {
                return Err(self.unusable("its answer is no list"));
            };
            items.extend(found.into_iter().filter_map(&reduce));
            if items.len() > self.objects_max {
                break;
            }
            if next.is_none() {
                return Ok((Listed::Items(items), version));
            }
            token = next;
        }
        Err(self.unusable(&format!("it has more than {} {}", self.objects_max, resource.plural())))
    }

    async fn page<W: DeserializeOwned>(
        &self,
        form: &'static str,
        resource: Resource,
        namespace: Option<&str>,
        token: Option<&str>,
    ) -> Result<Next<W>, SourceError> {
        let mut url = self.address(resource, namespace)?;
        url.query_pairs_mut().append_pair("limit", &PAGE_SIZE.to_string());
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("continue", token);
        }
        let answer = self.get(form, resource.call(), &url, resource.expected()).await?;
        Ok(match answer.status {
            StatusCode::NOT_FOUND => Next::Missing,
            StatusCode::GONE => Next::Expired,
            StatusCode::SERVICE_UNAVAILABLE => {
                let message = format!("the server of its {} is away", resource.plural());
                return Err(SourceError::unavailable(SourceKind::Openshift, message));
            }
            // A proxy that lets nobody pass says nothing about what the token may read.
            StatusCode::FORBIDDEN if is_status(&answer) => Next::Forbidden,
            StatusCode::FORBIDDEN => return Err(self.unusable("something before it answered 403")),
            _ => Next::Page(self.decoded(&answer)?),
        })
    }

    /// Whether the token may list this kind of objects, in one namespace or everywhere; a kind that is not there hides nothing.
    pub(super) async fn may_list(&self, resource: Resource, namespace: Option<&str>) -> Result<bool, SourceError> {
        let mut url = self.address(resource, namespace)?;
        url.query_pairs_mut().append_pair("limit", "1");
        Ok(self.get(WHOLE, resource.call(), &url, resource.expected()).await?.status != StatusCode::FORBIDDEN)
    }

    /// The version of its API.
    pub(super) async fn version(&self) -> Result<Option<String>, SourceError> {
        let answer = self.get(WHOLE, "version", &self.url("version")?, &[]).await?;
        self.decoded::<Version>(&answer).map(Version::into_text)
    }

    /// Opens a watch from a version on.
    pub(super) async fn watch(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        version: &str,
        life: Duration,
    ) -> Result<Watching, SourceError> {
        let mut url = self.address(resource, namespace)?;
        url.query_pairs_mut()
            .append_pair("watch", "1")
            .append_pair("allowWatchBookmarks", "true")
            .append_pair("resourceVersion", version)
            .append_pair("timeoutSeconds", &life.as_secs().max(1).to_string());
        // Packed, events would come when a block of them is full.
        let ask = |client: &reqwest::Client| self.request(client, NAME, &url).header(ACCEPT_ENCODING, "identity");
        let expected = [StatusCode::FORBIDDEN, StatusCode::GONE, StatusCode::NOT_FOUND];
        Ok(match self.upstream.open("watch", ask, &expected, life).await? {
            Opened::Pieces(pieces) => Watching::Pieces(Box::new(pieces)),
            Opened::Answer(answer) => match answer.status {
                StatusCode::GONE => Watching::Gone,
                StatusCode::NOT_FOUND => Watching::Missing,
                _ if is_status(&answer) => Watching::Forbidden,
                _ => return Err(self.unusable("something before it answered 403")),
            },
        })
    }

    async fn get(
        &self,
        form: &'static str,
        call: &'static str,
        url: &Url,
        expected: &[StatusCode],
    ) -> Result<Answer, SourceError> {
        self.upstream.send(call, |client| self.request(client, form, url), expected).await
    }

    fn request(&self, client: &reqwest::Client, form: &'static str, url: &Url) -> reqwest::RequestBuilder {
        client.get(url.clone()).header(ACCEPT, form).bearer_auth(self.token.current().expose_secret())
    }

    fn address(&self, resource: Resource, namespace: Option<&str>) -> Result<Url, SourceError> {
        match namespace {
            Some(namespace) => self.url(&format!("{}/namespaces/{namespace}/{}", resource.group(), resource.plural())),
            None => self.url(&format!("{}/{}", resource.group(), resource.plural())),
        }
    }

    fn url(&self, path: &str) -> Result<Url, SourceError> {
        self.base_url.join(path).map_err(|error| SourceError::unavailable(SourceKind::Openshift, error))
    }

    fn decoded<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, SourceError> {
        let told = |_: &SourceError| self.upstream.health().failed("its answer has a shape we do not know".to_owned());
        answer.json().inspect_err(told)
    }

    fn unusable(&self, message: &str) -> SourceError {
        self.upstream.health().failed(message.to_owned());
        SourceError::protocol(SourceKind::Openshift, message.to_owned())
    }
}

fn is_status(answer: &Answer) -> bool {
    answer.json::<Status>().is_ok_and(|status| status.kind.as_deref() == Some("Status"))
}
