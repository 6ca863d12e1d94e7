/** From the options of `shunt agent` to an agent. */
import { randomInt } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import {
  Agent,
  ApiClient,
  ApiSource,
  type Clock,
  type ClusterSource,
  DEFAULT_TIMING,
  FolderSource,
  followedResources,
  type Log,
  listResource,
  loadKubeconfig,
  openLogFile,
  pinoLog,
  RESOURCES,
  systemClock,
} from '@shunt/agent';
import { ConntrackCleaner, openConntrack } from '@shunt/kernel';
import { type Address, checkObject, type Diagnostic, type Mode, type Node, parseAddress } from '@shunt/model';
import type { AgentCommandOptions } from '../commands/agent.js';
import type { Configuration } from '../config/configuration.js';
import { findFiles, MANIFEST_NAME } from '../input/find-files.js';
import { readConfigurationFile } from '../input/load-input.js';
import { admitOptions } from '../input/load-manifests.js';
import { chooseClusterCIDRs, chooseMode, proxyConfig } from '../input/proxy-config.js';
import { readSources } from '../input/read-sources.js';
import type { Io } from '../io.js';
import { HEALTHZ_PORT, METRICS_PORT } from '../options/agent-options.js';
import { parseListen } from '../options/listen-address.js';
import { isLive } from '../options/live-options.js';
import type { Report } from '../report.js';
import { kernelProblem } from './kernel-problem.js';
import { openDriver, ruleSettings, targetOf, targetProblem } from './kernel-target.js';

export interface PreparedAgent {
  /** Runs until the process is asked to end. @returns why the rules could not be removed; `null`: all is well */
  run(): Promise<string | null>;
  /** Lets go of everything without having run. */
  discard(): Promise<void>;
}

/** @returns `null` after an error, which is in the report */
export async function prepareAgent(
  paths: readonly string[],
  options: AgentCommandOptions,
  report: Report,
  io: Io,
): Promise<PreparedAgent | null> {
  const configuration = await readConfigurationFile(options, report, io);
  const mode = chooseMode(options, configuration);
  const client = await chooseClient(paths, options, configuration, report);
  if (typeof mode !== 'string') report.add([mode]);
  else report.add(targetProblem(targetOf(options, mode), mode));
  if (report.errorCount > 0 || typeof mode !== 'string') return null;
  const name = (options.node ?? configuration?.hostnameOverride ?? hostname()).toLowerCase();
  const clusterCIDRs = chooseClusterCIDRs(
    options,
    configuration,
    await nodeFor(configuration, client, name, report),
  );
  if ('severity' in clusterCIDRs) report.add([clusterCIDRs]);
  const log = openLog(options, report);
  if ('severity' in clusterCIDRs || log === null) return null;
  const config = proxyConfig(options, configuration, mode, clusterCIDRs);
  const clock = systemClock();
  const settings = ruleSettings(options, configuration, mode);
  const { driver, close } = await openDriver(targetOf(options, mode), settings, options.iptablesVariant);
  const agent = new Agent({
    source:
      client === null
        ? folderSource(paths, options, io, clock, log.log)
        : apiSource(client, name, config.serviceProxyName, clock, log.log),
    driver,
    flows: new ConntrackCleaner(await openConntrack()),
    node: {
      name,
      addresses: options.nodeIp ?? [],
      interfaceAddresses,
      zone: options.nodeZone ?? null,
      bindAddress: configuration?.bindAddress ?? null,
    },
    config,
    timing: timing(options, configuration, mode),
    clock,
    log: log.log,
    ...addresses(options, configuration),
    servesHealthChecks: true,
  });
  const discard = async (): Promise<void> => {
    close();
    log.close();
  };
  return { run: () => runAgent(agent, options, io).finally(discard), discard };
}

async function runAgent(agent: Agent, { onStop }: AgentCommandOptions, io: Io): Promise<string | null> {
  const stopped = io.stopped();
  await agent.start();
  await stopped;
  try {
    await agent.stop(onStop);
    return null;
  } catch (error) {
    return kernelProblem(error);
  }
}

/** The API server that is followed; `null`: the paths are, or something is wrong, which is in the report. */
async function chooseClient(
  paths: readonly string[],
  options: AgentCommandOptions,
  configuration: Configuration | null,
  report: Report,
): Promise<ApiClient | null> {
  const { inCluster, kubeconfig = configuration?.kubeconfig ?? undefined, context = null } = options;
  const asked = isLive(options) || inCluster;
  const problem = sourceProblem(paths, asked, kubeconfig !== undefined);
  if (problem !== null) report.add([problem]);
  if (problem !== null || paths.length > 0) return null;
  const from = inCluster ? 'in-cluster' : kubeconfig === undefined ? 'default' : { file: kubeconfig };
  try {
    return new ApiClient(await loadKubeconfig({ from, context }));
  } catch (error) {
    report.add([{ severity: 'error', code: 'cluster', message: (error as Error).message }]);
    return null;
  }
}

