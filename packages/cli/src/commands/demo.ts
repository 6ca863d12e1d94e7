import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { located } from '@shunt/cluster';
import { Tracer } from '@shunt/compiler';
import type { Packet } from '@shunt/model';
import type { Command } from 'commander';
import { type LoadedInput, loadInput } from '../input/load-input.js';
import { readPackets } from '../input/read-packets.js';
import { readSources } from '../input/read-sources.js';
import { EXIT, type Io, textWidth } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import { styleFor } from '../print/style.js';
import { wrap } from '../print/wrap.js';
import { Report } from '../report.js';
import type { CommandContext } from './command-context.js';
import { dumpedShopText } from './demo-dump.js';
import { DEMO_POOL, plainShopText } from './demo-plain.js';

const WORKSPACE = new URL('../../../../', import.meta.url);
const BENCH = fileURLToPath(new URL('bench/dist/main.js', WORKSPACE));
const BENCH_LIMIT_MS = 20_000;
const NODE = 'node-a';
const OPTIONS: ClusterOptions = {
  config: example('kube-proxy.yaml'),
  node: NODE,
  seed: 0,
  admit: 'auto',
  loadBalancerPool: [DEMO_POOL],
  allocationSeed: 0,
  maxFileSize: 256e6,
  strict: false,
};

/** `npm start` without arguments: the example shop, as a dump for one node and as people write it. */
export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo', { hidden: true })
    .description('show the example shop of the repository')
    .action(async () => {
      context.exitCode = await demo(context);
    });
}

async function demo({ io }: CommandContext): Promise<number> {
  if (!existsSync(example('shop'))) {
    io.stderr.write(
      'error: the demo shows the examples of the repository, which are not here; see shunt --help\n',
    );
    return EXIT.unusable;
  }
  const report = new Report();
  const dump = await loadInput([example('shop')], OPTIONS, report, io);
  const plain = await loadInput([example('shop-plain')], OPTIONS, report, io);
  const packets = await examplePackets(io);
  const tracer = dump === null ? null : new Tracer(dump.input);
  if (dump !== null && tracer !== null) report.add(located(tracer.resolution.diagnostics, dump.manifests));
  report.print(io);
  if (dump === null || tracer === null || plain === null) return EXIT.unusable;
  const style = styleFor(io.stdout, io.env);
  const width = textWidth(io.stdout);
  const section = (title: string, intro: string, text: string): void => {
    const [first = '', ...rest] = wrap(`${title}: ${intro}`, width);
    const head = style.bold(first.slice(0, title.length)) + first.slice(title.length);
    io.stdout.write(`${[head, ...rest].join('\n')}\n\n${text}\n`);
  };
  section('The example shop', dumpIntro(dump, tracer), dumpedShopText(dump, tracer, packets, style, width));
  section('The same, as people write it', plainIntro(plain), plainShopText(plain, style, width));
  io.stdout.write(`${style.bold('How fast')}\n\n${indented(throughput(), width)}\n\n`);
  io.stdout.write(`${style.bold('What to try next')}\n\n${NEXT}`);
  return EXIT.ok;
}

function example(name: string): string {
  return fileURLToPath(new URL(`examples/${name}`, WORKSPACE));
}

async function examplePackets(io: Io): Promise<Packet[]> {
  const { sources } = await readSources([example('shop.packets.jsonl')], OPTIONS.maxFileSize, io);
  return sources.flatMap((source) => readPackets(source).packets);
}

function dumpIntro({ input: { state, config } }: LoadedInput, { resolution }: Tracer): string {
  const count = (kind: string): string => `${state.list(kind).length} ${kind}s`;
  const { length: ports } = resolution.ruleset.servicePorts;
  return (
    `a dump of ${count('Service')}, ${count('EndpointSlice')}, ${count('Node')} in 2 zones, as ${NODE} sees ` +
    `them (${config.mode} mode, ${ports} service ports)`
  );
}

function plainIntro({ input: { state } }: LoadedInput): string {
  return (
    `${state.list('Service').length} Services and ${state.list('Pod').length} Pods, no cluster IP, node port ` +
    'or slice. What a cluster makes of those in namespace shop (READY: endpoints, of the Pods that the ' +
    'selector matches):'
  );
}

const COMMON = '--config examples/kube-proxy.yaml --node node-a';
const NEXT = `  Why does this packet go there? Every step, with the objects that decided:
    npm start -- trace -f examples/shop ${COMMON} \\
      --from 198.51.100.7:40000 --to 203.0.113.10:443/TCP
  What does a cluster make of manifests, and what would it refuse?
    npm start -- get services -f examples/shop-plain --load-balancer-pool public=203.0.113.64/26
    npm start -- lint -f examples/broken/node-port-twice.yaml
  The same decision for a kernel, and in one (as root, here in a namespace that goes again):
    npm start -- compile --target nftables -f examples/shop \\
      ${COMMON}
    unshare -n npx --no-install shunt apply -f examples/shop \\
      ${COMMON}
  The rules of your own cluster:
    kubectl get svc,endpointslices,nodes,servicecidrs -A -o json > cluster.json
    npm start -- get frontends -f cluster.json --node NODE
  Guard your manifests with cases, before a change ships:
    npm start -- test examples/shop-cases
  Help, completion for bash, zsh and fish, and all benchmarks:
    npx --no-install shunt --help; npm run bench
`;

function indented(text: string, width: number): string {
  return wrap(text, width - 2)
    .map((line) => `  ${line}`)
    .join('\n');
}

/** One line of the benchmark harness, in a process of its own so that nothing here slows it. */
function throughput(): string {
  if (!existsSync(BENCH)) return 'The benchmark harness is not built here: npm run bench builds and runs it.';
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, 'quick'], {
    encoding: 'utf8',
    timeout: BENCH_LIMIT_MS,
  });
  if (status === 0) return stdout.trim();
  return `The benchmark harness failed: ${stderr.trim().split('\n')[0] ?? 'it took too long'}`;
}
