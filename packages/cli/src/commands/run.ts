import { ControlPlane, DEFAULT_SERVICE_CIDR, type RunOptions, runPod } from '@shunt/cluster';
import { ClusterState, type Diagnostic, type Service } from '@shunt/model';
import { type Command, Option } from 'commander';
import { EXIT } from '../io.js';
import { offering } from '../options/parsers.js';
import { kubectlProblem } from '../print/kubectl-problem.js';
import { addWriteOptions, type WriteOptions, writeManifests } from '../print/write-manifests.js';
import { Report } from '../report.js';
import type { CommandContext } from './command-context.js';

interface Options extends WriteOptions {
  readonly image?: string;
  readonly port?: string;
  readonly expose?: boolean;
  readonly labels?: string;
  readonly annotations?: readonly string[];
  readonly restart?: string;
  readonly env?: readonly string[];
  readonly command?: boolean;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly imagePullPolicy?: string;
  readonly namespace?: string;
}

const EXAMPLES = `
Examples:
  shunt run web --image nginx --port 80 --expose
  shunt run web --image nginx --port 80 --expose | shunt get services -f -

The Service is checked as an API server would check it.`;

const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

export function addRunCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('run')
    .description('make a Pod, and with --expose a Service for it, as kubectl run does')
    .argument('<name>', 'of the Pod')
    .argument('[args...]', "the container's arguments, behind --")
    .option('--image <image>', 'of the container')
    .option('--port <port>', 'that the container listens on')
    .option('--expose', 'make a Service for the Pod, too')
    .option('-l, --labels <pairs>', 'of the Pod and the selector (default: run=NAME)')
    .addOption(new Option('--annotations <pair>', 'of the Pod; repeatable').argParser(collect))
    .addOption(
      offering('--restart <policy>', 'when it is started again (default: Always)', [
        'Always',
        'OnFailure',
        'Never',
      ]),
    )
    .addOption(new Option('--env <pair>', 'NAME=value; repeatable').argParser(collect))
    .option('--command', 'the arguments are the command')
    .option('-i, --stdin', 'keep standard input open')
    .option('-t, --tty', 'give the container a terminal')
    .addOption(
      offering('--image-pull-policy <policy>', 'when the image is fetched', [
        'Always',
        'IfNotPresent',
        'Never',
      ]),
    )
    .option('-n, --namespace <name>', 'of the Pod');
  addWriteOptions(command).addHelpText('after', EXAMPLES);
  command.action((name: string, args: readonly string[], { output, write, ...flags }: Options) => {
    const result = runPod(name, { ...flags, args } as RunOptions);
    const report = new Report();
    report.add(result.error === null ? admission(result.service) : [kubectlProblem(result.error)]);
    report.print(context.io);
    if (result.error !== null || report.errorCount > 0) {
      context.exitCode = EXIT.unusable;
      return;
    }
    const objects = result.service === null ? [result.pod] : [result.service, result.pod];
    const options = write === undefined ? { output } : { output, write };
    context.io.stdout.write(writeManifests(command, objects, result.message, options));
  });
}

/** What an API server that holds nothing else would say. */
function admission(service: Service | null): readonly Diagnostic[] {
  if (service === null) return [];
  const cluster = new ControlPlane(new ClusterState(), { serviceCIDRs: [DEFAULT_SERVICE_CIDR] });
  return cluster.apply(service).diagnostics;
}
