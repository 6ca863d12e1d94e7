import { type Address, formatAddress, formatEndpoint, type Packet } from '@shunt/model';

/** `198.51.100.7:40000 -> 203.0.113.10:80/TCP`; an unknown port is left out. */
export function packetText({ protocol, source, sourcePort, destination, destinationPort }: Packet): string {
  const from = sourcePort === undefined ? formatAddress(source) : formatEndpoint(source, sourcePort);
  const to = protocol === 'ICMP' ? formatAddress(destination) : formatEndpoint(destination, destinationPort);
  return `${from} -> ${to}/${protocol}`;
}

/** `10.244.1.5:8080`. */
export function backendText({ address, port }: { readonly address: Address; readonly port: number }): string {
  return formatEndpoint(address, port);
}
