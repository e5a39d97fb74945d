//! The page that tells a newcomer that it works, and its parts; they live in the program itself.
use super::Rest;
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use std::sync::Arc;

/// Scripts and styles come from this server alone, and nobody may put the page into a frame.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A file that is served as it is.
pub(super) struct Page {
    pub(super) path: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

#[cfg(test)]
impl Page {
    pub(super) fn content(&self) -> &'static [u8] {
        self.content
    }
}

/// Every page and its parts.
pub(super) const PAGES: &[Page] = &[
    Page { path: "/", kind: "text/html; charset=utf-8", content: include_bytes!("page/index.html") },
    Page { path: "/status.css", kind: "text/css; charset=utf-8", content: include_bytes!("page/status.css") },
    Page {
        path: "/status.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!("page/status.js"),
    },
    Page { path: "/favicon.svg", kind: "image/svg+xml", content: include_bytes!("page/favicon.svg") },
];

/// The pages as routes.
pub(super) fn router() -> Router<Arc<Rest>> {
    PAGES.iter().fold(Router::new(), |router, page| {
        let tag = tag(page.content);
        router
            .route(page.path, get(move |headers: HeaderMap| std::future::ready(answer(page, &tag, &headers))))
    })
}

/// What changes when the content changes.
fn tag(content: &[u8]) -> HeaderValue {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, content).as_ref()[..12]);
    HeaderValue::try_from(format!("\"{hash}\"")).expect("base64 in quotes is a header")
}

fn answer(page: &'static Page, tag: &HeaderValue, asked: &HeaderMap) -> Response {
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(page.kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // Kept, but asked for every time: an update of the server is an update of the page.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, tag.clone()),
    ];
    if asked.get(header::IF_NONE_MATCH) == Some(tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, page.content).into_response()
}
