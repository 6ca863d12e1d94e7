/** Orders names as their bytes: they are ASCII, so comparing UTF-16 units is comparing bytes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
