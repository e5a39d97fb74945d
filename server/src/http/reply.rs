//! Refusals of REST: `{"error": {"code", "message"}}` with the codes of the sockets, and the status that fits.
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use calls_protocol::{ErrorCode, Refusal};
use serde::Serialize;
use std::borrow::Cow;

/// A refusal with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    refusal: Refusal,
    /// Seconds after which it makes sense to ask again.
    retry_after: Option<u32>,
}

impl Refused {
    /// A refusal with the status that its code has by itself.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal::new(code, message).into()
    }

    /// With another status, where HTTP has a finer one.
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Ask again after so many seconds.
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            ErrorCode::BadRequest | ErrorCode::UnknownEvent => StatusCode::BAD_REQUEST,
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Expired => StatusCode::GONE,
            ErrorCode::RecipientOffline
            | ErrorCode::RecipientBusy
            | ErrorCode::AlreadyInCall
            | ErrorCode::AlreadyAnswered
            | ErrorCode::RoomFull
            | ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, refusal, retry_after: None }
    }
}

/// The code of a refused request, kept beside the response for the metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefusedCode(pub(super) ErrorCode);

#[derive(Serialize)]
struct Body<'a> {
    error: &'a Refusal,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Body { error: &self.refusal })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 15.5.2 asks for it.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(RefusedCode(self.refusal.code));
        response
    }
}
