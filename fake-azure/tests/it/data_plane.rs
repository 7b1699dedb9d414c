//! Public ports of cloud services on loopback: who answers, and what takes a machine out of its turn (SM 7.3; the availability
//! set announcement).

use std::net::{SocketAddr, TcpStream};

use fake_azure::data_plane::{LOOPBACK, Responder};
use serde_json::json;

use crate::asm_support::{Classic, alone, endpoints, role};
use crate::data_plane_support::{Sockets, answers, call, ten};
use crate::shell_support::control;

const D: &str = "/services/hostedservices/web/deployments/web";

/// A service with two machines `web` and `web2`, whose port 1234 is balanced, and its sockets.
struct Scene {
    classic: Classic,
    sockets: Sockets,
}

impl Scene {
    fn new() -> Scene {
        let classic = Classic::start();
        classic.machine();
        let set = endpoints(&[("web", 1234, 1234, "web")]);
        classic.ok("PUT", &format!("{D}/roles/web"), &put_role("web", &set));
        classic.ok("POST", &format!("{D}/roles"), &alone(&role("web2", &set)));
        classic.advance(600);
        let sockets = Sockets::open(&classic.azure);
        Scene { classic, sockets }
    }

    /// Where a public port is reached, once it is.
    fn local(&self, port: u16) -> SocketAddr {
        self.sockets.local(port)
    }
}

fn put_role(name: &str, network: &str) -> String {
    let whole = alone(&role(name, network));
    let (head, tail) = whole
        .split_once("<ConfigurationSets>")
        .expect("a role has configuration sets");
    let network_only = tail.split_once("<ConfigurationSet><ConfigurationSetType>NetworkConfiguration");
    let (_, rest) = network_only.expect("a role has a network configuration");
    let (inner, _) = rest.split_once("</ConfigurationSets>").expect("configuration sets end");
    format!(
        "{head}<ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration{inner}</ConfigurationSets></PersistentVMRole>"
    )
}

#[test]
fn ten_connections_are_shared_by_two_machines_and_go_to_one_when_the_other_is_shut_down() {
    let scene = Scene::new();
    let at = scene.local(1234);
    assert!(at.ip().to_string().starts_with("127.64."), "{at} lies in {LOOPBACK}/16");
    assert_eq!(ten(at), answers(&[("web", 5), ("web2", 5)]));

    scene.classic.ok(
        "POST",
        &format!("{D}/roleinstances/web2/Operations"),
        "<ShutdownRoleOperation><OperationType>ShutdownRoleOperation</OperationType></ShutdownRoleOperation>",
    );
    scene.classic.advance(600);
    assert_eq!(ten(at), answers(&[("web", 10)]));

    scene.classic.ok(
        "POST",
        &format!("{D}/roleinstances/web2/Operations"),
        "<StartRoleOperation><OperationType>StartRoleOperation</OperationType></StartRoleOperation>",
    );
    scene.classic.advance(600);
    assert_eq!(ten(at), answers(&[("web", 5), ("web2", 5)]));
}

#[test]
fn a_machine_that_fails_its_probe_gets_no_connection() {
    let scene = Scene::new();
    let at = scene.local(1234);
    let (status, _) = control(&scene.classic.azure, "PUT responders/web/web", r#"{"answer":"silent"}"#);
    assert_eq!(status, 200);
    assert_eq!(ten(at), answers(&[("web2", 10)]));

    control(
        &scene.classic.azure,
        "PUT responders/web/web2",
        r#"{"answer":"silent"}"#,
    );
    assert_eq!(ten(at), answers(&[("", 10)]), "nobody answers: the connection is cut");
    let (_, asked) = control(&scene.classic.azure, "GET connections/web/1234", "");
    assert_eq!(asked, json!({"nobody": "NoHealthyMember"}));

    control(&scene.classic.azure, "DELETE responders/web/web", "");
    assert_eq!(ten(at), answers(&[("web", 10)]));
}

#[test]
fn machines_answer_as_they_are_told() {
    let scene = Scene::new();
    let at = scene.local(1234);
    scene.classic.azure.with_sandbox(|sandbox| {
        sandbox.data_plane.responders.set("*", Responder::Http);
    });
    let answer = call(at, b"GET / HTTP/1.1\r\nhost: web.cloudapp.net\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nweb"),
        "{answer}"
    );
    scene.classic.azure.with_sandbox(|sandbox| {
        sandbox
            .data_plane
            .responders
            .set("*", Responder::Command("echo $FAKE_ROLE:$FAKE_PORT".to_owned()));
    });
    assert_eq!(ten(at), answers(&[("web2:1234", 5), ("web:1234", 5)]));
    let refused = control(
        &scene.classic.azure,
        "PUT responders/web/web",
        r#"{"answer":"command:id"}"#,
    );
    assert_eq!(refused.0, 400, "{}", refused.1);
}

