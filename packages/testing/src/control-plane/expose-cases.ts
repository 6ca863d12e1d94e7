import { type DryRun, exposableKind, exposeService, runPod, withoutNulls } from '@shunt/cluster';
import { check, checkStructure, type KubernetesObject, shape } from '@shunt/model';
import type { CaseKind, Check, ControlPlaneCase } from './case-kind.js';
import { type CommandLine, type FlagSet, readCommandLine } from './command-line.js';
import { differenceOf } from './compare.js';

/** A command line of kubectl, and what it sends to the API server. */
export interface ExposeCase extends ControlPlaneCase {
  /** Words as typed, `kubectl` first. */
  readonly argv: readonly (string | number)[];
  /** The object that is exposed. */
  readonly resource?: KubernetesObject;
  /** What is not there must not be made: a Pod without its Service, say. Namespaces are left out. */
  readonly expect: {
    readonly service?: unknown;
    readonly pod?: unknown;
    /** The class of kubectl's error. */
    readonly error?: string;
  };
}

const { anything, intOrString, list, object, string } = shape;

const kubernetesObject = object(
  {
    apiVersion: string(),
    kind: string(),
    metadata: object({ name: string() }, { required: ['name'], open: true }),
  },
  { required: ['apiVersion', 'kind', 'metadata'], open: true },
);

const caseShape = object(
  {
    name: string(),
    source: string(),
    note: string(),
    argv: list(intOrString(-0x80000000, 0x7fffffff)),
    resource: kubernetesObject,
    expect: object({ service: anything(), pod: anything(), error: string() }),
  },
  { required: ['name', 'argv', 'expect'] },
);

const EVERYWHERE = 'namespace output field-manager context cluster user kubeconfig server';
const EXPOSE_FLAGS: FlagSet = {
  values: words(
    `${EVERYWHERE} name port protocol target-port selector labels type external-ip cluster-ip ` +
      'session-affinity load-balancer-ip filename',
  ),
  // Of expose, `--dry-run` takes a value behind `=` only.
  switches: words('dry-run save-config record'),
  short: { n: 'namespace', o: 'output', s: 'server', l: 'labels', f: 'filename' },
};
const RUN_FLAGS: FlagSet = {
  values: words(`${EVERYWHERE} image port labels annotations restart env image-pull-policy dry-run`),
  switches: words('expose command stdin tty attach leave-stdin-open rm quiet privileged save-config'),
  short: { n: 'namespace', o: 'output', s: 'server', l: 'labels', i: 'stdin', t: 'tty', q: 'quiet' },
};

/** Cases of `kubectl expose` and `kubectl run`. */
export const exposeCases: CaseKind<ExposeCase> = {
  kind: 'expose',
  marks: ['argv'],
  shape: caseShape,
  run: ({ argv, resource, expect: written }) => {
    const expect = withoutNulls(written);
    const sent = send(argv.map(String), resource ?? undefined);
    if ('problem' in sent) return [{ what: 'argv', difference: sent.problem }];
    const checks: Check[] = [
      { what: 'error', difference: differenceOf(expect.error, sent.error) },
      {
        what: 'service',
        difference: differenceOf(withoutNamespace(expect.service), withoutNamespace(sent.service)),
      },
    ];
    const pod = {
      what: 'pod',
      difference: differenceOf(withoutNamespace(expect.pod), withoutNamespace(sent.pod)),
    };
    return expect.pod === undefined && sent.pod === undefined ? checks : [...checks, pod];
  },
};

interface Sent {
  readonly service?: unknown;
  readonly pod?: unknown;
  readonly error?: string;
}

/** @returns `problem` when the command line and the resource make no case */
function send(
  argv: readonly string[],
  resource: KubernetesObject | undefined,
): Sent | { readonly problem: string } {
  const typed = argv.slice(1);
  const verb = typed.find((word) => word === 'expose' || word === 'run');
  if (verb === undefined) return { problem: 'neither kubectl expose nor kubectl run' };
  const line = readCommandLine(typed, verb === 'run' ? RUN_FLAGS : EXPOSE_FLAGS);
  if ('problem' in line) return { problem: line.problem };
  return verb === 'run' ? sendRun(line) : sendExpose(line, resource);
}

