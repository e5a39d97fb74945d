//! The page that tells a newcomer that it works, the one of a call, and their parts; they live in the program itself.
//!
//! The call page is built from `web/` and its product is part of the sources ([why](../../../docs/adr/0024-web-pages.md)).
use super::Rest;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use ring::digest::{SHA256, digest};
use std::{io::Write, sync::Arc};

/// Scripts and styles come from this server alone, and nobody may put the page into a frame. Pictures of people come from
/// wherever the messenger keeps them.
const POLICY: &str = "default-src 'self'; img-src 'self' https:; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'none'";

/// Compressing less than this gains nothing.
const WORTH_PACKING: usize = 1024;

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
    Page {
        path: "/call",
        kind: "text/html; charset=utf-8",
        content: include_bytes!("../../../web/dist/call.html"),
    },
    Page {
        path: "/assets/call.css",
        kind: "text/css; charset=utf-8",
        content: include_bytes!("../../../web/dist/assets/call.css"),
    },
    Page {
        path: "/assets/call.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!("../../../web/dist/assets/call.js"),
    },
];

/// A page in one of the forms in which it is sent.
#[derive(Clone)]
struct Form {
    content: Bytes,
    tag: HeaderValue,
}

/// The pages as routes. What is worth it is compressed here, once.
pub(super) fn router() -> Router<Arc<Rest>> {
    PAGES.iter().fold(Router::new(), |router, page| {
        let plain = Form { content: Bytes::from_static(page.content), tag: tag(page.content, "") };
        let packed = packed(page.content);
        router.route(
            page.path,
            get(move |headers: HeaderMap| {
                std::future::ready(answer(page.kind, &plain, packed.as_ref(), &headers))
            }),
        )
    })
}

fn packed(content: &[u8]) -> Option<Form> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail; if it did, the page would be sent as it is.
    let packed = packer.write_all(content).and_then(|()| packer.finish()).ok()?;
    let form = Form { tag: tag(content, "-gzip"), content: packed.into() };
    (content.len() >= WORTH_PACKING).then_some(form)
}

/// What changes when the content changes.
fn tag(content: &[u8], form: &str) -> HeaderValue {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, content).as_ref()[..12]);
    HeaderValue::try_from(format!("\"{hash}{form}\"")).expect("base64 in quotes is a header")
}

fn answer(kind: &'static str, plain: &Form, packed: Option<&Form>, asked: &HeaderMap) -> Response {
    let packed = packed.filter(|_| takes_gzip(asked));
    let form = packed.unwrap_or(plain);
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // Kept, but asked for every time: an update of the server is an update of the page.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::ETAG, form.tag.clone()),
    ];
    if asked.get(header::IF_NONE_MATCH) == Some(&form.tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let mut response = (fixed, form.content.clone()).into_response();
    if packed.is_some() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether the browser says that it unpacks gzip (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let named = |part: &str| {
        let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
        coding.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    };
    let accepted = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(named)
}
