//! How a server puts the sockets beside its other routes: one port, and no buffer of HTTP behind a WebSocket.
use super::{super::*, support::*};
use axum::{Router, body::Body, routing::get};
use hyper::{
    Request, Response, body::Incoming, server::conn::http1, service::Service as _, service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{convert::Infallible, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

async fn serve(listener: TcpListener, sockets: Sockets<Recorder>, routes: Router) {
    let routes = TowerToHyperService::new(routes);
    while let Ok((stream, peer)) = listener.accept().await {
        let (sockets, routes) = (sockets.clone(), routes.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (sockets, routes) = (sockets.clone(), routes.clone());
            async move { answer(&sockets, &routes, request, peer).await }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
        // The plain builder of hyper, not the one that also finds out about HTTP/2: that one wraps the stream, and
        // a WebSocket could not have it to itself.
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    }
}

async fn answer(
    sockets: &Sockets<Recorder>,
    routes: &TowerToHyperService<Router>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<Body>, Infallible> {
    if sockets.owns(request.uri().path()) {
        return Ok(sockets.handle(request, peer).await.map(Body::new));
    }
    routes.call(request).await
}

#[tokio::test]
async fn one_port_serves_the_sockets_and_everything_else() {
    let mut server = Server::new(SocketSettings::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/api/health", get(async || "fine"));
    tokio::spawn(serve(listener, server.sockets.clone(), routes));
    server.listens_at(address);

    let (mut client, _) = server.connected().await;
    client.send(r#"421["echo",1]"#).await;
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut health = String::new();
    plain.read_to_string(&mut health).await.unwrap();

    assert_eq!(client.text().await, "431[1]");
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("fine"), "{health}");
}

/// An operator may serve by axum alone; it costs the buffers of a wrapped stream, and works.
#[tokio::test]
async fn a_router_alone_serves_the_sockets_too() {
    use axum::extract::{ConnectInfo, Request};
    let mut server = Server::new(SocketSettings::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.listens_at(listener.local_addr().unwrap());
    let sockets = server.sockets.clone();
    let routes =
        Router::new().fallback(async move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
            sockets.handle(request, peer).await
        });
    let app = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, app).into_future());

    let (mut client, _) = server.connected().await;
    client.send(r#"421["echo",1]"#).await;

    assert_eq!(client.text().await, "431[1]");
}