function sendRun(line: CommandLine): Sent {
  const { wordsBeforeDashes } = line;
  const [, name = '', ...args] = line.words;
  const result = runPod(wordsBeforeDashes === 1 ? '' : name, {
    ...textFlags(line, {
      image: 'image',
      port: 'port',
      labels: 'labels',
      restart: 'restart',
      imagePullPolicy: 'image-pull-policy',
      namespace: 'namespace',
    }),
    expose: isOn(line, 'expose'),
    command: isOn(line, 'command'),
    stdin: isOn(line, 'stdin'),
    tty: isOn(line, 'tty'),
    leaveStdinOpen: isOn(line, 'leave-stdin-open'),
    env: line.flags.get('env') ?? [],
    annotations: line.flags.get('annotations') ?? [],
    args,
    dryRun: dryRunOf(line),
  });
  if (result.error !== null) return { error: result.error.class };
  return { pod: result.pod, service: result.service ?? undefined };
}

function sendExpose(
  line: CommandLine,
  resource: KubernetesObject | undefined,
): Sent | { readonly problem: string } {
  const [, typeWord = '', nameWord = ''] = line.words;
  const [type = '', name = nameWord] = typeWord.split('/', 2);
  const kind = exposableKind(type);
  if (resource === undefined) {
    return kind === null ? { error: 'kindNotExposable' } : { problem: 'the case lacks its resource' };
  }
  const isMeant = line.flags.has('filename') || (kind ?? resource.kind) === resource.kind;
  if (!isMeant || (name !== '' && name !== resource.metadata.name)) {
    return { problem: `the resource is ${resource.kind} ${resource.metadata.name}, not ${type} ${name}` };
  }
  const { object: known, diagnostics } = checkStructure(withoutNulls(resource));
  const wrong = diagnostics.find(({ severity }) => severity === 'error');
  if (wrong !== undefined) return { problem: wrong.message };
  const result = exposeService(known ?? resource, {
    ...textFlags(line, {
      name: 'name',
      port: 'port',
      protocol: 'protocol',
      targetPort: 'target-port',
      selector: 'selector',
      labels: 'labels',
      type: 'type',
      externalIP: 'external-ip',
      clusterIP: 'cluster-ip',
      sessionAffinity: 'session-affinity',
      loadBalancerIP: 'load-balancer-ip',
      namespace: 'namespace',
    }),
    dryRun: dryRunOf(line),
  });
  return result.error === null ? { service: result.service } : { error: result.error.class };
}

/** The last value of each flag that is typed, under the name of the option that it is. */
function textFlags<Option extends string>(
  { flags }: CommandLine,
  names: Readonly<Record<Option, string>>,
): { [option in Option]?: string } {
  const typed = Object.entries<string>(names).flatMap(([option, flag]) => {
    const text = flags.get(flag)?.at(-1);
    return text === undefined ? [] : [[option, text]];
  });
  return Object.fromEntries(typed) as { [option in Option]?: string };
}

function isOn({ flags }: CommandLine, name: string): boolean {
  return /^(?:1|t|true)$/i.test(flags.get(name)?.at(-1) ?? '');
}

function dryRunOf({ flags }: CommandLine): DryRun {
  const text = flags.get('dry-run')?.at(-1);
  if (text === 'server') return 'server';
  return text === 'client' || text === 'true' ? 'client' : 'none';
}

/** The namespace is the request's, so that cases leave it out. */
function withoutNamespace(manifest: unknown): unknown {
  if (check(kubernetesObject, manifest).length > 0) return manifest;
  const { metadata, ...rest } = manifest as KubernetesObject;
  const { namespace: _, ...named } = metadata;
  return { ...rest, metadata: named };
}

function words(text: string): readonly string[] {
  return text.split(' ');
}
