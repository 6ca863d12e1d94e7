/** Kubernetes resource quantities. Source: k8s.io/apimachinery/pkg/api/resource/quantity.go. */

const QUANTITY = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SUFFIXES = 'KMGTPE';
const NANO_EXPONENT = 9;
/** The greatest quantity there is; what is written as more counts as this. */
const MAX_NANOS = (2n ** 63n - 1n) * 10n ** 9n;
/** Beyond this, an exponent makes the greatest or the least quantity anyway. */
const MAX_EXPONENT = 1000;

/**
 * Reads a quantity such as `1500m`, `2`, `0.5`, `1e3` or `1Ki`.
 * @returns billionths, rounded up; `null` when the text is no quantity, or a negative one
 */
export function quantityNanos(quantity: string | number): bigint | null {
  const match = QUANTITY.exec(String(quantity));
  if (match === null) return null;
  const [, number = '', binary = '', decimal = '', exponent = '0'] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const power = Math.max(-MAX_EXPONENT, Math.min(Number(exponent), MAX_EXPONENT));
  const factor = binary === '' ? 1n : 1024n ** BigInt(BINARY_SUFFIXES.indexOf(binary.charAt(0)) + 1);
  const digits = BigInt(whole + fraction) * factor;
  const shift = NANO_EXPONENT - fraction.length + power + (DECIMAL_EXPONENTS[decimal] ?? 0);
  const nanos = shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
  return nanos > MAX_NANOS ? MAX_NANOS : nanos;
}

/** @returns thousandths, rounded up */
export function milliOf(nanos: bigint): number {
  return Number(divideUp(nanos, 1_000_000n));
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
