//! The way over sockets: a real TLS server in this process, reached by a real client.
