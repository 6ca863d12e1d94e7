import type { Command } from 'commander';
import { EXIT } from '../io.js';
import { addTargetOptions, type TargetOptions, withModeOf } from '../kernel/kernel-target.js';
import { type AgentRunOptions, addAgentOptions } from '../options/agent-options.js';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { Report } from '../report.js';
import type { CommandContext } from './command-context.js';

export interface AgentCommandOptions extends ClusterOptions, TargetOptions, AgentRunOptions {}

/** Which node's rules an agent keeps where nothing says so, in words. */
const THIS_HOST = "hostnameOverride of --config, else this host's name";

const EXAMPLES = `
Examples:
  Follow a folder of manifests, and keep the kernel of this network namespace at their rules (as root):
    sudo shunt agent -f manifests/ --node node-a
  Follow a cluster, with kube-proxy's configuration:
    sudo shunt agent --kubeconfig ~/.kube/config --config kube-proxy.yaml --node node-a
  In a Pod (see deploy/):
    shunt agent --in-cluster --config /etc/shunt/config.yaml --node "$NODE_NAME"

SIGTERM and SIGINT stop it. The rules stay unless --on-stop remove is given; the next agent takes them over.`;

export function addAgentCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('agent')
    .description('follow manifests or a cluster, and keep the rules in the kernel up to date')
    .argument('[path...]', 'more manifests, so that -f *.yaml works');
  addAgentOptions(addTargetOptions(addClusterOptions(command, THIS_HOST))).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], given: AgentCommandOptions) => {
    const { prepareAgent } = await import('../kernel/prepare-agent.js');
    const options = withModeOf(given, given.target);
    const paths = [...(options.filename ?? []), ...behind];
    const report = new Report();
    const prepared = await prepareAgent(paths, options, report, context.io);
    report.print(context.io);
    if (prepared === null || report.stops(options.strict)) {
      await prepared?.discard();
      context.exitCode = EXIT.unusable;
      return;
    }
    const problem = await prepared.run();
    if (problem === null) return;
    context.io.stderr.write(`error: ${problem}\n`);
    context.exitCode = EXIT.failed;
  });
}
