//! What a machine answers a connection with.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};

use fake_azure_cloud::data_plane::Answerer;

/// What answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Responder {
    /// The machine's host name and a line feed.
    #[default]
    HostName,
    /// One HTTP/1.1 response whose body is the host name and a line feed.
    Http,
    /// Nothing listens: probes fail, and other members answer.
    Silent,
    /// This text.
    Text(String),
    /// What a command writes to its standard output. It is run by `sh`, with FAKE_ROLE, FAKE_HOST_NAME and FAKE_PORT set.
    Command(String),
}

impl Responder {
    /// Reads `host-name`, `http`, `silent`, `text:...` or `command:...`.
    pub fn find(text: &str) -> Option<Responder> {
        match text.split_once(':') {
            Some(("text", text)) => Some(Responder::Text(text.to_owned())),
            Some(("command", command)) => Some(Responder::Command(command.to_owned())),
            _ => match text {
                "host-name" => Some(Responder::HostName),
                "http" => Some(Responder::Http),
                "silent" => Some(Responder::Silent),
                _ => None,
            },
        }
    }

    /// What a client gets. Blocks while a command runs.
    ///
    /// # Errors
    ///
    /// When a command cannot be run.
    pub(crate) fn answer(&self, answerer: &Answerer) -> io::Result<Vec<u8>> {
        let host_name = format!("{}\n", answerer.host_name);
        match self {
            Responder::HostName => Ok(host_name.into_bytes()),
            Responder::Http => Ok(format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{host_name}",
                host_name.len()
            )
            .into_bytes()),
            Responder::Silent => Ok(Vec::new()),
            Responder::Text(text) => Ok(text.clone().into_bytes()),
            Responder::Command(command) => {
                let output = Command::new("sh")
                    .args(["-c", command])
                    .env("FAKE_ROLE", answerer.role.as_ref())
                    .env("FAKE_HOST_NAME", answerer.host_name.as_ref())
                    .env("FAKE_PORT", answerer.local_port.to_string())
                    .stdin(Stdio::null())
                    .stderr(Stdio::inherit())
                    .output()?;
                Ok(output.stdout)
            }
        }
    }
}

/// Responders by machine: a role of a hosted service, or a virtual machine of a resource group. Names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responders(BTreeMap<String, Responder>);

impl Responders {
    /// Says what a machine answers with: `SERVICE/ROLE` or `GROUP/MACHINE`, its name wherever it is, or `*` for every other one; each
    /// alone, or followed by `:PORT` for one of its ports.
    pub fn set(&mut self, role: &str, responder: Responder) {
        self.0.insert(role.to_lowercase(), responder);
    }

    /// Takes that back. `false` when nothing was said.
    pub fn remove(&mut self, role: &str) -> bool {
        self.0.remove(&role.to_lowercase()).is_some()
    }

    /// What was said, by machine.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Responder)> {
        self.0.iter().map(|(role, responder)| (role.as_str(), responder))
    }

    /// What a machine answers with at a port.
    pub(crate) fn of(&self, who: &Answerer) -> &Responder {
        const HOST_NAME: &Responder = &Responder::HostName;
        let names = Responders::names(&who.service, &who.role);
        let at_port = names.iter().map(|name| format!("{name}:{}", who.local_port));
        at_port
            .chain(names.iter().cloned())
            .find_map(|name| self.0.get(&name))
            .unwrap_or(HOST_NAME)
    }

    /// The ports of a machine that something was said about.
    pub(crate) fn ports_of(&self, service: &str, role: &str) -> Vec<u16> {
        let names = Responders::names(service, role);
        let of_machine = self.0.keys().filter_map(|key| key.rsplit_once(':'));
        of_machine
            .filter(|(name, _)| names.iter().any(|own| own == name))
            .filter_map(|(_, port)| port.parse().ok())
            .collect()
    }

    /// How a machine is called, the closest name first.
    fn names(service: &str, role: &str) -> [String; 3] {
        let (service, role) = (service.to_lowercase(), role.to_lowercase());
        [format!("{service}/{role}"), role, "*".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(service: &str, role: &str, local_port: u16) -> Answerer {
        Answerer {
            service: service.into(),
            role: role.into(),
            host_name: "h0".into(),
            local_port,
        }
    }

    #[test]
    fn the_closest_word_about_a_machine_counts() {
        let mut responders = Responders::default();
        let text = || Responder::Text("hello".to_owned());
        assert_eq!(responders.of(&at("Svc", "r0", 80)), &Responder::HostName);
        responders.set("*", Responder::Http);
        responders.set("R0", Responder::Silent);
        responders.set("svc/r0", text());
        assert_eq!(responders.of(&at("SVC", "R0", 80)), &text());
        assert_eq!(responders.of(&at("other", "r0", 80)), &Responder::Silent);
        assert_eq!(responders.of(&at("other", "r1", 80)), &Responder::Http);
        assert!(responders.remove("r0") && !responders.remove("r0"));
        assert_eq!(responders.of(&at("other", "r0", 80)), &Responder::Http);
    }

    #[test]
    fn a_word_about_a_port_is_closer_than_one_about_its_machine() {
        let mut responders = Responders::default();
        responders.set("svc/r0", Responder::Silent);
        responders.set("r0:8080", Responder::Http);
        responders.set("svc/R0:9", Responder::HostName);
        assert_eq!(responders.of(&at("svc", "r0", 8080)), &Responder::Http);
        assert_eq!(responders.of(&at("svc", "r0", 80)), &Responder::Silent);
        assert_eq!(responders.ports_of("Svc", "r0"), [8080, 9]);
        assert_eq!(responders.ports_of("other", "r0"), [8080]);
    }

    #[test]
    fn responders_read_as_flags_write_them() {
        let rows = [
            ("host-name", Some(Responder::HostName)),
            ("http", Some(Responder::Http)),
            ("silent", Some(Responder::Silent)),
            ("text:a:b", Some(Responder::Text("a:b".to_owned()))),
            ("command:hostname", Some(Responder::Command("hostname".to_owned()))),
            ("loud", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Responder::find(text), expected, "{text}");
        }
    }

    #[test]
    fn a_command_is_told_which_machine_it_stands_for() {
        let answerer = at("svc", "r0", 80);
        let command = Responder::find("command:echo $FAKE_ROLE $FAKE_HOST_NAME $FAKE_PORT").expect("a responder");
        assert_eq!(command.answer(&answerer).ok(), Some(b"r0 h0 80\n".to_vec()));
    }
}
