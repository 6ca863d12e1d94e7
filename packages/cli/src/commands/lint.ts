import {
  type AdmittedManifests,
  defaultService,
  defaultServiceOnRead,
  fieldErrorDiagnostic,
  keyOf,
  located,
  validateService,
  withConflicts,
  withoutConsequences,
} from '@shunt/cluster';
import { defaultConfig, nodeView, resolve } from '@shunt/compiler';
import {
  type Diagnostic,
  type KubernetesObject,
  namespaceOf,
  referenceTo,
  SERVICE_NAME_LABEL,
  type Service,
} from '@shunt/model';
import type { Command } from 'commander';
import { loadManifests } from '../input/load-manifests.js';
import { EXIT } from '../io.js';
import { addFormatOption } from '../options/format-option.js';
import { addManifestOptions, type ManifestOptions } from '../options/manifest-options.js';
import { printData } from '../print/data.js';
import { Report } from '../report.js';
import { type CommandContext, inputProblem } from './command-context.js';

interface LintOptions extends ManifestOptions {
  readonly output: 'text' | 'json' | 'yaml';
}

const EXAMPLES = `
Examples:
  shunt lint -f examples/shop-plain
  shunt lint --strict -f examples/shop-plain          (warnings fail, too)
  helm template ./chart | shunt lint -f - -o json

Says what an API server would refuse, what it would warn of, and what makes no sense together: selectors
that match nothing, ports that no Pod has, slices that no Service can use. Nothing else is printed.`;

export function addLintCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('lint')
    .description('check manifests: errors and warnings only, with positions')
    .argument('[path...]', 'more manifests, so that -f *.yaml works');
  addFormatOption(addManifestOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], options: LintOptions) => {
    await lint(behind, options, context);
  });
}

async function lint(behind: readonly string[], options: LintOptions, context: CommandContext): Promise<void> {
  const { io } = context;
  const report = new Report();
  const paths = [...(options.filename ?? []), ...behind];
  const problem = inputProblem(paths, {}, { behind });
  if (problem !== null) report.add([problem]);
  const manifests =
    problem === null ? await loadManifests(paths, options, report, io, { admitsWritten: true }) : null;
  if (manifests !== null) report.add(located(withConflicts(findings(manifests), manifests), manifests));
  if (report.stops(options.strict)) context.exitCode = EXIT.unusable;
  if (options.output !== 'text') {
    io.stdout.write(printData(report.diagnostics, options.output));
    return;
  }
  report.print(io);
  if (manifests !== null && report.diagnostics.length === 0)
    io.stdout.write(`${contents(manifests.written)}: no problems\n`);
}

/** What nobody has looked at yet: the values of objects that were not admitted, and what compiling finds. */
function findings(manifests: AdmittedManifests): Diagnostic[] {
  const { state, admitted } = manifests;
  const taken = state.list('Service').filter((it) => !admitted.has(keyOf(it)));
  const { diagnostics } = resolve({
    state,
    node: nodeView('any', [], null),
    config: defaultConfig('nftables'),
  });
  return [...taken.flatMap(serviceErrors), ...diagnostics.filter((it) => !belongsToRefused(it, manifests))];
}

/** Whether a slice seems to have no Service only because that one was refused. */
function belongsToRefused({ code, object }: Diagnostic, { state, locate }: AdmittedManifests): boolean {
  const slice = code === 'orphan-slice' && object !== undefined ? state.get(object) : undefined;
  const name = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
  if (slice === undefined || !name) return false;
  return locate({ kind: 'Service', namespace: namespaceOf(slice), name }) !== null;
}

function serviceErrors(service: Service): Diagnostic[] {
  const read = defaultServiceOnRead(defaultService(service));
  const metadata = { ...read.metadata, namespace: namespaceOf(read) };
  const errors = withoutConsequences(validateService({ ...read, metadata }), service);
  return errors.map((error) => fieldErrorDiagnostic(error, referenceTo(service)));
}

/** `4 Services, 1 Endpoints, 2 Pods`, by kind. */
function contents(objects: readonly KubernetesObject[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const plural = (kind: string): string => (kind.endsWith('s') ? kind : `${kind}s`);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${count === 1 ? kind : plural(kind)}`)
    .join(', ');
}
