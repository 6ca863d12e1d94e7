/** Cases of Services that get addresses and ports: one after the other, against one set of pools. */
import {
  type Admission,
  AllocationTransaction,
  alignClusterIPs,
  allocateForCreate,
  ClusterIps,
  defaultService,
  NO_CHANGES,
  PortRange,
  type RandomSource,
  type ServicePools,
  ServiceRegistry,
  seededRandom,
  withoutNulls,
} from '@shunt/cluster';
import { cidrFamily, type Family, parseCidr, type Service } from '@shunt/model';
import type { AllocationCase, AllocationStep, ServiceExpectation } from './allocation-case.js';
import type { Check } from './case-kind.js';
import { ServiceChecks, type StepOutcome } from './service-checks.js';

const DEFAULT_CIDRS = { IPv4: '10.96.0.0/12', IPv6: 'fd00::/108' } as const;
const DEFAULT_PORT_RANGE = '30000-32767';
const DEFAULT_NAME = 'a';
const SOMEBODY = 'somebody else';

export function runServiceCase(serviceCase: AllocationCase): readonly Check[] {
  const pools = openPools(serviceCase);
  if (typeof pools === 'string') return [{ what: 'open', difference: pools }];
  const run = new ServiceRun(serviceCase, pools);
  const checks = new ServiceChecks(pools, serviceCase.expect ?? {});
  for (const [i, step] of serviceCase.steps.entries()) {
    checks.checkStep(i, step, run.perform(step, expectsErrors(serviceCase, i)), run.services);
  }
  return checks.finish();
}

function openPools({ clusterFamilies, cidr, portRange }: AllocationCase): ServicePools | string {
  const clusterIPs = new ClusterIps();
  const given = cidr === undefined ? [] : cidr.split(',').map((text) => text.trim());
  const families = clusterFamilies ?? [...new Set(given.map(familyOfCidr))];
  const cidrs = (families.length === 0 ? (['IPv4'] as const) : families).flatMap((family) => {
    const own = given.filter((text) => familyOfCidr(text) === family);
    return own.length > 0 ? own : [DEFAULT_CIDRS[family]];
  });
  const unused = given.filter((text) => !cidrs.includes(text));
  if (unused.length > 0) return `${unused.join(', ')}: no range of one of the cluster's families`;
  const problem = cidrs.map((text) => clusterIPs.addCidr(text)).find((it) => it !== null);
  if (problem !== undefined && problem !== null) return problem;
  const opened = PortRange.parse(portRange ?? DEFAULT_PORT_RANGE);
  return opened.range === null ? opened.problem : { clusterIPs, nodePorts: opened.range };
}

function familyOfCidr(text: string): Family {
  const cidr = parseCidr(text);
  return cidr === null ? 'IPv4' : cidrFamily(cidr);
}

function expectsErrors({ steps, expect }: AllocationCase, step: number): boolean {
  const has = (it: ServiceExpectation | undefined): boolean => (it?.errors ?? []).length > 0;
  return has(expect) || has(steps[step]?.expect);
}

/** The Services of a case, and what happens to them. */
class ServiceRun {
  readonly services = new Map<string, Service>();
  readonly #pools: ServicePools;
  readonly #registry: ServiceRegistry;
  readonly #random: RandomSource;
  /** Cases of allocation alone write no more of a Service than allocation reads. */
  readonly #allocatesOnly: boolean;

  constructor({ kind, name }: AllocationCase, pools: ServicePools) {
    this.#pools = pools;
    this.#registry = new ServiceRegistry(pools);
    this.#random = seededRandom(1, name);
    this.#allocatesOnly = kind === 'ipFamilies' || kind === 'nodePorts';
  }

