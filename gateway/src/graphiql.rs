//! temp
/// temp
pub fn router() -> axum::Router {
    axum::Router::new()
}
