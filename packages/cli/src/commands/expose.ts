import type { AdmittedManifests } from '@shunt/cluster';
import { type ExposeOptions, exposableKind, exposeService } from '@shunt/cluster';
import { type Diagnostic, type KubernetesObject, namespaceOf, type Service } from '@shunt/model';
import { Argument, type Command, Option } from 'commander';
import { addManifestOptions, type ManifestOptions } from '../options/manifest-options.js';
import { offering } from '../options/parsers.js';
import { kubectlProblem } from '../print/kubectl-problem.js';
import { listNames } from '../print/list-names.js';
import { addWriteOptions, type WriteOptions, writeManifests } from '../print/write-manifests.js';
import { answerManifests, type CommandContext } from './command-context.js';

interface Options extends ManifestOptions, WriteOptions {
  readonly namespace: string;
  readonly name?: string;
  readonly port?: string;
  readonly protocol?: string;
  readonly targetPort?: string;
  readonly selector?: string;
  readonly labels?: string;
  readonly type?: string;
  readonly externalIp?: string;
  readonly clusterIp?: string;
  readonly sessionAffinity?: string;
  readonly loadBalancerIp?: string;
}

/** As kubectl completes them; short names are known, too. */
const KINDS: readonly string[] = ['pod', 'service', 'deployment', 'replicaset', 'replicationcontroller'];

const TYPES: readonly string[] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const AFFINITIES: readonly string[] = ['None', 'ClientIP'];

const EXAMPLES = `
Examples:
  shunt expose deployment status-page -n platform --port 80 --target-port http -f examples/shop-plain
  shunt expose pod/web-1 --name web-debug --type NodePort -f pods.yaml --write web-debug.yaml

The manifest is what kubectl would send. Before it is printed, it is checked as an API server that holds
the other manifests would check it, unless with --admit never.`;

export function addExposeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('expose')
    .description('make a Service for a Pod, Service, Deployment, ReplicaSet or ReplicationController')
    .addArgument(
      new Argument('<kind>', 'of the object, or KIND/NAME').choices(KINDS).argParser((text) => text),
    )
    .argument('[name]', 'of the object')
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(new Option('-n, --namespace <name>', 'where the object is').default('default'))
    .option('--name <name>', "of the Service (default: the object's)")
    .option('--port <ports>', 'the ports of the Service, with commas (default: those of the object)')
    .addOption(
      offering('--protocol <protocol>', 'of all ports (default: as the object has it, else TCP)', PROTOCOLS),
    )
    .option('--target-port <port>', 'number or name of the container port (default: as --port)')
    .option('--selector <pairs>', "which Pods: app=web,tier=front (default: the object's)")
    .option('-l, --labels <pairs>', "labels of the Service (default: the object's)")
    .addOption(offering('--type <type>', 'of the Service (default: ClusterIP)', TYPES))
    .option('--external-ip <ip>', 'an address besides that the nodes accept')
    .option('--cluster-ip <ip>', 'the cluster IP, or None for a headless Service')
    .addOption(offering('--session-affinity <kind>', 'of clients to Pods (default: None)', AFFINITIES))
    .option('--load-balancer-ip <ip>', 'the address to ask a load balancer for');
  addManifestOptions(addWriteOptions(command)).addHelpText('after', EXAMPLES);
  command.action(
    async (kind: string, name: string | undefined, paths: readonly string[], options: Options) => {
      const [type = '', inline] = kind.split('/', 2);
      const behind = inline === undefined || name === undefined ? paths : [name, ...paths];
      await answerManifests(context, options, { behind, admitsMore: true }, (manifests) => {
        if (manifests === null) return { diagnostics: [], output: () => [] };
        return expose(command, type, inline ?? name ?? '', options, manifests);
      });
    },
  );
}

interface Exposed {
  readonly diagnostics: readonly Diagnostic[];
  readonly output: () => Iterable<string>;
}

function expose(
  command: Command,
  type: string,
  name: string,
  options: Options,
  manifests: AdmittedManifests,
): Exposed {
  const source = sourceOf(type, name, options, manifests);
  if ('severity' in source) return { diagnostics: [source], output: () => [] };
  const result = exposeService(source, flagsOf(options));
  if (result.error !== null) return { diagnostics: [kubectlProblem(result.error)], output: () => [] };
  const { name: made, ...metadata } = result.service.metadata;
  const namespace = namespaceOf(source);
  const service: Service = { ...result.service, metadata: { name: made, namespace, ...metadata } };
  const diagnostics =
    manifests.state.service(namespace, made) === undefined
      ? admission(service, options, manifests)
      : [problem(`services "${made}" already exists in namespace ${namespace}: pass another --name`)];
  return { diagnostics, output: () => [writeManifests(command, [service], result.message, options)] };
}

/** What an API server that holds the other manifests would say. */
function admission(
  service: Service,
  { admit }: Options,
  manifests: AdmittedManifests,
): readonly Diagnostic[] {
  return admit === 'never' ? [] : manifests.controlPlane.apply(service).diagnostics;
}

function sourceOf(
  type: string,
  name: string,
  options: Options,
  { state }: AdmittedManifests,
): KubernetesObject | Diagnostic {
  const kind = exposableKind(type);
  if (kind === null) {
    return problem(
      `cannot expose a ${type}: expected pod, service, deployment, replicaset or replicationcontroller`,
    );
  }
  if (name === '') return problem(`expected the name of the ${kind}: ${type} NAME, or ${type}/NAME`);
  const { namespace } = options;
  const source = state.get({ kind, namespace, name });
  if (source !== undefined) return source;
  const names = state.list(kind as string).filter((it) => namespaceOf(it) === namespace);
  const known =
    names.length === 0 ? 'there is none' : `known: ${listNames(names.map((it) => it.metadata.name))}`;
  return problem(`no ${kind} is named "${name}" in namespace ${namespace}: ${known}`);
}

function flagsOf(options: Options): ExposeOptions {
  const { name, port, protocol, targetPort, selector, labels, type, sessionAffinity } = options;
  const flags = {
    name,
    port,
    protocol,
    targetPort,
    selector,
    labels,
    type,
    sessionAffinity,
    externalIP: options.externalIp,
    clusterIP: options.clusterIp,
    loadBalancerIP: options.loadBalancerIp,
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function problem(message: string): Diagnostic {
  return { severity: 'error', code: 'value', message };
}
