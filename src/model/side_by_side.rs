//! Work on many things at once, told in their order.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// Things below which one thread is quicker than two.
const WORTH_A_THREAD: usize = 64;
/// Things that one thread takes at a time, at least.
const AT_A_TIME: usize = 16;

/// Runs over all items, on as many threads as the machine has where there are enough of them; the results come
/// in the order of the items. A panic goes on as one: a result must not go missing.
pub fn side_by_side<T: Send, R: Send>(items: Vec<T>, run: &(dyn Fn(T) -> R + Sync)) -> Vec<R> {
    if items.len() < WORTH_A_THREAD {
        return items.into_iter().map(run).collect();
    }
    let items = items.into_par_iter().with_min_len(AT_A_TIME);
    items.map(run).collect()
}

/// Does two things at once. Either may wait for threads and locks, which what runs [`side_by_side`] must not: a thread of
/// that pool which waits keeps work from being done that others wait for.
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let running = scope.spawn(one);
        let other = other();
        let one = running
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (one, other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for number in [0, 1, WORTH_A_THREAD, 10_000] {
            let found = side_by_side((0..number).collect(), &|n: usize| n.to_string());
            assert_eq!(found, (0..number).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }
}
