//! A client of the data plane for tests: opens the sockets of an Azure, waits for them, and calls.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use fake_azure::FakeAzure;
use fake_azure::data_plane::Binding;
use fake_azure::server::{Options, Server, Tls};
use tokio::runtime::Runtime;

/// The sockets of an Azure.
pub(crate) struct Sockets {
    runtime: Runtime,
    server: Server,
}

impl Sockets {
    /// Opens whatever is exposed, now and later.
    pub(crate) fn open(azure: &FakeAzure) -> Sockets {
        let runtime = Runtime::new().expect("threads can be started");
        let options = Options {
            tls: Tls::Off,
            data_plane: true,
            ..Options::default()
        };
        let server = runtime.block_on(azure.listen(options)).expect("sockets can be opened");
        Sockets { runtime, server }
    }

    /// What is open, once it is as told.
    pub(crate) fn wait(&self, until: impl Fn(&[Binding]) -> bool) -> Vec<Binding> {
        let mut bindings = self.server.bindings();
        self.runtime.block_on(async {
            let shown = bindings.wait_for(|bindings| until(bindings)).await;
            shown.expect("the server runs").clone()
        })
    }

    /// Where a public port is reached, once it is.
    pub(crate) fn local(&self, port: u16) -> SocketAddr {
        self.local_of(|binding| binding.public.port() == port)
    }

    /// Where such a port is reached, once it is.
    pub(crate) fn local_of(&self, is: impl Fn(&Binding) -> bool) -> SocketAddr {
        let wanted = |binding: &&Binding| is(binding) && binding.local.is_some();
        let open = self.wait(|bindings| bindings.iter().any(|own| wanted(&own)));
        let found = open.iter().find(wanted).and_then(|own| own.local);
        found.expect("it was waited for")
    }

    /// Closes everything.
    pub(crate) fn stop(self) {
        self.runtime.block_on(self.server.stop());
    }
}

/// What a connection gets.
pub(crate) fn call(at: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).expect("somebody listens");
    stream.write_all(sent).expect("it takes what is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer is text");
    answer.trim_end().to_owned()
}

/// What ten connections get, and how often.
pub(crate) fn ten(at: SocketAddr) -> BTreeMap<String, u32> {
    let mut answers = BTreeMap::new();
    for _ in 0..10 {
        *answers.entry(call(at, b"")).or_default() += 1;
    }
    answers
}

/// Answers and how often they came.
pub(crate) fn answers(rows: &[(&str, u32)]) -> BTreeMap<String, u32> {
    rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}
