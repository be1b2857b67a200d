//! Packed text: gzip and zstd, known by their first bytes, with a limit on what comes out.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
pub(super) fn unpacked(start: &[u8], bytes: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    if !start.starts_with(&GZIP) && !start.starts_with(&ZSTD) {
        return Ok(bytes);
    }
    let packed = Arc::new(AtomicU64::new(0));
    let counted = BufReader::new(Counted {
        bytes,
        read: Arc::clone(&packed),
    });
    let text: Box<dyn Read + Send> = match start.starts_with(&GZIP) {
        true => Box::new(MultiGzDecoder::new(counted)),
        // Its window is at most 128 MiB; what asks for more is refused.
        false => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
    };
    Ok(Box::new(Unpacked { text, packed, out: 0 }))
}

/// Counts what is read.
struct Counted {
    bytes: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.read.fetch_add(length(n), Ordering::Relaxed);
        Ok(n)
    }
}

/// Refuses what grows beyond all measure.
struct Unpacked {
    text: Box<dyn Read + Send>,
    packed: Arc<AtomicU64>,
    out: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(buffer)?;
        self.out = self.out.saturating_add(length(n));
        let packed = self.packed.load(Ordering::Relaxed);
        let limit = FREE.max(packed.saturating_mul(LARGEST_FACTOR));
        if self.out > limit {
            return Err(io::Error::other(format!(
                "{packed} bytes have become more than {limit}: no table shrinks that much"
            )));
        }
        Ok(n)
    }
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
