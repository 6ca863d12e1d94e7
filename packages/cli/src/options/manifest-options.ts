import {
  type AdmitMode,
  type LoadBalancerPool,
  type NodePortRange,
  parseLoadBalancerPool,
} from '@shunt/cluster';
import type { Cidr } from '@shunt/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LiveOptions } from './live-options.js';
import { cidrsOption, seedOption, sizeOption } from './parsers.js';

const ADMIT_MODES: readonly AdmitMode[] = ['auto', 'always', 'never'];

/** What says which manifests are read, and what a cluster adds to them. */
export interface ManifestOptions extends LiveOptions {
  readonly filename?: readonly string[];
  readonly admit: AdmitMode;
  readonly serviceCidr?: readonly Cidr[];
  readonly serviceNodePortRange?: NodePortRange;
  readonly loadBalancerPool?: readonly LoadBalancerPool[];
  readonly maxEndpointsPerSlice?: number;
  readonly allocationSeed: number;
  readonly maxFileSize: number;
  readonly strict: boolean;
}

const DEFAULT_MAX_FILE_SIZE = 256e6;
const MAX_PORT = 65535;
/** What the API server allows in one slice. */
const MAX_ENDPOINTS = 1000;

const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** Adds `-f`: a file, a folder, a pattern, or standard input. */
export function addFilenameOption(command: Command): Command {
  return command.addOption(
    new Option(
      '-f, --filename <path>',
      'manifests: a file, a folder, a pattern, or - for standard input; repeatable',
    ).argParser(collect),
  );
}

/** Adds what a cluster's control plane is configured with. Names are those of Kubernetes' own programs. */
export function addAdmissionOptions(command: Command): Command {
  const options = [
    new Option(
      '--admit <mode>',
      'what goes through admission: auto (Services without clusterIP and status; endpoints for Services with a selector and no slices, when there are Pods), always, or never',
    )
      .choices(ADMIT_MODES)
      .default('auto'),
    new Option(
      '--service-cidr <cidrs>',
      'ranges of cluster IPs, besides those of ServiceCIDR objects; repeatable (default where a Service needs one: 10.96.0.0/12)',
    ).argParser(cidrsOption),
    new Option(
      '--service-node-port-range <first-last>',
      'which node ports there are (default: 30000-32767)',
    ).argParser(nodePortRangeOption),
    new Option(
      '--load-balancer-pool <name=ranges>',
      'addresses for Services of type LoadBalancer: public=203.0.113.0/24,2001:db8::/64; repeatable',
    ).argParser(loadBalancerPoolOption),
    new Option(
      '--max-endpoints-per-slice <number>',
      'how many endpoints one made slice holds (default: 100)',
    ).argParser(maxEndpointsOption),
    new Option('--allocation-seed <number>', 'of the addresses and node ports that are picked')
      .argParser(seedOption)
      .default(0),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** Adds how much is read, and what stops a command. */
export function addLimitOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--max-file-size <size>', 'the largest file that is read')
        .argParser(sizeOption)
        .default(DEFAULT_MAX_FILE_SIZE, '256MB'),
    )
    .addOption(new Option('--strict', 'stop at warnings as at errors').default(false));
}

/** The options of a command that reads manifests and asks for no node. */
export function addManifestOptions(command: Command): Command {
  return addLimitOptions(addAdmissionOptions(addFilenameOption(command)));
}

function nodePortRangeOption(text: string): NodePortRange {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (first >= 1 && last <= MAX_PORT && first <= last) return { first, last };
  throw new InvalidArgumentError('Expected two port numbers such as 30000-32767.');
}

function maxEndpointsOption(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_ENDPOINTS) return count;
  throw new InvalidArgumentError(`Expected an integer 1..${MAX_ENDPOINTS}.`);
}

function loadBalancerPoolOption(
  text: string,
  previous: readonly LoadBalancerPool[] = [],
): LoadBalancerPool[] {
  const parsed = parseLoadBalancerPool(text);
  if ('error' in parsed) throw new InvalidArgumentError(parsed.error);
  return [...previous, parsed.pool];
}
