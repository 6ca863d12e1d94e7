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

export function sliceWarnings(input: CompileInput): Diagnostic[] {
  const { state, config } = input;
  const diagnostics: Diagnostic[] = [];
  for (const slice of inOrder(state.list('EndpointSlice'))) {
    if (isWatched(slice, config)) diagnostics.push(...warningsOf(slice, input));
  }
  for (const service of inOrder(state.list('Service'))) {
    if (isWatched(service, config) && hasServicePorts(service))
      diagnostics.push(...unmatchedPorts(service, input));
  }
  return diagnostics;
}

function warningsOf(slice: EndpointSlice, { state }: CompileInput): Diagnostic[] {
  const serviceName = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  const label = `metadata.labels["${SERVICE_NAME_LABEL}"]`;
  if (!serviceName) {
    return [
      warning(
        slice,
        'metadata.labels',
        'orphan-slice',
        `ignored: it has no label ${SERVICE_NAME_LABEL}, so it belongs to no Service`,
      ),
    ];
  }
  if (slice.addressType === 'FQDN') {
    return [
      warning(
        slice,
        'addressType',
        'orphan-slice',
        'ignored: packets cannot be sent to names; IPv4 or IPv6 would be used',
      ),
    ];
  }
  if (state.service(namespaceOf(slice), serviceName) === undefined) {
    const where = `${namespaceOf(slice)}/${serviceName}`;
    return [
      warning(
        slice,
        label,
        'orphan-slice',
        `belongs to Service ${where}, which is not among the objects; its endpoints are not used`,
      ),
    ];
  }
  return (slice.ports ?? []).flatMap((port, index) => {
    const path = `ports[${index}]`;
    // An absent name is not an empty one: the API server always writes the latter.
    if (port.name === undefined || port.name === null) {
      return [
        warning(
          slice,
          path,
          'no-matching-port',
          'ignored: it has no name; an unnamed port is written name: ""',
        ),
      ];
    }
    return port.port
      ? []
      : [
          warning(
            slice,
            path,
            'no-matching-port',
            'ignored: it has no port number ("all ports" is not supported)',
          ),
        ];
  });
}

function unmatchedPorts(service: Service, { state, config }: CompileInput): Diagnostic[] {
  const slices = state
    .slicesOf(namespaceOf(service), service.metadata.name)
    .filter((slice) => isWatched(slice, config));
  const offered = new Set(
    slices.flatMap((slice) =>
      (slice.ports ?? []).flatMap(({ name, protocol, port }) =>
        name == null || !port ? [] : portLabel(name, protocol),
      ),
    ),
  );
  // No slices, or only empty ones: the Service has no endpoints, which is no mismatch.
  if (offered.size === 0 && !slices.some((slice) => slice.endpoints?.length)) return [];
  const theirs =
    offered.size === 0 ? 'none of their ports can be used' : `they have ${[...offered].sort().join(', ')}`;
  return (service.spec.ports ?? []).flatMap((port, index) => {
    const wanted = portLabel(port.name ?? '', port.protocol);
    if (offered.has(wanted)) return [];
    const message = `no EndpointSlice of the Service has a port ${wanted}, so it has no endpoints; ${theirs}`;
    return [warning(service, `spec.ports[${index}].name`, 'no-matching-port', message)];
  });
}

function portLabel(name: string, protocol: string | null | undefined): string {
  return `${name === '' ? 'unnamed' : JSON.stringify(name)}/${protocol ?? 'TCP'}`;
}

function inOrder<Item extends Service | EndpointSlice>(objects: Item[]): Item[] {
  const key = (object: Item): string => `${namespaceOf(object)}/${object.metadata.name}`;
  return objects.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function warning(
  object: Service | EndpointSlice,
  path: string,
  code: DiagnosticCode,
  message: string,
): Diagnostic {
  return { severity: 'warning', code, message, object: referenceTo(object, path) };
}
