/** One Service with its EndpointSlices: its service ports, before conflicts with others are settled. */
import {
  type Diagnostic,
  type EndpointSlice,
  FAMILIES,
  type Family,
  referenceTo,
  type Service,
} from '@shunt/model';
import { compareText } from '../ruleset/compare-text.js';
import { type Balancing, balancingOf } from './balance-annotation.js';
import { type AttachedEndpoints, attachSlices, endpointsOfPort } from './endpoints.js';
import { type CompileInput, isWatched } from './input.js';
import { poolWarnings } from './pool-warnings.js';
import { type ResolvedPort, resolvePort } from './resolve-port.js';
import { hasServicePorts, type ServicePortSpecification, servicePortsOf } from './service-port.js';
import { weightWarnings } from './weight-warnings.js';

/** What a Service says of its ports, whatever its endpoints are. */
export interface SpecifiedService {
  readonly service: Service;
  /** All of IPv4, then all of IPv6, each in canonical order. */
  readonly specifications: readonly ServicePortSpecification[];
  readonly balancing: Balancing;
  /** Of the Service's own fields. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What is attached to one Service. */
export type ServiceEndpoints = Readonly<Record<Family, AttachedEndpoints>>;

/** Reads a Service that is this proxy's. */
export function specifyService(service: Service, input: CompileInput): SpecifiedService {
  const diagnostics: Diagnostic[] = [];
  const balancing = balancingOf(service, input.config, diagnostics);
  const specifications = FAMILIES.flatMap((family) =>
    servicePortsOf(service, family, input.node).sort(
      (a, b) => compareText(a.portName, b.portName) || compareText(a.protocol, b.protocol),
    ),
  );
  if (specifications.length === 0) diagnostics.push(...missingClusterIP(service));
  return { service, specifications, balancing, diagnostics };
}

/** The slices of a Service that are this proxy's, in order of their names, whether it exists or not. */
export function slicesOfService(
  { state, config }: CompileInput,
  namespace: string,
  name: string,
): EndpointSlice[] {
  return state.slicesOf(namespace, name).filter((slice) => isWatched(slice, config));
}

/**
 * Attaches slices to one Service.
 * @param slices - as {@link slicesOfService} gives them
 * @param held - what was attached before
 */
export function attachToService(
  input: CompileInput,
  slices: readonly EndpointSlice[],
  held: ServiceEndpoints | null = null,
): ServiceEndpoints {
  return {
    IPv4: attachSlices(slices, 'IPv4', input.node.name, held?.IPv4),
    IPv6: attachSlices(slices, 'IPv6', input.node.name, held?.IPv6),
  };
}

/**
 * Resolves the ports of a Service, in the order of its specifications.
 * @param before - finds the port as it was; one of which nothing changed is given back
 */
export function resolveService(
  { specifications, balancing }: SpecifiedService,
  endpoints: ServiceEndpoints,
  input: CompileInput,
  before: (specification: ServicePortSpecification, index: number) => ResolvedPort | null = () => null,
): ResolvedPort[] {
  return specifications.map((specification, index) => {
    const theirs = endpointsOfPort(endpoints[specification.family], specification.endpointsKey);
    const was = before(specification, index);
    if (was?.specification === specification && was.endpoints === theirs) return was;
    return resolvePort(specification, theirs, input, balancing, was);
  });
}

/** All that is to be said of a Service and of what became of its slices. */
export function serviceWarnings(
  { service, balancing, diagnostics }: SpecifiedService,
  slices: readonly EndpointSlice[],
  endpoints: ServiceEndpoints,
  resolved: readonly ResolvedPort[],
): Diagnostic[] {
  if (resolved.length === 0) return [...diagnostics];
  return [
    ...diagnostics,
    ...weightWarnings(slices, endpoints),
    ...poolWarnings(service, resolved, balancing),
  ];
}

// Said, since it is easily written by hand: with ipFamilies, only clusterIPs counts (1.4).
function missingClusterIP(service: Service): Diagnostic[] {
  const { ipFamilies, clusterIP, ports } = service.spec;
  if (!hasServicePorts(service) || !ports?.length || !ipFamilies?.length) return [];
  const message = `no address of ${ipFamilies.join(', ')} at its place in clusterIPs, so there are no rules; write clusterIPs: ["${clusterIP}"]`;
  return [{ severity: 'warning', code: 'value', message, object: referenceTo(service, 'spec.clusterIPs') }];
}
