//! The page for a newcomer, as browsers see it.
use super::*;
use crate::http::pages::PAGES;

#[tokio::test]
async fn the_page_and_all_that_it_loads_are_served_safely() {
    let server = start(&[]);
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/status.css", "text/css; charset=utf-8"),
        ("/status.js", "text/javascript; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/call", "text/html; charset=utf-8"),
        ("/assets/call.css", "text/css; charset=utf-8"),
        ("/assets/call.js", "text/javascript; charset=utf-8"),
    ] {
        let page = server.get(path).await;

        assert_eq!((page.status, page.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
    }
}

#[tokio::test]
async fn a_browser_that_has_the_page_is_not_sent_it_again() {
    let server = start(&[]);
    let tag = server.get("/").await.header("etag").unwrap().to_owned();

    let again = server.ask("GET /", &[("if-none-match", &tag)], "").await;
    let head = server.ask("HEAD /", &[], "").await;

    assert_eq!((again.status, &*again.body), (304, ""));
    assert_eq!((head.status, &*head.body), (200, ""));
    assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > 500);
}

#[test]
fn the_page_loads_nothing_from_elsewhere_and_only_what_is_there() {
    let text = |path: &str| {
        let page = PAGES.iter().find(|page| page.path == path).unwrap();
        std::str::from_utf8(page.content()).unwrap().to_owned()
    };

    for html in [text("/"), text("/call")] {
        for attribute in ["src=\"", "href=\""] {
            for target in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let known = PAGES.iter().any(|page| page.path == target)
                    || crate::http::routes::ROUTES.iter().any(|route| route.path == target);
                assert!(known, "{target}");
            }
        }
        // The policy forbids both, so they would silently not work.
        assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("onclick"));
    }
    assert!(!text("/status.css").contains("url(") && !text("/assets/call.css").contains("url("));
}

#[tokio::test]
async fn what_a_browser_unpacks_is_sent_packed_and_kept_apart() {
    let server = start(&[]);

    let plain = server.ask("HEAD /assets/call.js", &[], "").await;
    let packed = server.ask("HEAD /assets/call.js", &[("accept-encoding", "br, gzip;q=0.9")], "").await;
    let unwanted = server.ask("HEAD /assets/call.js", &[("accept-encoding", "gzip;q=0, br")], "").await;

    let length = |of: &Answer| of.header("content-length").unwrap().parse::<usize>().unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!((plain.header("content-encoding"), unwanted.header("content-encoding")), (None, None));
    assert!(packed.header("vary").unwrap().contains("accept-encoding"));
    assert_ne!(plain.header("etag"), packed.header("etag"));
    // What is promised: a first call on a slow line costs less than 150 kB.
    assert!(length(&packed) * 2 < length(&plain) && length(&packed) < 150_000);
}
