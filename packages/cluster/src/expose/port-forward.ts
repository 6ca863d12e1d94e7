import type { Pod, Service } from '@shunt/model';
import { numberError, parseInt64, parseUint16 } from './go-number.js';
import { type Refusal, refuse } from './kubectl-error.js';

export type ForwardResult =
  | {
      readonly error: null;
      /** `LOCAL:PODPORT`, or the number alone when both are equal; an empty LOCAL is any free port. */
      readonly forward: string;
    }
  | Refusal;

/**
 * Translates a port of `kubectl port-forward service/NAME [LOCAL:]REMOTE` to that of the one Pod that it
 * forwards to: REMOTE is a port of the Service by number or name, and leads to its target port. Of a
 * headless Service the number is the Pod's as it is.
 * Source: pkg/cmd/portforward/portforward.go, pkg/util/service_port.go (semantics 15.19).
 * @param podPorts - the Pod's named container ports: see {@link namedPorts}
 */
export function translatePortForward(
  argument: string,
  service: Service,
  podPorts: Readonly<Record<string, number>>,
): ForwardResult {
  const { metadata, spec = {} } = service;
  const ports = spec.ports ?? [];
  const { local, remote } = splitArgument(argument);
  const number = parseInt64(remote);
  const meant = number === null ? ports.find((port) => (port.name ?? '') === remote)?.port : Number(number);
  if (meant === undefined) {
    const words = `Service '${metadata.name}' does not have a named port '${remote}'`;
    return refuse('serviceHasNoSuchPort', words);
  }
  const same = ports.filter(({ port }) => port === meant);
  if (isUdpOnly(same.map(({ protocol }) => protocol))) return refuseUdp(remote);
  // A name for both sides stands for the Service's number on this side.
  const from = number === null && local === remote ? String(meant) : local;
  if (isHeadless(service)) return forwarded(from, meant);
  const [port] = same;
  if (port === undefined) {
    const words = `Service ${metadata.name} does not have a service port ${meant}`;
    return refuse('serviceHasNoSuchPort', words);
  }
  const target = port.targetPort || port.port;
  if (typeof target === 'number') return forwarded(from, target);
  const podPort = Object.hasOwn(podPorts, target) ? podPorts[target] : undefined;
  return podPort === undefined ? refuseName(target) : forwarded(from, podPort);
}

/**
 * Translates a port of `kubectl port-forward pod/NAME [LOCAL:]REMOTE`: REMOTE is any port number, or the
 * name of a container port. The Pod must be running.
 */
export function translatePodPortForward(argument: string, pod: Pod): ForwardResult {
  const { local, remote } = splitArgument(argument);
  if (remote === '') return refuse('badForwardedPort', 'remote port cannot be empty');
  const number = parseInt64(remote);
  const named = namedPorts(pod);
  const meant = number !== null ? Number(number) : Object.hasOwn(named, remote) ? named[remote] : undefined;
  if (meant === undefined) return refuseName(remote);
  const containers = pod.spec?.containers ?? [];
  const same = containers.flatMap(({ ports = [] }) => ports.filter((port) => port.containerPort === meant));
  if (isUdpOnly(same.map(({ protocol }) => protocol))) return refuseUdp(remote);
  const phase = pod.status?.phase ?? 'Pending';
  if (phase !== 'Running') {
    const words = `unable to forward port because pod is not running. Current status=${phase}`;
    return refuse('podNotRunning', words);
  }
  return forwarded(number === null && local === remote ? String(meant) : local, meant);
}

/** The container ports of a Pod by name: of containers, then init containers; the first of a name holds. */
export function namedPorts({ spec }: Pod): Readonly<Record<string, number>> {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const named = containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, containerPort }) => (name ? [[name, containerPort] as const] : [])),
  );
  return Object.fromEntries(named.reverse());
}

/** `LOCAL:REMOTE`, or one for both. */
function splitArgument(argument: string): { readonly local: string; readonly remote: string } {
  const [first = '', second, ...more] = argument.split(':');
  return { local: first, remote: second === undefined || more.length > 0 ? first : second };
}

function forwarded(local: string, podPort: number): ForwardResult {
  if (local !== '' && parseUint16(local) === null) {
    const words = `error parsing local port '${local}': ${numberError('ParseUint', local)}`;
    return refuse('badForwardedPort', words);
  }
  if (podPort === 0) return refuse('badForwardedPort', 'remote port must be > 0');
  const remote = String(podPort);
  if (parseUint16(remote) === null) {
    const words = `error parsing remote port '${remote}': ${numberError('ParseUint', remote)}`;
    return refuse('badForwardedPort', words);
  }
  return { error: null, forward: local === remote ? local : `${local}:${remote}` };
}

/** Whether a port is written with UDP and nowhere with TCP: kubectl forwards streams alone. */
function isUdpOnly(protocols: readonly (string | undefined)[]): boolean {
  return protocols.includes('UDP') && !protocols.some((protocol) => (protocol ?? 'TCP') === 'TCP');
}

function isHeadless({ spec }: Service): boolean {
  return (spec?.clusterIP ?? spec?.clusterIPs?.[0]) === 'None';
}

function refuseUdp(remote: string): Refusal {
  return refuse('udpNotSupported', `UDP protocol is not supported for ${remote}`);
}

function refuseName(name: string): Refusal {
  return refuse('podHasNoSuchPort', `Pod does not have a named port '${name}'`);
}
