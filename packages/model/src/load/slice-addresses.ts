import { familyOf, parseAddress } from '../address.js';
import type { EndpointSlice } from '../kubernetes.js';
import type { ShapeProblem } from '../shape/find-problems.js';

/** Addresses of an IPv4 or IPv6 slice must be IP addresses of that family; FQDN slices hold names. */
export function checkSliceAddresses(slice: EndpointSlice): ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  const { addressType, endpoints } = slice;
  if (addressType === 'FQDN' || !endpoints) return problems;
  for (let i = 0; i < endpoints.length; i++) {
    const addresses = endpoints[i]?.addresses;
    if (!addresses) continue;
    for (let j = 0; j < addresses.length; j++) {
      const text = addresses[j] as string;
      const address = parseAddress(text);
      if (address !== null && familyOf(address) === addressType) continue;
      problems.push({
        severity: 'error',
        code: 'value',
        path: ['endpoints', i, 'addresses', j],
        part: 'value',
        message: `expected an ${addressType} address, as the slice's addressType says, got ${JSON.stringify(text)}`,
      });
    }
  }
  return problems;
}
