import { existsSync } from 'node:fs';
import { textTable } from '@shunt/cluster';
import { resolve } from '@shunt/compiler';
import type { KubernetesObject } from '@shunt/model';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { MANIFEST_NAME } from '../input/find-files.js';
import { MORE_KINDS } from '../input/load-live-cluster.js';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { addFormatOption } from '../options/format-option.js';
import { printData } from '../print/data.js';
import { notFound } from '../print/not-found.js';
import {
  OBJECT_KINDS,
  type ObjectKind,
  objectKind,
  objectsOf,
  objectTableOf,
} from '../print/object-tables.js';
import { frontendTable, poolTable } from '../print/rule-tables.js';
import { answer, answerManifests, type CommandContext } from './command-context.js';

type Rules = 'frontends' | 'pools';

interface GetOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output: 'text' | 'wide' | 'json' | 'yaml';
}

const RULES: readonly Rules[] = ['frontends', 'pools'];

const EXAMPLES = `
Examples:
  What a cluster makes of manifests, in kubectl's columns (no node is asked for):
    shunt get services -f examples/shop-plain
    shunt get svc web -n shop -f examples/shop-plain -o yaml
    shunt get endpointslices -f examples/shop-plain -n shop -o yaml
  What the rules of a node are:
    shunt get frontends -f examples/shop --node node-a
    shunt get pools -f examples/shop --node node-a -n shop -o yaml`;

export function addGetCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('get')
    .description(
      'list objects as kubectl does, what packets can match (frontends), or where they can go (pools)',
    )
    .addArgument(
      new Argument('<what>', [...RULES, ...OBJECT_KINDS].join(', '))
        .choices([...RULES, ...OBJECT_KINDS])
        .argParser(whatArgument),
    )
    .argument('[name...]', 'of objects; also more manifests, so that -f *.yaml works')
    .addOption(new Option('-n, --namespace <name>', 'one namespace only (default: all)'))
    .addOption(new Option('-A, --all-namespaces', 'all namespaces, whatever -n says'));
  addFormatOption(addClusterOptions(command), 'wide').addHelpText('after', EXAMPLES);
  command.action(async (what: Rules | ObjectKind, behind: readonly string[], given: GetOptions) => {
    const { namespace: _, ...everywhere } = given;
    const options = given.allNamespaces ? everywhere : given;
    if (what === 'frontends' || what === 'pools') await getRules(what, behind, options, context);
    else await getObjects(what, behind, options, context);
  });
}

async function getRules(
  what: Rules,
  behind: readonly string[],
  options: GetOptions,
  context: CommandContext,
): Promise<void> {
  const { namespace, output } = options;
  await answer(context, options, { behind }, (loaded) => {
    if (loaded === null) return { diagnostics: [], output: () => [] };
    const { ruleset, diagnostics } = resolve(loaded.input);
    const ports = ruleset.servicePorts.filter((it) => namespace === undefined || it.namespace === namespace);
    const table = what === 'frontends' ? frontendTable(ports) : poolTable(ports);
    const isText = output === 'text' || output === 'wide';
    return { diagnostics, output: () => [isText ? table.text() : printData(table.data(), output)] };
  });
}

async function getObjects(
  what: ObjectKind,
  words: readonly string[],
  options: GetOptions,
  context: CommandContext,
): Promise<void> {
  const { namespace } = options;
  const names = words.filter(isObjectName);
  const behind = words.filter((word) => !names.includes(word));
  await answerManifests(context, options, { behind, more: MORE_KINDS }, (manifests) => {
    if (manifests === null) return { diagnostics: [], output: () => [] };
    const all = objectsOf(manifests.state, what, namespace);
    const objects = names.length === 0 ? all : all.filter((it) => names.includes(it.metadata.name));
    const missing = names.filter((name) => !objects.some((it) => it.metadata.name === name));
    const diagnostics = missing.map((name) => notFound(what, name, namespace, manifests.state));
    return { diagnostics, output: () => [printObjects(what, objects, names, options, context)] };
  });
}

function printObjects(
  what: ObjectKind,
  objects: readonly KubernetesObject[],
  names: readonly string[],
  { namespace, output }: GetOptions,
  { io }: CommandContext,
): string {
  if (output === 'json' || output === 'yaml') {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    return printData(names.length === 1 && objects.length === 1 ? objects[0] : list, output);
  }
  const allNamespaces = namespace === undefined;
  if (objects.length > 0) {
    return textTable(objectTableOf(what, objects, { wide: output === 'wide', allNamespaces, now: io.now() }));
  }
  return allNamespaces ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`;
}

/** Whether a word behind the kind is a name, and not a manifest that a shell left there. */
function isObjectName(word: string): boolean {
  return /^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/.test(word) && !MANIFEST_NAME(word) && !existsSync(word);
}

function whatArgument(word: string): Rules | ObjectKind {
  const what = RULES.find((it) => it === word) ?? objectKind(word);
  if (what !== null) return what;
  throw new InvalidArgumentError(`Expected one of ${[...RULES, ...OBJECT_KINDS].join(', ')}.`);
}
