//! What a request brings along, read into types; what is wrong with it is said in the words of every other refusal.
use super::{Refused, Rest};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use calls_protocol::{ErrorCode, UserId};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// No route takes more than a few fields.
const LARGEST_BODY: usize = 16 * 1024;

/// A phone on a bad network sends a few fields within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body of JSON.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Rest>> for JsonBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &Arc<Rest>) -> Result<Self, Refused> {
        if !is_json(request.headers()) {
            let message = "send JSON with the header `content-type: application/json`";
            let refused = Refused::new(ErrorCode::BadRequest, message);
            return Err(refused.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = read(request.into_body()).await?;
        // serde would also take an array, field by field.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(Refused::new(ErrorCode::BadRequest, "the body must be a JSON object"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let what = error.to_string();
            // The position is of no use to a person: the body is one line.
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            Refused::new(ErrorCode::BadRequest, format!("the body does not fit: {what}"))
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

async fn read(body: Body) -> Result<bytes::Bytes, Refused> {
    let whole = tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST_BODY).collect()).await;
    match whole {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refused::new(ErrorCode::TooLarge, format!("the body is larger than {LARGEST_BODY} bytes")))
        }
        Ok(Err(_)) => Err(Refused::new(ErrorCode::BadRequest, "the body broke off")),
        Err(_) => {
            let refused = Refused::new(ErrorCode::BadRequest, "the body took too long to arrive");
            Err(refused.with_status(StatusCode::REQUEST_TIMEOUT))
        }
    }
}

/// The user whose id stands in the path.
#[derive(Debug)]
pub(super) struct UserInPath(pub(super) UserId);

impl FromRequestParts<Arc<Rest>> for UserInPath {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Refused> {
        let text = Path::<String>::from_request_parts(parts, rest).await.map(|Path(text)| text);
        let user = text.ok().and_then(|text| text.parse().ok());
        let message = "the user id in the path must be a whole number from 1";
        user.map(Self).ok_or_else(|| Refused::new(ErrorCode::BadRequest, message))
    }
}

/// What stands behind the `?`.
#[derive(Debug)]
pub(super) struct FromQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Rest>> for FromQuery<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Refused> {
        match Query::<T>::from_request_parts(parts, rest).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let what = rejection.body_text();
                let what = what.trim_start_matches("Failed to deserialize query string: ").to_owned();
                Err(Refused::new(ErrorCode::BadRequest, format!("the query does not fit: {what}")))
            }
        }
    }
}
