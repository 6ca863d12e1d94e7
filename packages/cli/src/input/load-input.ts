/** From options to everything that the rules of one node are made from. */
import type { CompileInput } from '@shunt/compiler';
import { type Diagnostic, type LoadedCluster, loadCluster } from '@shunt/model';
import type { Configuration } from '../config/configuration.js';
import { readConfiguration } from '../config/read-configuration.js';
import type { Io } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import type { Report } from '../report.js';
import { chooseNode } from './choose-node.js';
import { findFiles, MANIFEST_NAME } from './find-files.js';
import { chooseClusterCIDRs, chooseMode, proxyConfig } from './proxy-config.js';
import { readSources } from './read-sources.js';

export interface LoadedInput {
  readonly input: CompileInput;
  readonly cluster: LoadedCluster;
  readonly objectCount: number;
}

/**
 * Reads manifests and configuration, and settles node and mode. Whatever is wrong with any of them is
 * added to the report.
 * @param paths - what `-f` was given
 * @returns `null` after an error
 */
export async function loadInput(
  paths: readonly string[],
  options: ClusterOptions,
  report: Report,
  io: Io,
): Promise<LoadedInput | null> {
  const cluster = await readCluster(paths, options, report, io);
  const configuration = await readConfigurationFile(options, report, io);
  const mode = chooseMode(options, configuration);
  if (typeof mode !== 'string') report.add([mode]);
  if (cluster === null || report.errorCount > 0 || typeof mode !== 'string') return null;
  const node = chooseNode(cluster.state, options, configuration);
  if ('severity' in node) {
    report.add([node]);
    return null;
  }
  const clusterCIDRs = chooseClusterCIDRs(options, configuration, node.node);
  if ('severity' in clusterCIDRs) {
    report.add([clusterCIDRs]);
    return null;
  }
  const config = proxyConfig(options, configuration, mode, clusterCIDRs);
  const { state, objectCount } = cluster;
  return { input: { state, node: node.view, config }, cluster, objectCount };
}

/** Adds the places to diagnostics that know only an object. */
export function located(diagnostics: readonly Diagnostic[], cluster: LoadedCluster): Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    if (diagnostic.position !== undefined || diagnostic.object === undefined) return diagnostic;
    const position = cluster.locate(diagnostic.object);
    return position === null ? diagnostic : { ...diagnostic, position };
  });
}

async function readCluster(
  paths: readonly string[],
  { maxFileSize }: ClusterOptions,
  report: Report,
  io: Io,
): Promise<LoadedCluster | null> {
  const found = findFiles(paths, MANIFEST_NAME);
  report.add(found.diagnostics);
  const { sources, diagnostics } = await readSources(found.files, maxFileSize, io);
  report.add(diagnostics);
  if (sources.length === 0) return null;
  const cluster = loadCluster(sources.map(({ file, text }) => ({ name: file, text })));
  report.add(cluster.diagnostics);
  return cluster;
}

async function readConfigurationFile(
  { config, maxFileSize }: ClusterOptions,
  report: Report,
  io: Io,
): Promise<Configuration | null> {
  if (config === undefined) return null;
  const { sources, diagnostics } = await readSources([config], maxFileSize, io);
  report.add(diagnostics);
  const [source] = sources;
  if (source === undefined) return null;
  const read = readConfiguration(source);
  report.add(read.diagnostics);
  return read.configuration;
}
