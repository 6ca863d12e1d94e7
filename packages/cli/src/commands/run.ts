import { type RunOptions, runPod } from '@shunt/cluster';
import { type Command, Option } from 'commander';
import { EXIT } from '../io.js';
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
  shunt run web --image nginx --port 80 --expose | shunt get services -f -`;

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
    .option('--restart <policy>', 'Always, OnFailure or Never (default: Always)')
    .addOption(new Option('--env <pair>', 'NAME=value; repeatable').argParser(collect))
    .option('--command', 'the arguments are the command')
    .option('-i, --stdin', 'keep standard input open')
    .option('-t, --tty', 'give the container a terminal')
    .option('--image-pull-policy <policy>', 'Always, IfNotPresent or Never')
    .option('-n, --namespace <name>', 'of the Pod');
  addWriteOptions(command).addHelpText('after', EXAMPLES);
  command.action((name: string, args: readonly string[], { output, write, ...flags }: Options) => {
    const result = runPod(name, { ...flags, args } as RunOptions);
    if (result.error !== null) {
      const report = new Report();
      report.add([{ severity: 'error', code: 'value', message: result.error.message }]);
      report.print(context.io);
      context.exitCode = EXIT.unusable;
      return;
    }
    const objects = result.service === null ? [result.pod] : [result.service, result.pod];
    const options = write === undefined ? { output } : { output, write };
    context.io.stdout.write(writeManifests(command, objects, result.message, options));
  });
}
