/** From options to everything that the rules of one node are made from. */

import type { AdmittedManifests } from '@shunt/cluster';
import type { CompileInput } from '@shunt/compiler';
import type { Configuration } from '../config/configuration.js';
import { readConfiguration } from '../config/read-configuration.js';
import type { Io } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import type { Report } from '../report.js';
import { chooseNode } from './choose-node.js';
import { loadManifests } from './load-manifests.js';
import { chooseClusterCIDRs, chooseMode, proxyConfig } from './proxy-config.js';
import { readSources } from './read-sources.js';

export interface LoadedInput {
  readonly input: CompileInput;
  readonly manifests: AdmittedManifests;
  readonly configuration: Configuration | null;
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
  const manifests = await loadManifests(paths, options, report, io);
  const configuration = await readConfigurationFile(options, report, io);
  const mode = chooseMode(options, configuration);
  if (typeof mode !== 'string') report.add([mode]);
  if (manifests === null || report.errorCount > 0 || typeof mode !== 'string') return null;
  const node = chooseNode(manifests.state, options, configuration);
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
  return { input: { state: manifests.state, node: node.view, config }, manifests, configuration };
}

/** Reads `--config`. @returns `null` without one, or after an error */
export async function readConfigurationFile(
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
