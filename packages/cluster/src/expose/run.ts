import type { Container, Pod, PodSpec, Service } from '@shunt/model';
import { numberError, parseUint16 } from './go-number.js';
import { type DryRun, dryRunMark, type KubectlErrorClass, type Refusal, refuse } from './kubectl-error.js';
import { type Labels, parseLabelText } from './label-text.js';
import { serviceManifest } from './service-manifest.js';

/** The flags of `kubectl run`, as typed; an empty text is none. */
export interface RunOptions {
  readonly image?: string;
  readonly port?: string;
  /** Makes a Service for the Pod, too. */
  readonly expose?: boolean;
  readonly labels?: string;
  readonly annotations?: readonly string[];
  readonly restart?: string;
  /** `NAME=value`, one for each `--env`. */
  readonly env?: readonly string[];
  /** Words after the name: the container's arguments, or with `command` its command. */
  readonly args?: readonly string[];
  readonly command?: boolean;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly leaveStdinOpen?: boolean;
  readonly imagePullPolicy?: string;
  readonly namespace?: string;
  readonly dryRun?: DryRun;
}

/** A Pod as `kubectl run` writes it, with what only a kubelet reads. */
export interface RunPod extends Pod {
  readonly spec: PodSpec & {
    readonly containers: readonly (Container & {
      readonly args?: readonly string[];
      readonly command?: readonly string[];
      readonly env?: readonly { readonly name: string; readonly value: string }[];
      readonly imagePullPolicy?: string;
      readonly stdin?: boolean;
      readonly stdinOnce?: boolean;
      readonly tty?: boolean;
    })[];
    readonly restartPolicy: string;
    readonly dnsPolicy: 'ClusterFirst';
  };
}

export type RunResult =
  | {
      readonly error: null;
      readonly pod: RunPod;
      /** `null` without `--expose`. */
      readonly service: Service | null;
      /** What kubectl prints, a line for each object: the Service comes first. */
      readonly message: string;
    }
  | Refusal;

const RESTART_POLICIES: ReadonlySet<string> = new Set(['', 'Always', 'OnFailure', 'Never']);
const PULL_POLICIES: ReadonlySet<string> = new Set(['', 'Always', 'IfNotPresent', 'Never']);

const HOST_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
/** `registry.example:5000/team/web:1.2@sha256:...`. Source: distribution/reference, ReferenceRegexp. */
const IMAGE = new RegExp(
  `^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*(?::[0-9]+)?/)?${PATH_PART}(?:/${PATH_PART})*` +
    `(?::\\w[\\w.-]{0,127})?(?:@${DIGEST})?$`,
);

/**
 * Makes a Pod, and with `expose` a Service for it, as `kubectl run` does: the Service selects the Pod's
 * labels, but has itself only those of `--labels`.
 * Source: pkg/cmd/run/run.go, pkg/generate/versioned/run.go (semantics 15.18).
 */
export function runPod(name: string, options: RunOptions): RunResult {
  const wrong = findWrongFlag(name, options);
  if (wrong !== null) return wrong;
  const typed = options.labels ? parseLabelText(options.labels) : { labels: {} };
  if (typed.labels === null) return refuse('badLabels', typed.message);
  const labels = options.labels ? typed.labels : { run: name };
  const port = options.port ? parseUint16(options.port) : null;
  if (options.port && port === null) return refuse('portNotNumeric', numberError('ParseUint', options.port));
  const pod = podManifest(name, labels, port, options);
  const mark = dryRunMark(options.dryRun);
  const created = `pod/${name} created${mark}`;
  if (!options.expose) return { error: null, pod, service: null, message: created };
  const made = serviceManifest({
    name,
    labels: typed.labels,
    selector: labels,
    ports: [options.port ?? ''],
    protocols: new Map(),
    flags: options.namespace ? { namespace: options.namespace } : {},
  });
  if (made.error !== null) return made;
  return { ...made, pod, message: `service/${name} created${mark}\n${created}` };
}

/** The first flag that kubectl refuses by itself, in its order. */
function findWrongFlag(name: string, options: RunOptions): Refusal | null {
  const { image = '', restart = '', imagePullPolicy = '', env = [], annotations = [] } = options;
  const badEnv = env.find((text) => !/^[-._a-zA-Z][-._a-zA-Z0-9]*=/.test(text) || /^\.\.?=|^\.\./.test(text));
  const badAnnotation = annotations.find((text) => !/^[^=]+=/.test(text));
  const rules: readonly (readonly [boolean, KubectlErrorClass, string])[] = [
    [name === '', 'nameRequired', 'NAME is required for run'],
    [image === '', 'imageRequired', '--image is required'],
    [!IMAGE.test(image), 'badImage', `Invalid image name ${JSON.stringify(image)}: invalid reference format`],
    [
      options.tty === true && options.stdin !== true,
      'ttyNeedsStdin',
      '-i/--stdin is required for containers with -t/--tty=true',
    ],
    [
      options.expose === true && !options.port,
      'exposeNeedsPort',
      '--port must be set when exposing a service',
    ],
    [!RESTART_POLICIES.has(restart), 'badRestartPolicy', `invalid restart policy: ${restart}`],
    [
      !PULL_POLICIES.has(imagePullPolicy),
      'badImagePullPolicy',
      `invalid image pull policy: ${imagePullPolicy}`,
    ],
    [badEnv !== undefined, 'badEnv', `invalid env: ${badEnv}`],
    [badAnnotation !== undefined, 'badAnnotation', `invalid annotations: ${badAnnotation}`],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  return broken === undefined ? null : refuse(broken[1], broken[2]);
}

function podManifest(name: string, labels: Labels, port: number | null, options: RunOptions): RunPod {
  const { image = '', env = [], args = [], annotations = [], stdin, tty, imagePullPolicy } = options;
  const container = {
    name,
    image,
    ...(args.length === 0 ? {} : options.command ? { command: args } : { args }),
    ...(env.length === 0 ? {} : { env: env.map(pairOf).map(([key, value]) => ({ name: key, value })) }),
    ...(imagePullPolicy ? { imagePullPolicy } : {}),
    ...(port === null ? {} : { ports: [{ containerPort: port }] }),
    ...(stdin ? { stdin: true, ...(options.leaveStdinOpen ? {} : { stdinOnce: true }) } : {}),
    ...(tty ? { tty: true } : {}),
  };
  const metadata = {
    name,
    ...(options.namespace ? { namespace: options.namespace } : {}),
    labels,
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations.map(pairOf)) }),
  };
  const restartPolicy = options.restart || 'Always';
  const spec = { containers: [container], restartPolicy, dnsPolicy: 'ClusterFirst' as const };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
