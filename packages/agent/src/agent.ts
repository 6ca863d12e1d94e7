/** The node agent: a cluster's objects in, a kernel's rules out, for as long as it runs. */
import type { CompileInput, NodeView, ProxyConfig, RulesetUpdate } from '@shunt/compiler';
import type { RuleDriver } from '@shunt/kernel';
import { type ChangeEvent, ClusterState, FAMILIES, formatAddress } from '@shunt/model';
import type { Clock } from './clock/clock.js';
import { HealthCheckServers } from './health/health-check-servers.js';
import { HealthCheckedServices } from './health/health-checked-services.js';
import { NodeEligibility } from './health/node-eligibility.js';
import { SyncHealth } from './health/sync-health.js';
import { healthEndpoints, metricsEndpoints, type Watched } from './http/agent-endpoints.js';
import type { ListenAddress } from './http/http-server.js';
import { KeptServer } from './http/kept-server.js';
import type { Log } from './log/log.js';
import { MissingNode } from './log/missing-node.js';
import { AgentMetrics } from './metrics/agent-metrics.js';
import { NoLocalEndpoints } from './metrics/no-local-endpoints.js';
import type { ClusterSource } from './source/cluster-source.js';
import { BoundedRunner, type RunOutcome, type RunReason } from './sync/bounded-runner.js';
import type { FlowCleaner } from './sync/flow-cleaner.js';
import { type NodeOptions, nodeViewer } from './sync/node-watch.js';
import { ReadBackSchedule } from './sync/read-back-schedule.js';
import { SyncLog } from './sync/sync-log.js';
import { Syncer, type SyncReport } from './sync/syncer.js';

/** When the agent acts; all in milliseconds. kube-proxy's words and defaults. */
export interface AgentTiming {
  /** Between the end of one sync and the start of the next, at least. */
  readonly minSyncPeriod: number;
  /**
   * How often it is looked at whether the kernel's rules are there, and compared whether they are as they should be;
   * the latter less often if that takes long. The longest wait for a retry.
   */
  readonly syncPeriod: number;
  /** How long nothing at all may happen before all rules are gone through. */
  readonly fullSyncPeriod: number;
}

export const DEFAULT_TIMING: AgentTiming = {
  minSyncPeriod: 1000,
  syncPeriod: 30_000,
  fullSyncPeriod: 3_600_000,
};

export interface AgentOptions {
  readonly source: ClusterSource;
  readonly driver: RuleDriver;
  /** Deletes flows of endpoints that are gone; `null`: nobody does. */
  readonly flows: FlowCleaner | null;
  readonly node: NodeOptions;
  readonly config: ProxyConfig;
  readonly timing: AgentTiming;
  readonly clock: Clock;
  readonly log: Log;
  /** Where `/healthz` and `/livez` are served; `null`: nowhere. */
  readonly healthAddress: ListenAddress | null;
  /** Where `/metrics`, `/proxyMode` and `/healthz` are served; `null`: nowhere. */
  readonly metricsAddress: ListenAddress | null;
  /** Whether health-check node ports are served. */
  readonly servesHealthChecks: boolean;
}

