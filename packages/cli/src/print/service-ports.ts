import type { Service } from '@shunt/model';

/** `80:30080/TCP,443/TCP`, as kubectl lists the ports of a Service. */
export function portsText({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(
    ({ port, nodePort, protocol = 'TCP' }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  );
  return ports.join(',') || '<none>';
}
