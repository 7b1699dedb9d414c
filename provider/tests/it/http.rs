//! The transport for a real network, over loopback.

use bytes::Bytes;
use http::Request;
use provider::{HttpClient, Transport as _, TransportErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Serves one connection: returns what came in, having answered `answer`.
async fn exchange(
    request: Request<Bytes>,
    answer: &'static [u8],
) -> (String, Result<(u16, String), TransportErrorKind>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the client connects");
        let mut seen = vec![0; 4_096];
        let n = stream.read(&mut seen).await.expect("the client writes");
        stream.write_all(answer).await.expect("the client reads");
        String::from_utf8_lossy(&seen[..n]).into_owned()
    });
    let (mut parts, body) = request.into_parts();
    parts.uri = format!("http://{address}{}", parts.uri)
        .parse()
        .expect("a path makes a URI");
    let client = HttpClient::new(None).expect("the system has a TLS trust store");
    let outcome = client.send(Request::from_parts(parts, body)).await;
    let outcome = outcome
        .map(|response| {
            (
                response.status().as_u16(),
                String::from_utf8_lossy(response.body()).into_owned(),
            )
        })
        .map_err(|error| error.kind);
    (served.await.expect("the server ends"), outcome)
}

fn request(method: &str, body: &'static str) -> Request<Bytes> {
    let builder = Request::builder().method(method).uri("/a/b?c=d").header("x-own", "1");
    builder
        .body(Bytes::from_static(body.as_bytes()))
        .expect("test requests are well formed")
}

#[tokio::test]
async fn a_request_goes_out_whole_and_any_status_is_an_answer() {
    let answer = b"HTTP/1.1 409 Conflict\r\ncontent-length: 4\r\n\r\noops";
    let (seen, outcome) = exchange(request("PUT", "{}"), answer).await;
    assert!(
        seen.starts_with("PUT /a/b?c=d HTTP/1.1\r\n") && seen.ends_with("\r\n\r\n{}"),
        "{seen}"
    );
    assert!(seen.to_lowercase().contains("x-own: 1\r\n"));
    assert_eq!(outcome, Ok((409, "oops".to_owned())));
}

#[tokio::test]
async fn an_empty_post_says_its_length() {
    let (seen, _) = exchange(request("POST", ""), b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert!(seen.to_lowercase().contains("content-length: 0\r\n"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(exchange(request("GET", ""), answer).await.1, Ok((302, String::new())));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_cut() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf";
    assert_eq!(
        exchange(request("GET", ""), answer).await.1,
        Err(TransportErrorKind::Cut)
    );
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    drop(listener);
    let client = HttpClient::new(None).expect("the system has a TLS trust store");
    let request = Request::builder()
        .uri(format!("http://{address}/"))
        .body(Bytes::new())
        .expect("an address makes a URI");
    let kind = client.send(request).await.map(|_| ()).map_err(|error| error.kind);
    assert_eq!(kind, Err(TransportErrorKind::Connect));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(HttpClient::new(Some(pem)).is_err());
}
