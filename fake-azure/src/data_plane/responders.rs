//! What the machine of a role answers a connection with.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};

use fake_azure_cloud::classic::Answerer;

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

/// Responders by role. Names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responders(BTreeMap<String, Responder>);

impl Responders {
    /// Says what a role answers with: `SERVICE/ROLE`, `ROLE` in whatever service, or `*` for every other one.
    pub fn set(&mut self, role: &str, responder: Responder) {
        self.0.insert(role.to_lowercase(), responder);
    }

    /// Takes that back. `false` when nothing was said.
    pub fn remove(&mut self, role: &str) -> bool {
        self.0.remove(&role.to_lowercase()).is_some()
    }

    /// What was said, by role.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Responder)> {
        self.0.iter().map(|(role, responder)| (role.as_str(), responder))
    }

    /// What a role answers with.
    pub(crate) fn of(&self, service: &str, role: &str) -> &Responder {
        const HOST_NAME: &Responder = &Responder::HostName;
        let (service, role) = (service.to_lowercase(), role.to_lowercase());
        [format!("{service}/{role}"), role, "*".to_owned()]
            .iter()
            .find_map(|name| self.0.get(name))
            .unwrap_or(HOST_NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_about_a_role_counts() {
        let mut responders = Responders::default();
        assert_eq!(responders.of("Svc", "r0"), &Responder::HostName);
        responders.set("*", Responder::Http);
        responders.set("R0", Responder::Silent);
        responders.set("svc/r0", Responder::Text("hello".to_owned()));
        assert_eq!(responders.of("SVC", "R0"), &Responder::Text("hello".to_owned()));
        assert_eq!(responders.of("other", "r0"), &Responder::Silent);
        assert_eq!(responders.of("other", "r1"), &Responder::Http);
        assert!(responders.remove("r0") && !responders.remove("r0"));
        assert_eq!(responders.of("other", "r0"), &Responder::Http);
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
        let answerer = Answerer {
            role: "r0".into(),
            host_name: "h0".into(),
            local_port: 80,
        };
        let command = Responder::find("command:echo $FAKE_ROLE $FAKE_HOST_NAME $FAKE_PORT").expect("a responder");
        assert_eq!(command.answer(&answerer).ok(), Some(b"r0 h0 80\n".to_vec()));
    }
}
