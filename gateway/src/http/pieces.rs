//! `PiecesBody`: an answer in pieces, sent one after the other as a body whose length is known.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// The pieces that are left.
pub(super) struct PiecesBody(VecDeque<Bytes>);

impl PiecesBody {
    /// All of an answer.
    pub(super) fn new(pieces: Vec<Bytes>) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl HttpBody for PiecesBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn pieces_are_one_body_of_known_length() {
        let body = PiecesBody::new(vec!["{\"a\":".into(), Bytes::new(), "[1]".into(), "}".into()]);
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(9), false));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{\"a\":[1]}");
        assert!(PiecesBody::new(vec![Bytes::new()]).is_end_stream());
    }
}
