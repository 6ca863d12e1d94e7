/** What of the EndpointSlices is not used, said instead of dropped in silence. */
import {
  type Diagnostic,
  type DiagnosticCode,
  type EndpointSlice,
  namespaceOf,
  referenceTo,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import { type CompileInput, isWatched } from './input.js';
import { hasServicePorts } from './service-port.js';
import { servicePortKeys, slicePortKey, slicePortKeys } from './slice-ports.js';

/** Why a slice, or a port of it, is not used. Nothing about slices of other proxies. */
export function sliceWarnings(slice: EndpointSlice, { state, config }: CompileInput): Diagnostic[] {
  if (!isWatched(slice, config)) return [];
  const serviceName = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  if (!serviceName) {
    const message = `ignored: it has no label ${SERVICE_NAME_LABEL}, so it belongs to no Service`;
    return [warning(slice, 'metadata.labels', 'orphan-slice', message)];
  }
  if (slice.addressType === 'FQDN') {
    const message = 'ignored: packets cannot be sent to names; IPv4 or IPv6 would be used';
    return [warning(slice, 'addressType', 'orphan-slice', message)];
  }
  const namespace = namespaceOf(slice);
  if (state.service(namespace, serviceName) === undefined) {
    const message = `belongs to Service ${namespace}/${serviceName}, which is not among the objects; its endpoints are not used`;
    return [warning(slice, `metadata.labels["${SERVICE_NAME_LABEL}"]`, 'orphan-slice', message)];
  }
  return slicePortWarnings(slice);
}

function slicePortWarnings(slice: EndpointSlice): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  slice.ports?.forEach(({ name, port }, index) => {
    const ignored = (why: string): void =>
      void warnings.push(warning(slice, `ports[${index}]`, 'no-matching-port', `ignored: ${why}`));
    // An absent name is not an empty one: the API server always writes the latter.
    if (name === undefined || name === null) ignored('it has no name; an unnamed port is written name: ""');
    else if (!port) ignored('it has no port number ("all ports" is not supported)');
  });
  return warnings;
}

/**
 * The ports of a Service that no slice offers, while some slice offers others.
 * @param slices - of the Service, of this proxy
 */
export function unmatchedPorts(service: Service, slices: readonly EndpointSlice[]): Diagnostic[] {
  if (!hasServicePorts(service)) return [];
  const missing = missingPorts(servicePortKeys(service), slices);
  if (missing.length === 0) return [];
  const offered = new Set(slices.flatMap(offeredPorts));
  // No slices, or only empty ones: the Service has no endpoints, which is no mismatch.
  if (offered.size === 0 && !slices.some((slice) => slice.endpoints?.length)) return [];
  const theirs =
    offered.size === 0 ? 'none of their ports can be used' : `they have ${[...offered].sort().join(', ')}`;
  return missing.map((index) => {
    const { name, protocol } = (service.spec.ports ?? [])[index] as NamedPort;
    const wanted = portLabel(name ?? '', protocol);
    const message = `no EndpointSlice of the Service has a port ${wanted}, so it has no endpoints; ${theirs}`;
    return warning(service, `spec.ports[${index}].name`, 'no-matching-port', message);
  });
}

interface NamedPort {
  readonly name?: string | null;
  readonly protocol?: string | null;
}

/** The indexes of ports that no slice offers. */
function missingPorts(wanted: readonly string[], slices: readonly EndpointSlice[]): number[] {
  if (slices[0] !== undefined && startsWith(slicePortKeys(slices[0]), wanted)) return [];
  const missing = new Map<string, number[]>();
  wanted.forEach((key, index) => {
    const indexes = missing.get(key);
    if (indexes === undefined) missing.set(key, [index]);
    else indexes.push(index);
  });
  // Mostly the first slice has them all.
  for (const slice of slices) {
    if (missing.size === 0) break;
    for (const key of slicePortKeys(slice)) if (key !== null) missing.delete(key);
  }
  return [...missing.values()].flat().sort((a, b) => a - b);
}

// The usual case: a slice has the ports of its Service in their order.
function startsWith(keys: readonly (string | null)[], wanted: readonly string[]): boolean {
  for (let index = 0; index < wanted.length; index++) if (keys[index] !== wanted[index]) return false;
  return true;
}

function offeredPorts({ ports }: EndpointSlice): string[] {
  return (ports ?? []).flatMap((port) =>
    slicePortKey(port) === null ? [] : portLabel(port.name as string, port.protocol),
  );
}

function portLabel(name: string, protocol: string | null | undefined): string {
  return `${name === '' ? 'unnamed' : JSON.stringify(name)}/${protocol ?? 'TCP'}`;
}

function warning(
  object: Service | EndpointSlice,
  path: string,
  code: DiagnosticCode,
  message: string,
): Diagnostic {
  return { severity: 'warning', code, message, object: referenceTo(object, path) };
}
