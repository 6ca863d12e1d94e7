import { defaultService, defaultServiceOnRead, fieldErrorDiagnostic, validateService } from '@shunt/cluster';
import { defaultConfig, nodeView, resolve } from '@shunt/compiler';
import { type ClusterState, type Diagnostic, namespaceOf, referenceTo, type Service } from '@shunt/model';
import type { Command } from 'commander';
import { loadManifests, located, type Manifests } from '../input/load-manifests.js';
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
  shunt lint -f manifests/
  shunt lint --strict -f manifests/          warnings fail, too
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
  const manifests = problem === null ? await loadManifests(paths, options, report, io) : null;
  if (manifests !== null) report.add(located(findings(manifests), manifests));
  if (report.stops(options.strict)) context.exitCode = EXIT.unusable;
  if (options.output !== 'text') {
    io.stdout.write(printData(report.diagnostics, options.output));
    return;
  }
  report.print(io);
  if (manifests !== null && report.diagnostics.length === 0)
    io.stdout.write(`${contents(manifests.state)}: no problems\n`);
}

/** What nobody has looked at yet: the values of objects that were not admitted, and what compiling finds. */
function findings({ state, admitted }: Manifests): Diagnostic[] {
  const taken = state.list('Service').filter((it) => !admitted.has(`${namespaceOf(it)}/${it.metadata.name}`));
  const { diagnostics } = resolve({
    state,
    node: nodeView('any', [], null),
    config: defaultConfig('nftables'),
  });
  return [...taken.flatMap(serviceErrors), ...diagnostics];
}

function serviceErrors(service: Service): Diagnostic[] {
  const read = defaultServiceOnRead(defaultService(service));
  const metadata = { ...read.metadata, namespace: namespaceOf(read) };
  return validateService({ ...read, metadata }).map((error) =>
    fieldErrorDiagnostic(error, referenceTo(service)),
  );
}

const COUNTED = ['Service', 'EndpointSlice', 'Endpoints', 'Pod', 'Node'] as const;

function contents(state: ClusterState): string {
  const counts = COUNTED.map((kind) => [kind, state.list(kind as string).length] as const);
  const present = counts.filter(([, count]) => count > 0);
  return present
    .map(([kind, count]) => `${count} ${kind}${count === 1 || kind === 'Endpoints' ? '' : 's'}`)
    .join(', ');
}