#[test]
fn a_port_that_is_taken_back_is_closed_and_a_new_one_opened() {
    let scene = Scene::new();
    let at = scene.local(1234);
    let ssh = endpoints(&[("ssh", 22, 2222, "")]);
    scene
        .classic
        .ok("PUT", &format!("{D}/roles/web"), &put_role("web", &ssh));
    scene
        .classic
        .ok("PUT", &format!("{D}/roles/web2"), &put_role("web2", ""));
    scene.classic.advance(600);
    let open = scene
        .sockets
        .wait(|bindings| bindings.len() == 1 && bindings[0].public.port() == 2222);
    let new = open[0].local.expect("it is open");
    assert_eq!(new.ip(), at.ip(), "the deployment keeps its address");
    assert_eq!(call(new, b""), "web");
    assert!(TcpStream::connect(at).is_err(), "nobody listens any more");
}

#[test]
fn an_access_control_list_keeps_clients_out() {
    let scene = Scene::new();
    let guarded = "<InputEndpoints><InputEndpoint><LocalPort>80</LocalPort><Name>guarded</Name><Port>8080</Port>\
         <Protocol>tcp</Protocol><EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action>\
         <RemoteSubnet>198.51.100.0/24</RemoteSubnet><Description>d</Description></Rule></Rules></EndpointAcl></InputEndpoint></InputEndpoints>";
    scene
        .classic
        .ok("PUT", &format!("{D}/roles/web"), &put_role("web", guarded));
    scene.classic.advance(600);
    assert_eq!(call(scene.local(8080), b""), "", "127.0.0.1 is not let in");
    let ask = |client: &str| {
        let line = format!("GET connections/web/8080?client={client}");
        control(&scene.classic.azure, &line, "").1
    };
    assert_eq!(ask("203.0.113.9"), json!({"nobody": "Denied"}));
    assert_eq!(
        ask("198.51.100.7"),
        json!({"service": "web", "role": "web", "host_name": "web", "local_port": 80})
    );
}

#[test]
fn what_is_open_is_listed_and_what_is_asked_wrongly_is_refused() {
    let scene = Scene::new();
    let at = scene.local(1234);
    let (_, listed) = control(&scene.classic.azure, "GET listeners", "");
    assert_eq!(listed["value"][0]["local"], json!(at.to_string()));
    assert_eq!(listed["value"][0]["service"], json!("web"));
    let (_, closed) = control(&scene.classic.azure, "GET connections/web/9", "");
    assert_eq!(closed, json!({"nobody": "NoEndpoint"}));
    for line in [
        "GET connections/web",
        "GET connections/web/port",
        "GET connections/web/1?slot=middle",
        "GET connections/web/1?client=here",
    ] {
        assert_eq!(control(&scene.classic.azure, line, "").0, 400, "{line}");
    }
    let loud = control(&scene.classic.azure, "PUT responders/web/web", r#"{"answer":"loud"}"#);
    assert_eq!(loud.0, 400);
    scene.sockets.stop();
    assert!(TcpStream::connect(at).is_err(), "a server that stops closes everything");
}
