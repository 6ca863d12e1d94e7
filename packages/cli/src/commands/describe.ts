import type { AdmittedManifests } from '@shunt/cluster';
import { describeEndpointSlice, describeEndpoints, describeService } from '@shunt/cluster';
import type { EndpointSlice, Endpoints, KubernetesObject, Service } from '@shunt/model';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { addManifestOptions, type ManifestOptions } from '../options/manifest-options.js';
import { notFound } from '../print/not-found.js';
import { kindOf, type ObjectKind, objectKind } from '../print/object-tables.js';
import { answerManifests, type CommandContext } from './command-context.js';

type DescribedKind = Exclude<ObjectKind, 'pods'>;

interface DescribeOptions extends ManifestOptions {
  readonly namespace: string;
}

const KINDS: readonly string[] = ['service', 'endpoints', 'endpointslice'];

const EXAMPLES = `
Examples:
  shunt describe service web -n shop -f examples/shop-plain
  shunt describe endpoints ledger-db -n data -f examples/shop-plain`;

export function addDescribeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('describe')
    .description('describe a Service, its Endpoints or an EndpointSlice as kubectl does')
    .addArgument(new Argument('<kind>', KINDS.join(', ')).choices(KINDS).argParser(kindArgument))
    .argument('<name>', 'of the object')
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(new Option('-n, --namespace <name>', 'where the object is').default('default'));
  addManifestOptions(command).addHelpText('after', EXAMPLES);
  command.action(
    async (kind: DescribedKind, name: string, behind: readonly string[], options: DescribeOptions) => {
      await answerManifests(context, options, { behind }, (manifests) => {
        if (manifests === null) return { diagnostics: [], output: () => [] };
        const { namespace } = options;
        const object = manifests.state.get({ kind: kindOf(kind), namespace, name });
        if (object === undefined) {
          return { diagnostics: [notFound(kind, name, namespace, manifests.state)], output: () => [] };
        }
        return { diagnostics: [], output: () => [description(object, manifests)] };
      });
    },
  );
}

function description(object: KubernetesObject, { state, events }: AdmittedManifests): string {
  const { name, namespace = 'default' } = object.metadata;
  const own = events.filter(
    (it) => it.object.kind === object.kind && it.object.name === name && it.object.namespace === namespace,
  );
  switch (object.kind) {
    case 'Service':
      return describeService(object as Service, state.slicesOf(namespace, name), own);
    case 'Endpoints':
      return describeEndpoints(object as Endpoints, own);
    default:
      return describeEndpointSlice(object as EndpointSlice, own);
  }
}

function kindArgument(word: string): DescribedKind {
  const kind = objectKind(word);
  if (kind !== null && kind !== 'pods') return kind;
  throw new InvalidArgumentError(`Expected one of ${KINDS.join(', ')}.`);
}
