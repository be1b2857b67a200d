//! Work on many things at once, told in their order.

use std::num::NonZeroUsize;

/// Things below which one thread is quicker than two.
const WORTH_A_THREAD: usize = 64;

/// Runs over all items, on as many threads as the machine has where there are enough of them; the results come
/// in the order of the items.
pub fn side_by_side<T: Send, R: Send>(items: Vec<T>, run: &(dyn Fn(T) -> R + Sync)) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    if items.len() < WORTH_A_THREAD || threads < 2 {
        return items.into_iter().map(run).collect();
    }
    let share = items.len().div_ceil(threads);
    let mut shares: Vec<Vec<T>> = Vec::new();
    let mut items = items.into_iter();
    loop {
        let next: Vec<T> = items.by_ref().take(share).collect();
        if next.is_empty() {
            break;
        }
        shares.push(next);
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(run).collect::<Vec<R>>()))
            .collect();
        // A panic is a fault of ours and goes on as one: an answer must not go missing.
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<R>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().flat_map(join).collect()
    })
}
