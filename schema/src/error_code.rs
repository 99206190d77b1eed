//! `ErrorCode`: the closed list of values of `extensions.code`. A client branches on the code, never on the text.

/// What went wrong, for programs. Adding one is an entry in the changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An argument or variable has a value that is not allowed.
    BadUserInput,
    /// No operation, or not the one that was named.
    OperationResolutionFailure,
    /// The request is not a GraphQL request.
    BadRequest,
    /// No credentials, or none that we accept.
    Unauthenticated,
    /// The access token has run out.
    TokenExpired,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or none that the caller may see.
    NotFound,
    /// It changed meanwhile, or is there already.
    Conflict,
    /// The caller asked too much in too short a time.
    RateLimited,
    /// The operation is too large.
    QueryTooComplex,
    /// The operation is nested too deeply.
    QueryTooDeep,
    /// The body is too large.
    PayloadTooLarge,
    /// No document with this hash is known: send the text with it.
    PersistedQueryNotFound,
    /// Documents are sent as text, not by their hash.
    PersistedQueryNotSupported,
    /// The hash is not that of the document it came with.
    PersistedQueryHashMismatch,
    /// Only documents that were published are executed here.
    DocumentNotTrusted,
    /// The upstream cannot be reached.
    UpstreamUnavailable,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// The upstream's answer cannot be used.
    UpstreamError,
    /// The upstream asked us to wait.
    UpstreamThrottled,
    /// Weft's own database cannot be reached.
    DatabaseUnavailable,
    /// Weft has more to do than it can.
    Overloaded,
    /// This method is not allowed here.
    MethodNotAllowed,
    /// None of the accepted media types can be produced.
    NotAcceptable,
    /// The body's media type is not accepted.
    UnsupportedMediaType,
    /// The operation took longer than its deadline.
    Timeout,
    /// A fault of ours; the log has it under the request's id.
    InternalServerError,
}

impl ErrorCode {
    /// The value of `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::OperationResolutionFailure => "OPERATION_RESOLUTION_FAILURE",
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedQueryHashMismatch => "PERSISTED_QUERY_HASH_MISMATCH",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::UpstreamUnavailable => "UPSTREAM_UNAVAILABLE",
            Self::UpstreamTimeout => "UPSTREAM_TIMEOUT",
            Self::UpstreamError => "UPSTREAM_ERROR",
            Self::UpstreamThrottled => "UPSTREAM_THROTTLED",
            Self::DatabaseUnavailable => "DATABASE_UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::Timeout => "TIMEOUT",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }

    /// The HTTP status of an answer that consists of this error alone.
    pub fn http_status(self) -> u16 {
        match self {
            // A step of the protocol and no failure: whoever asked sends the text.
            Self::PersistedQueryNotFound => 200,
            Self::Unauthenticated | Self::TokenExpired => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::Conflict => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::InternalServerError => 500,
            Self::UpstreamError => 502,
            Self::UpstreamUnavailable | Self::UpstreamThrottled | Self::DatabaseUnavailable | Self::Overloaded => 503,
            Self::UpstreamTimeout | Self::Timeout => 504,
            Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::BadUserInput
            | Self::OperationResolutionFailure
            | Self::BadRequest
            | Self::PersistedQueryNotSupported
            | Self::PersistedQueryHashMismatch
            | Self::DocumentNotTrusted
            | Self::QueryTooComplex
            | Self::QueryTooDeep => 400,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::UpstreamUnavailable
                | Self::UpstreamTimeout
                | Self::UpstreamThrottled
                | Self::DatabaseUnavailable
                | Self::Overloaded
                | Self::Timeout
        )
    }
}