/** The first retry after a failure; each further one waits twice as long, up to the sync period. */
const FIRST_RETRY_MILLISECONDS = 1000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #state = new ClusterState();
  readonly #viewNode: (state: ClusterState) => NodeView;
  readonly #syncer: Syncer;
  readonly #runner: BoundedRunner;
  readonly #health: SyncHealth;
  readonly #eligibility: NodeEligibility;
  readonly #metrics: AgentMetrics;
  readonly #noLocal = new NoLocalEndpoints();
  readonly #checked = new HealthCheckedServices();
  readonly #checkServers: HealthCheckServers;
  readonly #servers: readonly KeptServer[];
  readonly #syncLog: SyncLog;
  readonly #missingNode: MissingNode;
  readonly #readBack: ReadBackSchedule;
  #isSynced = false;
  #servicePorts = 0;
  #cancelLook: () => void = () => {};
  #stopping: Promise<void> | null = null;

  constructor(options: AgentOptions) {
    const { config, clock, log, driver, flows, node, timing } = options;
    this.#options = options;
    this.#viewNode = nodeViewer(node);
    this.#health = new SyncHealth(timing.syncPeriod);
    this.#eligibility = new NodeEligibility(node.name);
    this.#syncLog = new SyncLog(log, (object) => options.source.locate?.(object) ?? null);
    this.#missingNode = new MissingNode(node, log);
    this.#metrics = new AgentMetrics(driver.target, () => ({
      pending: this.#syncer.pending,
      noLocalEndpoints: this.#noLocal,
      servicePorts: this.#servicePorts,
    }));
    this.#checkServers = new HealthCheckServers(() => this.#health.isHealthy(clock.now()), log);
    this.#syncer = new Syncer({
      state: this.#state,
      node: this.#viewNode,
      config,
      driver,
      flows,
      clock,
      compiled: (update) => this.#compiled(update),
    });
    const { minSyncPeriod, syncPeriod, fullSyncPeriod } = timing;
    const retry = { first: Math.max(FIRST_RETRY_MILLISECONDS, minSyncPeriod), longest: syncPeriod };
    this.#runner = new BoundedRunner(
      clock,
      { minInterval: minSyncPeriod, maxInterval: fullSyncPeriod, retry },
      (reasons) => this.#run(reasons),
    );
    this.#readBack = new ReadBackSchedule(syncPeriod, driver.isInPlace !== undefined, clock.now());
    this.#state.subscribe((event) => this.#changed(event));
    this.#servers = this.#makeServers();
  }

  /** Begins to serve, to watch, and to write rules once everything has been seen. */
  async start(): Promise<void> {
    const { source, log, driver, config, node } = this.#options;
    log.info({ node: node.name, target: driver.target, mode: config.mode }, `following ${source.name}`);
    await Promise.all(this.#servers.map((server) => server.start()));
    source.start(this.#state, () => {
      this.#isSynced = true;
      this.#queue('first');
      this.#lookLater();
    });
  }

  /**
   * Stops watching and serving; a sync that is under way ends first. May be called again.
   * @param rules - whether the kernel keeps its rules. While nobody follows the cluster they go stale, but
   *   connections go on, and the next agent takes them over.
   * @throws {Error} the driver's, if rules cannot be removed
   */
  stop(rules: 'keep' | 'remove'): Promise<void> {
    this.#stopping ??= this.#stop(rules);
    return this.#stopping;
  }

  /** The ports that are served, for who asked for any; `null`: not open. */
  get ports(): { readonly health: number | null; readonly metrics: number | null } {
    const { healthAddress, metricsAddress } = this.#options;
    const [first, second] = this.#servers;
    if (healthAddress === null) return { health: null, metrics: first?.port ?? null };
    return { health: first?.port ?? null, metrics: metricsAddress === null ? null : (second?.port ?? null) };
  }

  async #stop(rules: 'keep' | 'remove'): Promise<void> {
    const { source, driver, log } = this.#options;
    this.#cancelLook();
    await source.stop();
    await this.#runner.stop();
    await Promise.all([...this.#servers.map((server) => server.stop()), this.#checkServers.stop()]);
    if (rules === 'remove') await driver.remove();
    log.info({ rules }, rules === 'keep' ? 'stopped, the rules stay' : 'stopped, the rules are removed');
  }

  #makeServers(): KeptServer[] {
    const { clock, log, healthAddress, metricsAddress, config } = this.#options;
    const watched: Watched = {
      health: this.#health,
      eligibility: this.#eligibility,
      metrics: this.#metrics,
      mode: config.mode,
      now: () => clock.now(),
    };
    const servers: KeptServer[] = [];
    if (healthAddress !== null)
      servers.push(new KeptServer('/healthz', healthAddress, healthEndpoints(watched), clock, log));
    if (metricsAddress !== null)
      servers.push(new KeptServer('/metrics', metricsAddress, metricsEndpoints(watched), clock, log));
    return servers;
  }

  #changed(event: ChangeEvent): void {
    this.#eligibility.observe(event);
    // Until everything is there, rules would lack what is merely not known yet.
    if (this.#isSynced) this.#queue('changes');
  }

  #queue(reason: RunReason): void {
    const now = this.#options.clock.now();
    this.#health.queued(now);
    this.#metrics.queued(now);
    this.#runner.request(reason);
  }

  #lookLater(): void {
    const { clock } = this.#options;
    if (this.#stopping !== null) return;
    this.#cancelLook();
    this.#cancelLook = clock.after(this.#readBack.wait(clock.now()), () => {
      this.#runner.request(this.#readBack.reason(clock.now()));
    });
  }

  /** Never fails in silence, whatever it is that fails. */
  async #run(reasons: ReadonlySet<RunReason>): Promise<RunOutcome> {
    try {
      const outcome = await this.#sync(reasons);
      if (outcome === 'done') this.#syncLog.ended();
      return outcome;
    } catch (error) {
      this.#syncLog.brokeOff(error);
      return 'failed';
    }
  }

  async #sync(reasons: ReadonlySet<RunReason>): Promise<RunOutcome> {
    const { clock } = this.#options;
    const began = clock.now();
    const isPartial = !this.#syncer.needsLoad && !reasons.has('full');
    this.#missingNode.look(this.#state);
    let report: SyncReport;
    try {
      report = await this.#syncer.sync(reasons);
      this.#readBack.ended(report, clock.now());
    } catch (error) {
      // Whatever it was, the rules are not known to be right since.
      this.#health.queued(began);
      this.#metrics.failed(isPartial);
      this.#syncLog.failed(error);
      return 'failed';
    } finally {
      if (reasons.has('verify') || reasons.has('glance')) this.#lookLater();
    }
    const now = clock.now();
    this.#health.synced(began, now);
    this.#metrics.synced(report, began, now);
    this.#syncLog.succeeded(report, reasons);
    await this.#serveHealthChecks();
    return 'done';
  }

  #compiled(update: RulesetUpdate): void {
    this.#noLocal.take(update);
    this.#checked.take(update);
    this.#servicePorts += update.added.length - update.removed.length;
    for (const diagnostic of update.diagnostics.added) this.#syncLog.warn(diagnostic);
  }

  async #serveHealthChecks(): Promise<void> {
    const { config, servesHealthChecks } = this.#options;
    if (!servesHealthChecks) return;
    const input: CompileInput = { state: this.#state, node: this.#viewNode(this.#state), config };
    await this.#checkServers.keep(this.#checked.list(input), this.#healthCheckHosts());
  }

  /** Every address, or those that node ports are restricted to (10.1). */
  #healthCheckHosts(): string[] {
    const { nodePorts } = this.#syncer.ruleset;
    const restricted = FAMILIES.flatMap((family) => {
      const { match } = nodePorts[family];
      return match === 'local' ? [] : match.map(formatAddress);
    });
    return FAMILIES.some((family) => nodePorts[family].match === 'local') ? [''] : restricted;
  }
}