function sourceProblem(paths: readonly string[], asked: boolean, configured: boolean): Diagnostic | null {
  if (paths.includes('-')) {
    const message = 'standard input cannot be followed: name a file or a folder with -f';
    return { severity: 'error', code: 'file', message };
  }
  if (paths.length > 0 && asked) {
    const message =
      'either manifests or a live cluster: leave out -f, or --kubeconfig, --context, --in-cluster';
    return { severity: 'error', code: 'cluster', message };
  }
  if (paths.length > 0 || asked || configured) return null;
  const message = 'nothing to follow: name a folder with -f, or a cluster with --kubeconfig or --in-cluster';
  return { severity: 'error', code: 'empty', message };
}

/** The Node object, where the configuration needs it before anything runs. */
async function nodeFor(
  configuration: Configuration | null,
  client: ApiClient | null,
  name: string,
  report: Report,
): Promise<Node | null> {
  if (configuration?.detectLocalMode !== 'NodeCIDR' || client === null) return null;
  try {
    const resource = { ...RESOURCES.Node, fieldSelector: `metadata.name=${name}` };
    const { items } = await listResource(client, resource, new AbortController().signal);
    const [checked] = items.map(checkObject);
    return (checked?.object ?? null) as Node | null;
  } catch (error) {
    const message = `${client.server}: Node ${name} cannot be read: ${(error as Error).message}`;
    report.add([{ severity: 'error', code: 'cluster', message }]);
    return null;
  }
}

function openLog(
  { logFile, logLevel }: AgentCommandOptions,
  report: Report,
): { readonly log: Log; readonly close: () => void } | null {
  try {
    const file = openLogFile(logFile ?? null);
    return { log: pinoLog(file, logLevel), close: () => file.close() };
  } catch (error) {
    report.add([{ severity: 'error', code: 'file', message: `--log-file: ${(error as Error).message}` }]);
    return null;
  }
}

function folderSource(
  paths: readonly string[],
  options: AgentCommandOptions,
  io: Io,
  clock: Clock,
  log: Log,
): ClusterSource {
  const reader = {
    list: () => findFiles(paths, MANIFEST_NAME),
    read: (files: readonly string[]) => readSources(files, options.maxFileSize, io),
  };
  return new FolderSource({ paths, reader, admit: admitOptions(options), clock, log });
}

function apiSource(
  client: ApiClient,
  node: string,
  serviceProxyName: string | null,
  clock: Clock,
  log: Log,
): ClusterSource {
  const resources = followedResources(node, serviceProxyName);
  // What nodes do at the same time is spread; nothing depends on how.
  const random = (): number => randomInt(2 ** 32) / 2 ** 32;
  return new ApiSource({ client, resources, clock, random, log });
}

function timing(
  options: AgentCommandOptions,
  configuration: Configuration | null,
  mode: Mode,
): typeof DEFAULT_TIMING {
  const seconds = {
    sync: options.syncPeriod ?? configuration?.syncSeconds[mode] ?? DEFAULT_TIMING.syncPeriod / 1000,
    least:
      options.minSyncPeriod ?? configuration?.minSyncSeconds[mode] ?? DEFAULT_TIMING.minSyncPeriod / 1000,
  };
  return { ...DEFAULT_TIMING, syncPeriod: seconds.sync * 1000, minSyncPeriod: seconds.least * 1000 };
}

function addresses(
  { healthzBindAddress, metricsBindAddress }: AgentCommandOptions,
  configuration: Configuration | null,
): Pick<ConstructorParameters<typeof Agent>[0], 'healthAddress' | 'metricsAddress'> {
  const health = parseListen(configuration?.healthzBindAddress ?? '0.0.0.0', HEALTHZ_PORT);
  const metrics = parseListen(configuration?.metricsBindAddress ?? '127.0.0.1', METRICS_PORT);
  return {
    healthAddress: healthzBindAddress === undefined ? health : healthzBindAddress,
    metricsAddress: metricsBindAddress === undefined ? metrics : metricsBindAddress,
  };
}

/** Without those of one link only, which come and go with every Pod and lead nowhere else. */
function interfaceAddresses(): Address[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const reachable = all.filter((entry) => !entry.internal && !('scopeid' in entry && entry.scopeid > 0));
  return reachable.flatMap(({ address }) => parseAddress(address) ?? []).sort((a, b) => (a < b ? -1 : 1));
}