  perform(step: AllocationStep, expectsErrors: boolean): StepOutcome {
    const name = step.name ?? DEFAULT_NAME;
    const before = snapshot(this.#pools);
    const errors = this.#errorsOf(step, name, expectsErrors);
    const after = snapshot(this.#pools);
    const without = <Value>(a: ReadonlySet<Value>, b: ReadonlySet<Value>): Value[] =>
      [...a].filter((it) => !b.has(it));
    return {
      name,
      ...errors,
      allocatedIPs: without(after.ips, before.ips),
      releasedIPs: without(before.ips, after.ips),
      allocatedPorts: without(after.ports, before.ports),
      releasedPorts: without(before.ports, after.ports),
    };
  }

  #errorsOf(
    step: AllocationStep,
    name: string,
    expectsErrors: boolean,
  ): Pick<StepOutcome, 'errors' | 'problem' | 'answer'> {
    const done = { errors: [], problem: null, answer: null };
    switch (step.do) {
      case 'hold':
        for (const text of step.ips ?? []) this.#pools.clusterIPs.adopt(text, SOMEBODY);
        for (const port of step.ports ?? []) this.#pools.nodePorts.adopt(port, SOMEBODY);
        return done;
      case 'stored': {
        const stored = withBalancerStatus(serviceOf(name, step));
        this.services.set(name, stored);
        return { ...done, errors: this.#registry.adopt(stored) };
      }
      case 'create':
      case 'update': {
        const admission = this.#admit(name, step, expectsErrors);
        if (admission.service !== null && step.dryRun !== true) this.#store(name, admission.service);
        return { ...done, errors: admission.errors, answer: admission.service };
      }
      case 'delete':
        return { ...done, problem: this.#delete(name) };
      default:
        return { ...done, problem: `"${step.do}" is a step of ipRange and portRange cases` };
    }
  }

  #admit(name: string, step: AllocationStep, expectsErrors: boolean): Admission {
    const service = serviceOf(name, step);
    const stored = this.services.get(name);
    const options = { dryRun: step.dryRun ?? false };
    if (step.do === 'update' && stored !== undefined) {
      return this.#registry.update(service, stored, this.#random, options);
    }
    // A case that expects an error wants the API server's answer, which is validation's, too.
    if (this.#allocatesOnly) {
      const allocated = this.#allocate(service, options.dryRun);
      if (allocated.service === null || !expectsErrors) return allocated;
      this.#registry.release(allocated.service);
    }
    return this.#registry.create(service, this.#random, options);
  }

  #allocate(service: Service, dryRun: boolean): Admission {
    const asked = alignClusterIPs(defaultService(service), null);
    const owner = `Service default/${service.metadata.name}`;
    const transaction = new AllocationTransaction(this.#pools, { owner, random: this.#random, dryRun });
    const step = allocateForCreate(asked, { cluster: this.#pools.clusterIPs, transaction });
    if (step.errors.length === 0) {
      return { service: step.service, errors: [], changes: transaction.commit() };
    }
    transaction.revert();
    return { service: null, errors: step.errors, changes: NO_CHANGES };
  }

  #store(name: string, service: Service): void {
    const { deletionTimestamp, finalizers = [] } = service.metadata;
    const isGone = deletionTimestamp != null && finalizers.length === 0;
    this.services.set(name, service);
    if (isGone) this.#remove(name, service);
  }

  #delete(name: string): string | null {
    const stored = this.services.get(name);
    if (stored === undefined) return `there is no Service ${name} to delete`;
    if ((stored.metadata.finalizers ?? []).length === 0) this.#remove(name, stored);
    else {
      const metadata = { ...stored.metadata, deletionTimestamp: '2024-01-01T00:00:00Z' };
      this.services.set(name, { ...stored, metadata });
    }
    return null;
  }

  #remove(name: string, service: Service): void {
    this.#registry.release(service);
    this.services.delete(name);
  }
}

function serviceOf(name: string, { metadata = {}, spec = {} }: AllocationStep): Service {
  return withoutNulls({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', ...metadata, name },
    spec,
  }) as Service;
}

/** A load balancer has an address, so that it can be seen to go. */
function withBalancerStatus(service: Service): Service {
  if (service.spec.type !== 'LoadBalancer') return service;
  return { ...service, status: { loadBalancer: { ingress: [{ ip: '203.0.113.10', ipMode: 'VIP' }] } } };
}

function snapshot({ clusterIPs, nodePorts }: ServicePools): {
  readonly ips: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
} {
  return {
    ips: new Set(clusterIPs.held().map(([address]) => address)),
    ports: new Set([...nodePorts.held()].map(([port]) => port)),
  };
}
