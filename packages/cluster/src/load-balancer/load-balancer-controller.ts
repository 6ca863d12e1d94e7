import {
  type Address,
  FAMILIES,
  type Family,
  familyOf,
  formatAddress,
  type LoadBalancerIngress,
  namespaceOf,
  parseAddress,
  type Service,
} from '@shunt/model';
import type { ControllerEvent } from '../endpoints/slice-changes.js';
import { type FieldError, fieldErrorMessage, internalError, invalid } from '../field-error.js';
import { HeldAddresses } from './held-addresses.js';
import { formatPool, type LoadBalancerPool, poolContains, poolSize, rangesOf } from './load-balancer-pool.js';
import { LOAD_BALANCER_FINALIZER, needsCleanup } from './needs-ensure.js';

/** What a Service shall have after its load balancer was looked at. */
export interface LoadBalancerOutcome {
  /** The very object that the Service has when nothing of it changes. */
  readonly status: Service['status'];
  readonly finalizers: readonly string[];
  /** Why an address could not be given; the status is then what it was. */
  readonly problems: readonly FieldError[];
  readonly events: readonly ControllerEvent[];
}

/**
 * Gives Services of type LoadBalancer addresses out of pools: one per IP family, the lowest that is free
 * or the one asked for, and kept until it is released. What a status lists that came from elsewhere is
 * adopted as it is. Source: k8s.io/cloud-provider/controllers/service/controller.go for when what is done.
 */
export class LoadBalancerController {
  readonly #pools: readonly LoadBalancerPool[];
  readonly #held: HeldAddresses;

  /** @param pools - the first that has a free address gives it; they may overlap */
  constructor({ pools }: { readonly pools: readonly LoadBalancerPool[] }) {
    this.#pools = pools;
    this.#held = new HeldAddresses(pools);
  }

  /** Whether there is a pool for the Service's class. Other Services are left alone, save for a cleanup. */
  serves(service: Service): boolean {
    return service.spec.type === 'LoadBalancer' && this.#poolsFor(service).length > 0;
  }

  /**
   * Notes the addresses of a Service's status as held. Of Services that come with a status, adopt all
   * before any is ensured, or an address may be given away that a later one holds.
   */
  adopt(service: Service): void {
    for (const { ip } of ingressOf(service)) {
      const address = ip === undefined ? null : parseAddress(ip);
      if (address !== null) this.#held.hold(keyOf(service), address);
    }
  }

  /** Gives the Service what it shall have, or takes it away, as its spec says now. */
  ensure(service: Service): LoadBalancerOutcome {
    this.adopt(service);
    if (this.serves(service) && service.metadata.deletionTimestamp == null) return this.#give(service);
    const exists = this.#held.heldBy(keyOf(service)).length > 0;
    if (needsCleanup(service) || (exists && service.spec.type !== 'LoadBalancer')) {
      return this.#takeAway(service, exists);
    }
    this.#holdOnly(service, ingressOf(service));
    return { status: service.status, finalizers: finalizersOf(service), problems: [], events: [] };
  }

  /** Frees all that a Service holds, as when it is gone. */
  release(service: Service): void {
    this.#holdOnly(service, []);
  }

  #takeAway(service: Service, exists: boolean): LoadBalancerOutcome {
    this.release(service);
    const deleting = event('Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    const deleted = event('Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
    return {
      status: { ...service.status, loadBalancer: {} },
      finalizers: finalizersOf(service).filter((it) => it !== LOAD_BALANCER_FINALIZER),
      problems: [],
      events: exists ? [deleting, deleted] : [deleted],
    };
  }

