/** What the agent counts: kube-proxy's metrics under their names where it has them, others as `shunt_...`. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { SyncReport } from '../sync/syncer.js';

/** What is asked when metrics are read. */
export interface Gauged {
  readonly pending: { readonly serviceChanges: number; readonly endpointChanges: number };
  readonly noLocalEndpoints: { readonly internal: number; readonly external: number };
  readonly servicePorts: number;
}

/** kube-proxy's: 1 ms, and twice as much each time. */
const SYNC_BUCKETS = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

const steps = (first: number, last: number, step: number): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);

/** kube-proxy's: fine below a minute, coarse up to five. */
const PROGRAMMING_BUCKETS = [0.25, 0.5, ...steps(1, 59, 1), ...steps(60, 115, 5), ...steps(120, 300, 30)];

/** Which counters of kube-proxy's count a driver's failures: when all was to be written, and when a difference was. */
const FAILURES = {
  nftables: {
    full: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
    partial: null,
  },
  iptables: {
    full: 'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
    partial: 'kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total',
  },
} as const;

export class AgentMetrics {
  readonly #registry = new Registry();
  readonly #syncSeconds = this.#histogram('sync_proxy_rules_duration_seconds', 'Duration of one sync');
  readonly #fullSeconds = this.#histogram(
    'sync_full_proxy_rules_duration_seconds',
    'Duration of one sync that wrote all rules',
  );
  readonly #partialSeconds = this.#histogram(
    'sync_partial_proxy_rules_duration_seconds',
    'Duration of one sync that wrote a difference',
  );
  readonly #programmingSeconds = new Histogram({
    name: 'kubeproxy_network_programming_duration_seconds',
    help: 'From a change of endpoints in the cluster until the rules of this node follow it',
    buckets: PROGRAMMING_BUCKETS,
    registers: [this.#registry],
  });
  readonly #lastSync = this.#gauge(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'Last successful sync',
  );
  readonly #lastQueued = this.#gauge(
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    'When a sync was last asked for',
  );
  readonly #endpointChanges = this.#counter(
    'kubeproxy_sync_proxy_rules_endpoint_changes_total',
    'Changes of EndpointSlices',
  );
  readonly #serviceChanges = this.#counter(
    'kubeproxy_sync_proxy_rules_service_changes_total',
    'Changes of Services',
  );
  readonly #healthz = this.#codes('kubeproxy_proxy_healthz_total', 'Answers of /healthz');
  readonly #livez = this.#codes('kubeproxy_proxy_livez_total', 'Answers of /livez');
  readonly #failures: Counter;
  readonly #partialFailures: Counter;
  readonly #drift = this.#counter(
    'shunt_rules_drift_total',
    'Rules that somebody else had changed or removed, and that were mended',
  );
  readonly #unread = this.#counter(
    'shunt_rules_read_back_failures_total',
    'Times that the rules could not be read back to compare them; they follow changes all the same',
  );
  readonly #statements = this.#counter('shunt_rule_statements_total', 'Lines that the kernel took');
  readonly #deletedFlows = this.#counter(
    'kubeproxy_conntrack_reconciler_deleted_entries_total',
    'Tracked flows that were deleted because their endpoint is gone',
  );

  /** @param gauged - asked each time that metrics are read */
  constructor(target: keyof typeof FAILURES, gauged: () => Gauged) {
    const { full, partial } = FAILURES[target];
    this.#failures = this.#counter(full, 'Syncs that the kernel, or its tool, refused');
    this.#partialFailures =
      partial === null ? this.#failures : this.#counter(partial, 'Differences that iptables refused');
    this.#read('kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'Changes not in the rules', () => [
      [{}, gauged().pending.endpointChanges],
    ]);
    this.#read('kubeproxy_sync_proxy_rules_service_changes_pending', 'Changes not in the rules', () => [
      [{}, gauged().pending.serviceChanges],
    ]);
    this.#read(
      'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
      'Service ports with policy Local and no endpoint here',
      () => {
        const { internal, external } = gauged().noLocalEndpoints;
        return [
          [{ traffic_policy: 'internal' }, internal],
          [{ traffic_policy: 'external' }, external],
        ];
      },
      ['traffic_policy'],
    );
    this.#read('shunt_service_ports', 'Service ports in the rules, of both families', () => [
      [{}, gauged().servicePorts],
    ]);
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  queued(now: number): void {
    this.#lastQueued.set(now / 1000);
  }

  /** @param began - when the sync began, in milliseconds since 1970, as `now` */
  synced(report: SyncReport, began: number, now: number): void {
    const { changes, driver, drift, deletedFlows, written, readBackProblem } = report;
    this.#syncSeconds.observe((now - began) / 1000);
    if (driver !== null) {
      (driver.full ? this.#fullSeconds : this.#partialSeconds).observe((written - began) / 1000);
      this.#statements.inc(driver.statements);
    }
    for (const { serviceChanges, endpointChanges, triggerTimes } of changes) {
      this.#serviceChanges.inc(serviceChanges);
      this.#endpointChanges.inc(endpointChanges);
      for (const time of triggerTimes) this.#programmingSeconds.observe((written - time) / 1000);
    }
    this.#drift.inc(drift.length);
    if (readBackProblem !== null) this.#unread.inc();
    if (deletedFlows !== null) this.#deletedFlows.inc(deletedFlows);
    this.#lastSync.set(now / 1000);
  }

  /** @param isPartial - a difference was to be written, not all */
  failed(isPartial: boolean): void {
    (isPartial ? this.#partialFailures : this.#failures).inc();
  }

  answered(what: 'healthz' | 'livez', status: number): void {
    (what === 'healthz' ? this.#healthz : this.#livez).inc({ code: String(status) });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({
      name: `kubeproxy_${name}`,
      help,
      buckets: SYNC_BUCKETS,
      registers: [this.#registry],
    });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }

  #codes(name: string, help: string): Counter<'code'> {
    return new Counter({ name, help, labelNames: ['code'], registers: [this.#registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }

  #read(
    name: string,
    help: string,
    read: () => (readonly [labels: Record<string, string>, value: number])[],
    labelNames: readonly string[] = [],
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }
}
