//! axum's extractors with rejections as `application/problem+json`.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use serde::Serialize;

use crate::ApiProblem;

#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ApiProblem))]
pub struct Json<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiProblem))]
pub struct Path<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiProblem))]
pub struct Query<T>(pub T);

#[derive(FromRequest)]
#[from_request(via(axum::extract::Form), rejection(ApiProblem))]
pub struct Form<T>(pub T);

/// The whole body, up to the limit of [`crate::Limits`].
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        Ok(Self(Bytes::from_request(request, state).await?))
    }
}

impl<T: Serialize> axum::response::IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}
