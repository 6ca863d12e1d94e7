import type { EndpointSlicePort } from '@shunt/model';

/**
 * A text that two port lists share exactly when they are the same ports, in any order. What the API fills
 * in (`name` "", `protocol` TCP) may be missing.
 */
export function portsKey(ports: readonly EndpointSlicePort[]): string {
  const [first] = ports;
  if (first === undefined) return '';
  if (ports.length === 1) return portKey(first);
  return ports.map(portKey).sort().join('\n');
}

function portKey({ name = '', protocol = 'TCP', port, appProtocol = '' }: EndpointSlicePort): string {
  return `${name}\0${protocol}\0${port}\0${appProtocol}`;
}
