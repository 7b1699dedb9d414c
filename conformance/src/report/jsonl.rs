//! JSON lines: every event as it comes, one line each.

use std::io::Write;

use super::{Event, Reporter};

/// Writes every event as a line.
pub struct JsonLines<W> {
    sink: W,
}

impl<W: Write> JsonLines<W> {
    /// Lines go to `sink`.
    pub fn new(sink: W) -> JsonLines<W> {
        JsonLines { sink }
    }
}

impl<W: Write> Reporter for JsonLines<W> {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.sink, event)?;
        self.sink.write_all(b"\n")?;
        if matches!(event, Event::Ended { .. }) {
            self.sink.flush()?;
        }
        Ok(())
    }
}
