//! Packed text: gzip and zstd, known by their first bytes, with a limit on what comes out.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

/// Bytes that may come out of however few: 1 GiB.
const FREE: u64 = 1 << 30;
/// Bytes that may come out of one, beyond that. Tables of billing shrink by a factor of 10 to 60; deflate cannot do more than 1,032.
const LARGEST_FACTOR: u64 = 250;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The text of bytes that begin so.
///
/// # Errors
/// Where the unpacker cannot be made.
pub(super) fn unpacked(start: &[u8], bytes: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    if !start.starts_with(&GZIP) && !start.starts_with(&ZSTD) {
        return Ok(bytes);
    }
    let packed = Rc::new(Cell::new(0));
    let counted = BufReader::new(Counted {
        bytes,
        read: Rc::clone(&packed),
    });
    let text: Box<dyn Read> = match start.starts_with(&GZIP) {
        true => Box::new(MultiGzDecoder::new(counted)),
        // Its window is at most 128 MiB; what asks for more is refused.
        false => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
    };
    Ok(Box::new(Unpacked { text, packed, out: 0 }))
}

/// Counts what is read.
struct Counted {
    bytes: Box<dyn Read>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.read.set(self.read.get().saturating_add(length(n)));
        Ok(n)
    }
}

/// Refuses what grows beyond all measure.
struct Unpacked {
    text: Box<dyn Read>,
    packed: Rc<Cell<u64>>,
    out: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(buffer)?;
        self.out = self.out.saturating_add(length(n));
        let limit = FREE.max(self.packed.get().saturating_mul(LARGEST_FACTOR));
        if self.out > limit {
            return Err(io::Error::other(format!(
                "{} bytes have become more than {limit}: no table shrinks that much",
                self.packed.get()
            )));
        }
        Ok(n)
    }
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
