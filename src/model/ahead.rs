//! Working ahead: one thread tells, another takes. What is taken, and in which order, is what was told.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;

/// What is handed over at once: so many things, or so much of them, and one more.
const MANY: usize = 256;
const BYTES: usize = 256 << 10;
/// Portions that may wait.
const WAITING: usize = 4;

/// Lets `tell` run on a thread of its own and takes on this one what it tells: things with their size in bytes, about. Where nothing more
/// is taken, the teller is told so with its next portion. The answer is the teller's.
pub fn ahead<T: Send, R: Send>(
    tell: impl FnOnce(&mut dyn FnMut(T, usize) -> ControlFlow<()>) -> R + Send,
    take: &mut dyn FnMut(T) -> ControlFlow<()>,
) -> R {
    std::thread::scope(|scope| {
        let (portions, received) = sync_channel::<Vec<T>>(WAITING);
        let teller = scope.spawn(move || {
            let (mut portion, mut bytes) = (Vec::with_capacity(MANY), 0_usize);
            let answer = tell(&mut |one, size| {
                bytes = bytes.saturating_add(size);
                portion.push(one);
                if portion.len() < MANY && bytes < BYTES {
                    return ControlFlow::Continue(());
                }
                bytes = 0;
                let full = std::mem::replace(&mut portion, Vec::with_capacity(MANY));
                match portions.send(full) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            // Nobody may be there any more to take the rest.
            let _ = portions.send(portion);
            answer
        });
        // Dropped when nothing more is wanted, so that the teller learns of it.
        let _ = received.into_iter().flatten().try_for_each(take);
        match teller.join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn all_is_taken_in_order_as_far_as_it_is_wanted(
            sizes in prop::collection::vec(0..300_000_usize, 0..900), most in 0..1_000_usize,
        ) {
            let mut taken = Vec::new();
            let told = ahead(
                |tell| {
                    let mut told = 0;
                    for (n, size) in sizes.iter().enumerate() {
                        told = n + 1;
                        if tell(n, *size).is_break() {
                            break;
                        }
                    }
                    told
                },
                &mut |n| {
                    if taken.len() == most {
                        return ControlFlow::Break(());
                    }
                    taken.push(n);
                    ControlFlow::Continue(())
                },
            );
            prop_assert!(taken.iter().copied().eq(0..most.min(sizes.len())));
            prop_assert!(told >= taken.len() && (most < sizes.len() || told == sizes.len()));
        }
    }
}
