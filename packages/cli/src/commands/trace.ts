import { type Trace, Tracer, traceRecord } from '@shunt/compiler';
import type { Diagnostic, Packet } from '@shunt/model';
import { type Command, Option } from 'commander';
import { membershipOf } from '../input/load-manifests.js';
import { readPackets } from '../input/read-packets.js';
import { readSources } from '../input/read-sources.js';
import { textWidth } from '../io.js';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { addFormatOption } from '../options/format-option.js';
import {
  type Destination,
  destinationOption,
  type Place,
  packetOf,
  sourceOption,
} from '../options/packet-options.js';
import { printData } from '../print/data.js';
import { styleFor } from '../print/style.js';
import { traceLine } from '../print/trace-line.js';
import { traceText } from '../print/trace-text.js';
import { answer, type CommandContext } from './command-context.js';

interface TraceOptions extends ClusterOptions {
  readonly from?: Place;
  readonly to?: Destination;
  readonly packets?: string;
  readonly output: 'text' | 'json' | 'yaml';
}

const EXAMPLES = `
Examples:
  Where does this packet go, and why?
    shunt trace -f examples/shop --config examples/kube-proxy.yaml --node node-a \\
      --from 198.51.100.7:40000 --to 203.0.113.10:443/TCP
  The same for manifests without addresses and slices, which get them as in a cluster:
    shunt trace -f examples/shop-plain --config examples/kube-proxy.yaml --node node-a \\
      --load-balancer-pool public=203.0.113.0/24 --from 198.51.100.7:40000 --to 203.0.113.80:443
  A live cluster's rules:
    kubectl get svc,endpointslices,nodes,servicecidrs -A -o json |
      shunt trace -f - --node node-a --from 10.244.1.9 --to 10.96.0.10:53/UDP
  Many packets, one JSON answer a line ({"protocol","from","fromPort"?,"to","port"}):
    shunt trace -f examples/shop --node node-a --packets examples/shop.packets.jsonl -o json`;

export function addTraceCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('trace')
    .description('say where packets go, with every step and the objects that decided')
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(
      new Option('--from <ip[:port]>', 'the source; its port picks the backend').argParser(sourceOption),
    )
    .addOption(
      new Option(
        '--to <ip:port/proto>',
        'the destination; TCP if no protocol is named, IP/ICMP for ICMP',
      ).argParser(destinationOption),
    )
    .addOption(
      new Option(
        '--packets <file>',
        'answer the packets of a file of JSON lines, - for standard input',
      ).conflicts(['from', 'to']),
    );
  addFormatOption(addClusterOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], options: TraceOptions) => {
    const packet = onePacket(command, options);
    await answer(context, options, { behind, other: options.packets }, async (loaded) => {
      // Read even if the manifests are no good, so that everything wrong is told at once.
      const { packets, diagnostics } =
        packet === null ? await packetsOf(options, context) : { packets: [packet], diagnostics: [] };
      if (loaded === null) return { diagnostics, output: () => [] };
      const tracer = new Tracer(loaded.input, {
        seed: options.seed,
        membership: membershipOf(loaded.manifests),
      });
      return {
        diagnostics: [...diagnostics, ...tracer.resolution.diagnostics],
        output: () => print(packets, tracer, options, packet !== null, context),
      };
    });
  });
}

function onePacket(command: Command, { from, to, packets }: TraceOptions): Packet | null {
  if (packets !== undefined) return null;
  if (from === undefined || to === undefined)
    return command.error('error: expected --from and --to, or --packets');
  const packet = packetOf(from, to);
  return typeof packet === 'string' ? command.error(`error: ${packet}`) : packet;
}

async function packetsOf(
  { packets: path = '-', maxFileSize }: TraceOptions,
  { io }: CommandContext,
): Promise<{ packets: readonly Packet[]; diagnostics: readonly Diagnostic[] }> {
  const { sources, diagnostics } = await readSources([path], maxFileSize, io);
  const read = sources.map(readPackets);
  return {
    packets: read.flatMap((it) => it.packets),
    diagnostics: [...diagnostics, ...read.flatMap((it) => it.diagnostics)],
  };
}

function* print(
  packets: readonly Packet[],
  tracer: Tracer,
  { output }: TraceOptions,
  single: boolean,
  { io }: CommandContext,
): Generator<string> {
  const style = styleFor(io.stdout, io.env);
  for (const packet of packets) {
    const trace: Trace = tracer.trace(packet);
    if (output === 'yaml') yield `${single ? '' : '---\n'}${printData(traceRecord(trace), 'yaml')}`;
    else if (output === 'json')
      yield single ? printData(traceRecord(trace), 'json') : `${JSON.stringify(traceRecord(trace))}\n`;
    else yield single ? traceText(trace, style, textWidth(io.stdout)) : `${traceLine(trace, style)}\n`;
  }
}
