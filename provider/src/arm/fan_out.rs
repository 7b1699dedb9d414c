//! Several things at once, in bounds.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

/// As many machines as Juju's provisioner works on at once (juju-provider 1.8.5). Juju itself knew no bound here.
const AT_ONCE: usize = 16;

/// What came of each, in their order.
pub(super) async fn fan_out<T: Send>(work: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    stream::iter(work).buffered(AT_ONCE).collect().await
}
