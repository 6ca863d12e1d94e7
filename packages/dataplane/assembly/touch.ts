/**
 * Reads a word at each address of a column, so that their cache misses overlap: a loop that does so little has dozens
 * of them in flight, a pass that does more two or three. WebAssembly has no instruction to prefetch.
 * @param column - where in the scratch
 * @param count - of places; what is behind them, up to a multiple of four, is read, too
 * @param sink - a word to write, for what nobody uses an optimizer leaves out
 */
// @ts-ignore: decorator
@inline
export function touch(scratch: usize, column: usize, count: u32, sink: usize): void {
  const last = scratch + column + (count << 2);
  let read: u32 = 0;
  for (let at = scratch + column; at < last; at += 16) {
    // Two addresses a read: reads are what a processor has only so many of in flight.
    const a = load<u64>(at);
    const b = load<u64>(at, 8);
    read ^= load<u32>(<usize>(<u32>a));
    read ^= load<u32>(<usize>(<u32>(a >> 32)));
    read ^= load<u32>(<usize>(<u32>b));
    read ^= load<u32>(<usize>(<u32>(b >> 32)));
  }
  store<u32>(sink, read);
}
