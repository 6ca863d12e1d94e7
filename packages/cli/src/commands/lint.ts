import {
  type AdmittedManifests,
  DEFAULT_NODE_PORT_RANGE,
  defaultService,
  defaultServiceOnRead,
  fieldErrorDiagnostic,
  invalid,
  keyOf,
  located,
  type NodePortRange,
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
  if (manifests !== null) {
    const range = options.serviceNodePortRange ?? DEFAULT_NODE_PORT_RANGE;
    const found = withConflicts(findings(manifests, range), manifests);
    report.add(
      located(
        found.map((it) => judged(it, manifests)),
        manifests,
      ),
    );
  }
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
function findings(manifests: AdmittedManifests, range: NodePortRange): Diagnostic[] {
  const { state, admitted } = manifests;
  const taken = state.list('Service').filter((it) => !admitted.has(keyOf(it)));
  const { diagnostics } = resolve({
    state,
    node: nodeView('any', [], null),
    config: defaultConfig('nftables'),
  });
  const ports = taken.filter(isWritten).flatMap((service) => foreignNodePorts(service, range));
  return [
    ...taken.flatMap(serviceErrors),
    ...ports,
    ...diagnostics.filter((it) => !belongsToRefused(it, manifests)),
  ];
}

/** Whether people wrote a Service, and no API server has seen it. */
function isWritten(service: Service): boolean {
  return service.status == null;
}

/** An address or a port that another Service holds is an error of those that could still ask for another. */
function judged(diagnostic: Diagnostic, { state }: AdmittedManifests): Diagnostic {
  const { code, object, severity } = diagnostic;
  if (severity === 'error' || object?.kind !== 'Service') return diagnostic;
  const isAllocated = /^spec\.(?:clusterIP|ports\[\d+\]\.nodePort)/.test(object.path ?? '');
  if (code !== 'invalid' && !(code === 'address-conflict' && isAllocated)) return diagnostic;
  const service = state.get(object) as Service | undefined;
  return service !== undefined && isWritten(service) ? { ...diagnostic, severity: 'error' } : diagnostic;
}

function foreignNodePorts(service: Service, { first, last }: NodePortRange): Diagnostic[] {
  return (service.spec.ports ?? []).flatMap(({ nodePort = 0 }, index) => {
    if (nodePort === 0 || (nodePort >= first && nodePort <= last)) return [];
    const detail = `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    const error = invalid(`spec.ports[${index}].nodePort`, nodePort, detail);
    return [fieldErrorDiagnostic(error, referenceTo(service))];
  });
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
