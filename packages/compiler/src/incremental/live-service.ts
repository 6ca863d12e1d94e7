import type { Diagnostic, Service } from '@shunt/model';
import { Claimant } from '../resolve/conflicts.js';
import { type CompileInput, isWatched } from '../resolve/input.js';
import { udpEndpointsDiffer } from '../resolve/observed.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import {
  attachToService,
  resolveService,
  type ServiceEndpoints,
  type SpecifiedService,
  serviceWarnings,
  slicesOfService,
  specifyService,
} from '../resolve/resolve-service.js';
import type { ServicePortSpecification } from '../resolve/service-port.js';
import { unmatchedPorts } from '../resolve/slice-warnings.js';
import { servicePortKey } from '../ruleset/types.js';
import type { NamespacedName } from './touched.js';

/** A service port in force. */
export class LivePort extends Claimant<ResolvedPort> {
  readonly key: string;
  /** Whether it had all of its claims when they were settled last, and nothing was to be said of them. */
  hasAllClaims = false;

  constructor(key: string, resolved: ResolvedPort) {
    super(resolved);
    this.key = key;
  }
}

/** What is known of one Service, or of the slices that name one that does not exist. */
export interface LiveService {
  readonly name: NamespacedName;
  /** With what it was read. */
  readonly input: CompileInput;
  /** `null`: there is none of this proxy. */
  readonly service: Service | null;
  readonly specified: SpecifiedService | null;
  readonly endpoints: ServiceEndpoints;
  /** In the order of the specifications. */
  readonly ports: ReadonlyMap<string, LivePort>;
}

/** A Service as it is now, with its ports resolved, before it takes the place of what was. */
export interface NextService extends Omit<LiveService, 'ports'> {
  readonly resolved: readonly ResolvedPort[];
  /** Of the Service itself and its pools. */
  readonly diagnostics: readonly Diagnostic[];
  readonly unmatched: readonly Diagnostic[];
  /** Whether kube-proxy would look for stale conntrack entries (12.1). */
  readonly udpEndpointsChanged: boolean;
}

/** Reads a Service and its slices again, and of what is known of it only what may have changed. */
export function nextService(
  name: NamespacedName,
  input: CompileInput,
  held: LiveService | null,
): NextService {
  const found = input.state.service(name.namespace, name.name);
  const service = found !== undefined && isWatched(found, input.config) ? found : null;
  const slices = slicesOfService(input, name.namespace, name.name);
  const endpoints = attachToService(input, slices, held?.endpoints);
  const isSame = held !== null && held.service === service && held.input === input;
  const specified = isSame ? held.specified : service === null ? null : specifyService(service, input);
  const inOrder = isSame ? [...held.ports.values()] : null;
  const before = (specification: ServicePortSpecification, index: number): ResolvedPort | null =>
    (inOrder === null ? held?.ports.get(portKey(specification)) : inOrder[index])?.resolved ?? null;
  const resolved = specified === null ? [] : resolveService(specified, endpoints, input, before);
  return {
    name,
    input,
    service,
    specified,
    endpoints,
    resolved,
    diagnostics: specified === null ? [] : serviceWarnings(specified, slices, endpoints, resolved),
    unmatched: service === null ? [] : unmatchedPorts(service, slices),
    udpEndpointsChanged: udpEndpointsDiffer(held?.endpoints ?? null, endpoints),
  };
}

function portKey({ service, namespace, family, portName, protocol }: ServicePortSpecification): string {
  return servicePortKey({ namespace, name: service.metadata.name, family, portName, protocol });
}
