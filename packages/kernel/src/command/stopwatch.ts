/** @returns a function that tells the milliseconds since now */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