  #give(service: Service): LoadBalancerOutcome {
    const present = ingressOf(service);
    const { ingress, problems, missing } = this.#ingressFor(service, present);
    const failed = problems.length > 0;
    if (!failed) this.#holdOnly(service, ingress);
    const same = ingress.length === present.length && ingress.every((it) => present.includes(it));
    const finalizers = finalizersOf(service);
    return {
      status: failed || same ? service.status : { ...service.status, loadBalancer: { ingress } },
      finalizers: finalizers.includes(LOAD_BALANCER_FINALIZER)
        ? finalizers
        : [...finalizers, LOAD_BALANCER_FINALIZER],
      problems,
      events: [
        event('Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer'),
        ...missing.map(({ detail }) => event('Warning', 'AllocationFailed', detail)),
        ...problems.map(syncFailed),
        ...(failed ? [] : [event('Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')]),
      ],
    };
  }

  // What the status shall list: what it lists and is right, what is picked, and what others made.
  #ingressFor(service: Service, present: readonly LoadBalancerIngress[]) {
    const { loadBalancerIP, ipFamilyPolicy } = service.spec;
    const families = familiesOf(service);
    const requested = loadBalancerIP ? parseAddress(loadBalancerIP) : null;
    const ingress: LoadBalancerIngress[] = [];
    const problems: FieldError[] = [];
    const unavailable: FieldError[] = [];
    if (loadBalancerIP && (requested === null || !families.includes(familyOf(requested)))) {
      const detail = `must be an IP address of a family of the Service: ${families.join(', ')}`;
      problems.push(invalid('spec.loadBalancerIP', loadBalancerIP, detail));
    }
    for (const family of families) {
      const listed = present.filter((it) => familyOfIngress(it) === family);
      const asked = requested !== null && familyOf(requested) === family ? requested : null;
      const right = asked === null ? listed : listed.filter(({ ip = '' }) => parseAddress(ip) === asked);
      ingress.push(...right);
      // A balancer that has a name instead of addresses answers for all families.
      if (right.length > 0 || (asked === null && present.some(({ ip }) => ip === undefined))) continue;
      const picked = asked === null ? this.#pick(service, family) : this.#claim(service, asked);
      if (typeof picked !== 'object') ingress.push({ ip: formatAddress(picked), ipMode: 'VIP' });
      else (asked === null ? unavailable : problems).push(picked);
    }
    ingress.push(...present.filter((it) => !ingress.includes(it) && !this.#replaces(service, it, families)));
    const missing = ipFamilyPolicy === 'PreferDualStack' && ingress.length > 0 ? unavailable : [];
    if (missing.length === 0) problems.push(...unavailable);
    return { ingress, problems, missing };
  }

  // Whether an entry that is not of those to be listed goes: those of the families do, and our own.
  #replaces(service: Service, { ip }: LoadBalancerIngress, families: readonly Family[]): boolean {
    const address = ip === undefined ? null : parseAddress(ip);
    return (
      address !== null &&
      (families.includes(familyOf(address)) ||
        this.#poolsFor(service).some((pool) => poolContains(pool, address)))
    );
  }

  #claim(service: Service, address: Address): Address | FieldError {
    const pools = this.#poolsFor(service);
    const text = service.spec.loadBalancerIP;
    if (!pools.some((pool) => poolContains(pool, address))) {
      const detail = `must be an address of a load-balancer pool for ${classText(service)}`;
      return invalid('spec.loadBalancerIP', text, `${detail}: ${pools.map(formatPool).join(', ')}`);
    }
    const others = this.#held.holdersOf(address).filter((it) => it !== keyOf(service));
    if (others.length === 0) return address;
    return invalid('spec.loadBalancerIP', text, `is held by Service ${others.join(', ')}`);
  }

  #pick(service: Service, family: Family): Address | FieldError {
    const pools = this.#poolsFor(service).filter((pool) => rangesOf(pool, family).length > 0);
    const kept = this.#held
      .heldBy(keyOf(service))
      .find((it) => familyOf(it) === family && pools.some((pool) => poolContains(pool, it)));
    if (kept !== undefined) return kept;
    const giving = pools.filter(({ autoAssign }) => autoAssign !== false);
    for (const pool of giving) {
      const address = this.#held.lowestFree(pool, family);
      if (address !== null) return address;
    }
    const sizes = giving.map((pool) => `${pool.name} (${poolSize(pool, family)} in all)`).join(', ');
    return internalError(
      'status.loadBalancer.ingress',
      giving.length === 0
        ? `no load-balancer pool gives ${family} addresses to ${classText(service)}`
        : `no ${family} address is free in load-balancer pool ${sizes}`,
    );
  }

  #poolsFor({ spec }: Service): readonly LoadBalancerPool[] {
    return this.#pools.filter((pool) => pool.class === spec.loadBalancerClass);
  }

  #holdOnly(service: Service, ingress: readonly LoadBalancerIngress[]): void {
    const key = keyOf(service);
    const wanted = new Set(ingress.map(({ ip = '' }) => parseAddress(ip)));
    for (const address of this.#held.heldBy(key)) if (!wanted.has(address)) this.#held.release(key, address);
    for (const address of wanted) if (address !== null) this.#held.hold(key, address);
  }
}

function keyOf(service: Service): string {
  return `${namespaceOf(service)}/${service.metadata.name}`;
}

function classText({ spec }: Service): string {
  return spec.loadBalancerClass === undefined
    ? 'Services without a class'
    : `Services of class ${spec.loadBalancerClass}`;
}

function ingressOf({ status }: Service): readonly LoadBalancerIngress[] {
  return status?.loadBalancer?.ingress ?? [];
}

function familyOfIngress({ ip = '' }: LoadBalancerIngress): Family | null {
  const address = parseAddress(ip);
  return address === null ? null : familyOf(address);
}

function finalizersOf({ metadata }: Service): readonly string[] {
  return metadata.finalizers ?? [];
}

// A Service that no API server gave families has those of its cluster IPs.
function familiesOf({ spec }: Service): readonly Family[] {
  const { ipFamilies, clusterIP = '', clusterIPs = [clusterIP] } = spec;
  const given = new Set(ipFamilies?.filter((it) => FAMILIES.includes(it)));
  if (given.size > 0) return [...given];
  const derived = new Set(clusterIPs.map((ip) => familyOfIngress({ ip })).filter((it) => it !== null));
  return derived.size > 0 ? [...derived] : ['IPv4'];
}

function event(type: ControllerEvent['type'], reason: string, message: string): ControllerEvent {
  return { type, reason, message };
}

function syncFailed(problem: FieldError): ControllerEvent {
  const why = `${problem.field}: ${fieldErrorMessage(problem)}`;
  const message = `Error syncing load balancer: failed to ensure load balancer: ${why}`;
  return event('Warning', 'SyncLoadBalancerFailed', message);
}
