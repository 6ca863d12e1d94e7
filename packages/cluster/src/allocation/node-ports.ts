/**
 * Which node ports a Service takes and gives back, those for health checks with them.
 * Source: pkg/registry/core/service/storage/alloc.go.
 */
import type { Service, ServicePortSpec } from '@shunt/model';
import { needsHealthCheck } from '../admission/service-kind.js';
import { type FieldError, internalError, invalid } from '../field-error.js';
import { withFields } from '../with-fields.js';
import type { AllocationError } from './allocation-error.js';
import type { AllocationTransaction } from './allocation-transaction.js';
import type { AllocationStep } from './families.js';
import { needsNodePorts, nodePortsOf } from './service-needs.js';

const HEALTH_CHECK = 'spec.healthCheckNodePort';

/** A node port for one port of a Service, or why it has none. */
type PortResult = { readonly nodePort: number } | { readonly error: FieldError };

/** Takes the node ports of a new Service: those that are named, and any for the others. */
export function allocateNodePorts(service: Service, transaction: AllocationTransaction): AllocationStep {
  const step = needsNodePorts(service.spec)
    ? allocatePorts(service, createRule(service, transaction))
    : { service, errors: [] };
  if (step.errors.length > 0 || !needsHealthCheck(service.spec)) return step;
  return allocateHealthCheckPort(step.service, transaction);
}

/** Takes what a changed Service needs anew, and leaves what it needs no more until the commit. */
export function updateNodePorts(
  service: Service,
  stored: Service,
  transaction: AllocationTransaction,
): AllocationStep {
  let step: AllocationStep = { service, errors: [] };
  if (needsNodePorts(service.spec)) {
    step = allocatePorts(service, updateRule(stored, transaction));
    if (step.errors.length > 0) return step;
  }
  const kept = new Set(needsNodePorts(service.spec) ? nodePortsOf(step.service.spec) : []);
  for (const port of new Set(nodePortsOf(stored.spec))) {
    if (!kept.has(port)) transaction.releasePortOnCommit(port);
  }
  const needed = needsHealthCheck(stored.spec);
  const needs = needsHealthCheck(service.spec);
  if (needs && !needed) return allocateHealthCheckPort(step.service, transaction);
  if (needed && !needs) transaction.releasePortOnCommit(stored.spec.healthCheckNodePort ?? 0);
  return step;
}

/** Goes through the ports in order and stops at the first that gets none. */
function allocatePorts(
  service: Service,
  allocate: (port: ServicePortSpec, index: number) => PortResult,
): AllocationStep {
  const { spec } = service;
  const ports = [...(spec.ports ?? [])];
  const withPorts = (): Service => ({ ...service, spec: { ...spec, ports } });
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort && !picksNodePorts(service)) continue;
    const result = allocate(port, i);
    if ('error' in result) return { service: withPorts(), errors: [result.error] };
    if (result.nodePort !== port.nodePort) ports[i] = withFields(port, { nodePort: result.nodePort });
  }
  return { service: withPorts(), errors: [] };
}

/** Whether ports that name no node port get one. */
function picksNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
}

/** On create, entries of one port number, such as TCP and UDP of a DNS Service, share a node port. */
function createRule(
  { spec }: Service,
  transaction: AllocationTransaction,
): (port: ServicePortSpec, index: number) => PortResult {
  const byPort = new Map<number, number>();
  return (port, i) => {
    const shared = byPort.get(port.port);
    if (shared !== undefined) {
      if (!port.nodePort || port.nodePort === shared) return { nodePort: shared };
      return takePort(port.nodePort, i, transaction);
    }
    const named = spec.ports?.find((it) => it.port === port.port && it.nodePort)?.nodePort;
    const result = named ? takePort(named, i, transaction) : pickPort(i, transaction);
    if ('nodePort' in result) byPort.set(port.port, result.nodePort);
    return result;
  };
}

/** On update, numbers that the Service had stay its own, and nothing is shared that is not named. */
function updateRule(
  stored: Service,
  transaction: AllocationTransaction,
): (port: ServicePortSpec, index: number) => PortResult {
  // An ExternalName may name node ports, too, but has none.
  const own = new Set(needsNodePorts(stored.spec) ? nodePortsOf(stored.spec) : []);
  const seen = new Set<string>();
  return (port, i) => {
    let result: PortResult;
    if (!port.nodePort) result = pickPort(i, transaction);
    else if (own.has(port.nodePort)) result = { nodePort: port.nodePort };
    else result = takePort(port.nodePort, i, transaction);
    if ('error' in result) return result;
    if (port.nodePort) own.add(port.nodePort);
    const identity = `${port.protocol} ${result.nodePort}`;
    if (seen.has(identity)) return { error: internalError(fieldOf(i), `duplicate nodePort: {${identity}}`) };
    seen.add(identity);
    return result;
  };
}

function takePort(nodePort: number, index: number, transaction: AllocationTransaction): PortResult {
  const error = transaction.allocatePort(nodePort);
  return error === null ? { nodePort } : { error: invalid(fieldOf(index), nodePort, error.message) };
}

function pickPort(index: number, transaction: AllocationTransaction): PortResult {
  const next = transaction.allocateNextPort();
  if (next.error === null) return { nodePort: next.value };
  return { error: internalError(fieldOf(index), `failed to allocate a nodePort: ${next.error.message}`) };
}

function fieldOf(index: number): string {
  return `spec.ports[${index}].nodePort`;
}

function allocateHealthCheckPort(service: Service, transaction: AllocationTransaction): AllocationStep {
  const asked = service.spec.healthCheckNodePort;
  if (asked) {
    const error = transaction.allocatePort(asked);
    if (error === null) return { service, errors: [] };
    return refuse(service, `failed to allocate requested HealthCheck NodePort ${asked}`, error);
  }
  const next = transaction.allocateNextPort();
  if (next.error !== null) return refuse(service, 'failed to allocate a HealthCheck NodePort', next.error);
  const spec = { ...service.spec, healthCheckNodePort: next.value };
  return { service: { ...service, spec }, errors: [] };
}

function refuse(service: Service, what: string, { message }: AllocationError): AllocationStep {
  return { service, errors: [internalError(HEALTH_CHECK, `${what}: ${message}`)] };
}
