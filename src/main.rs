//! The `tollgate` program: its command line lives in the library.

use libmimalloc_sys::{mi_option_set_default, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// For how many milliseconds free pages are kept before the system has them back; a setting of mimalloc 2 to which its crate
/// gives no name.
#[allow(non_upper_case_globals)]
const mi_option_purge_delay: mi_option_t = 15;

fn main() -> std::process::ExitCode {
    // A check reads much and keeps little of it: it holds a sixth less so, and takes no longer
    // (docs/measurements.md). `MIMALLOC_PURGE_DELAY` still says otherwise.
    // SAFETY: sets a number inside the allocator; no other thread runs yet.
    #[allow(unsafe_code)]
    unsafe {
        mi_option_set_default(mi_option_purge_delay, 0);
    }
    tollgate::cli::main()
}
