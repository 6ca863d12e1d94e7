import type { ListenAddress, LogLevel } from '@shunt/agent';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/duration.js';
import { parseListen } from './listen-address.js';

/** How an agent runs. Names are kube-proxy's where it has them. */
export interface AgentRunOptions {
  readonly inCluster: boolean;
  readonly onStop: 'keep' | 'remove';
  /** Seconds. */
  readonly syncPeriod?: number;
  /** Seconds. */
  readonly minSyncPeriod?: number;
  /** `null`: not served. */
  readonly healthzBindAddress?: ListenAddress | null;
  readonly metricsBindAddress?: ListenAddress | null;
  readonly logFile?: string;
  readonly logLevel: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
export const HEALTHZ_PORT = 10_256;
export const METRICS_PORT = 10_249;

export function addAgentOptions(command: Command): Command {
  const options = [
    new Option('--in-cluster', "follow the API server of this Pod's cluster, as its service account").default(
      false,
    ),
    new Option('--on-stop <what>', 'what happens to the rules when the agent is told to stop')
      .choices(['keep', 'remove'])
      .default('keep'),
    new Option(
      '--sync-period <duration>',
      'how often the rules in the kernel are verified (default: 30s)',
    ).argParser(durationOption),
    new Option('--min-sync-period <duration>', 'the least time between two writes (default: 1s)').argParser(
      durationOption,
    ),
    new Option(
      '--healthz-bind-address <ip:port>',
      'where /healthz and /livez are served, empty for nowhere (default: 0.0.0.0:10256)',
    ).argParser(listenOption(HEALTHZ_PORT)),
    new Option(
      '--metrics-bind-address <ip:port>',
      'where /metrics and /proxyMode are served, empty for nowhere (default: 127.0.0.1:10249)',
    ).argParser(listenOption(METRICS_PORT)),
    new Option('--log-file <file>', 'where the log is appended to (default: standard output)'),
    new Option('--log-level <level>', 'the least that is logged').choices(LEVELS).default('info'),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

function durationOption(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== null && seconds > 0) return seconds;
  throw new InvalidArgumentError('Expected a duration such as 30s or 500ms.');
}

function listenOption(port: number): (text: string) => ListenAddress | null {
  return (text) => {
    if (text === '') return null;
    const address = parseListen(text, port);
    if (address !== null) return address;
    throw new InvalidArgumentError('Expected ip:port, [ip6]:port, or nothing.');
  };
}
