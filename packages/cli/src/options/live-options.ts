import type { Command } from 'commander';

/** A live cluster in place of manifests. */
export interface LiveOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Adds `--kubeconfig` and `--context`, as kubectl has them. */
export function addLiveOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'ask the cluster that this file leads to, instead of -f')
    .option('--context <name>', "one of the kubeconfig's contexts (alone: of the file that kubectl uses)");
}

/** Whether a cluster is meant, and not manifests. */
export function isLive({ kubeconfig, context }: LiveOptions): boolean {
  return kubeconfig !== undefined || context !== undefined;
}
