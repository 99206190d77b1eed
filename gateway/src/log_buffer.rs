//! `LogBuffer`: log lines on their way to standard error, many to a write. A write for each request is a tenth of what it costs
//! to answer a small one.
//!
//! A line waits for at most [`WAIT`], or until [`BYTES_MAX`] have come together; warnings and errors go out at once, with what
//! came before them, and so does everything when the process ends in order.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Longest wait of a line.
const WAIT: Duration = Duration::from_millis(100);
/// So many bytes go out at once.
const BYTES_MAX: usize = 64 * 1024;
/// Most room that is kept for the next lines: that of the last line may be beyond the rest.
const ROOM_MAX: usize = 2 * BYTES_MAX;

/// Where lines are written to; clones share the buffer.
#[derive(Clone)]
pub struct LogBuffer(Arc<Shared>);

struct Shared {
    lines: Mutex<Vec<u8>>,
    /// Held while writing, apart from the lines: who logs does not wait for a slow reader before the buffer is full. In it is the room
    /// for the next lines: memory that is asked for anew and grows costs as much as writing the lines.
    writing: Mutex<Vec<u8>>,
    is_ended: AtomicBool,
    /// Told when the first line has come.
    has_lines: Condvar,
    sink: fn(&[u8]) -> io::Result<()>,
}

/// Writes one line.
pub struct LineWriter<'a> {
    buffer: &'a LogBuffer,
    is_urgent: bool,
}

/// Empties the buffer when the process ends.
pub struct FlushAtEnd(LogBuffer);

impl LogBuffer {
    /// A buffer before standard error, and what empties it at the end.
    pub fn to_stderr() -> io::Result<(Self, FlushAtEnd)> {
        Self::to(|bytes| io::stderr().lock().write_all(bytes))
    }

    fn to(sink: fn(&[u8]) -> io::Result<()>) -> io::Result<(Self, FlushAtEnd)> {
        let buffer = Self(Arc::new(Shared {
            lines: Mutex::default(),
            writing: Mutex::default(),
            is_ended: AtomicBool::new(false),
            has_lines: Condvar::new(),
            sink,
        }));
        let flusher = buffer.clone();
        std::thread::Builder::new().name("weft-log".to_owned()).spawn(move || flusher.flush_for_ever())?;
        Ok((buffer.clone(), FlushAtEnd(buffer)))
    }

    fn flush_for_ever(&self) {
        loop {
            let lines = self.0.has_lines.wait_while(self.lines(), |lines| lines.is_empty());
            drop(lines.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(WAIT);
            self.flush();
        }
    }

    /// Nobody can be told that a line could not be written.
    fn flush(&self) {
        let mut written = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *written, &mut *self.lines());
        if !written.is_empty() {
            let _ = (self.0.sink)(&written);
        }
        written.clear();
        // A line may be large, and is rare.
        written.shrink_to(ROOM_MAX);
    }

    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.buffer.lines();
        let was_empty = lines.is_empty();
        lines.extend_from_slice(line);
        if self.is_urgent || lines.len() >= BYTES_MAX || self.buffer.0.is_ended.load(Ordering::Acquire) {
            drop(lines);
            self.buffer.flush();
        } else if was_empty {
            self.buffer.0.has_lines.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogBuffer {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { buffer: self, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter<'a> {
        LineWriter { buffer: self, is_urgent: *metadata.level() <= Level::WARN }
    }
}

impl Drop for FlushAtEnd {
    fn drop(&mut self) {
        // What is still logged afterwards goes out at once: nobody may be left to write it later.
        self.0.0.is_ended.store(true, Ordering::Release);
        self.0.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WRITTEN: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

    fn keep(bytes: &[u8]) -> io::Result<()> {
        WRITTEN.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }

    #[test]
    fn lines_wait_for_one_another_and_none_for_an_urgent_one() {
        // Without its thread: nothing is written but what the writer itself finds due.
        let buffer = LogBuffer(Arc::new(Shared {
            lines: Mutex::default(),
            writing: Mutex::default(),
            is_ended: AtomicBool::new(false),
            has_lines: Condvar::new(),
            sink: keep,
        }));
        let write = |line: &[u8], is_urgent| {
            LineWriter { buffer: &buffer, is_urgent }.write_all(line).unwrap();
            std::mem::take(&mut *WRITTEN.lock().unwrap())
        };
        assert!(write(b"a\n", false).is_empty());
        assert_eq!(write(b"b\n", true), [b"a\nb\n"]);
        assert!(write(&[b'x'; BYTES_MAX - 1], false).is_empty());
        assert_eq!(write(b"\n", false).concat().len(), BYTES_MAX);
        assert!(write(b"last\n", false).is_empty());
        drop(FlushAtEnd(buffer.clone()));
        assert_eq!(std::mem::take(&mut *WRITTEN.lock().unwrap()), [b"last\n"]);
        assert_eq!(write(b"later\n", false), [b"later\n"]);
    }
}
