import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Trace, Tracer } from '@shunt/compiler';
import type { Service } from '@shunt/model';
import { namespaceOf, VERDICTS } from '@shunt/model';
import type { Command } from 'commander';
import { loadInput } from '../input/load-input.js';
import { located } from '../input/load-manifests.js';
import { readPackets } from '../input/read-packets.js';
import { readSources } from '../input/read-sources.js';
import { EXIT } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import { columns } from '../print/columns.js';
import { styleFor } from '../print/style.js';
import { traceLine } from '../print/trace-line.js';
import { Report } from '../report.js';
import type { CommandContext } from './command-context.js';

const WORKSPACE = new URL('../../../../', import.meta.url);
const EXAMPLES = new URL('examples/', WORKSPACE);
const BENCH = fileURLToPath(new URL('bench/dist/main.js', WORKSPACE));
const BENCH_LIMIT_MS = 20_000;
const NODE = 'node-a';
const DNAT_LINES = 4;

/** `npm start` without arguments: the example shop, compiled for one node. */
export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo', { hidden: true })
    .description('show the example shop of the repository')
    .action(async () => {
      context.exitCode = await demo(context);
    });
}

async function demo({ io }: CommandContext): Promise<number> {
  const shop = fileURLToPath(new URL('shop', EXAMPLES));
  if (!existsSync(shop)) {
    io.stderr.write(
      'error: the demo shows the examples of the repository, which are not here; see shunt --help\n',
    );
    return EXIT.unusable;
  }
  const config = fileURLToPath(new URL('kube-proxy.yaml', EXAMPLES));
  const options: ClusterOptions = {
    config,
    node: NODE,
    seed: 0,
    admit: 'auto',
    allocationSeed: 0,
    maxFileSize: 256e6,
    strict: false,
  };
  const report = new Report();
  const loaded = await loadInput([shop], options, report, io);
  const { sources } = await readSources(
    [fileURLToPath(new URL('shop.packets.jsonl', EXAMPLES))],
    options.maxFileSize,
    io,
  );
  const packets = sources.flatMap((source) => readPackets(source).packets);
  if (loaded === null) {
    report.print(io);
    return EXIT.unusable;
  }
  const { input } = loaded;
  const tracer = new Tracer(input);
  report.add(located(tracer.resolution.diagnostics, loaded.manifests));
  report.print(io);
  const style = styleFor(io.stdout, io.env);
  const services = input.state.list('Service');
  const { length: portCount } = tracer.resolution.ruleset.servicePorts;
  io.stdout.write(
    `${style.bold('The example shop')}: ${services.length} Services, ${input.state.list('EndpointSlice').length} EndpointSlices, ${input.state.list('Node').length} Nodes in 2 zones,\nas ${NODE} sees them (${input.config.mode} mode, ${portCount} service ports)\n\n`,
  );
  io.stdout.write(serviceTable(services, tracer));
  const iptables = new Tracer({ ...input, config: { ...input.config, mode: 'iptables' } });
  const traces = [
    ...packets.map((it) => tracer.trace(it)),
    ...packets.map((it) => iptables.trace(it)).filter(isAccept),
  ];
  io.stdout.write(`\n${style.bold('Where packets go')} (accept exists in iptables mode only)\n\n`);
  for (const trace of pickTraces(traces)) io.stdout.write(`${traceLine(trace, style)}\n`);
  io.stdout.write(`\n${style.bold('How fast')}\n\n${throughput()}\n`);
  io.stdout.write(`\n${style.bold('What to try next')}\n\n${NEXT}`);
  return EXIT.ok;
}

const COMMON = '-f examples/shop --config examples/kube-proxy.yaml --node node-a';
const NEXT = `  Why does this packet go there? Every step, with the objects that decided:
    npm start -- trace ${COMMON} \\
      --from 198.51.100.7:40000 --to 203.0.113.10:443/TCP
  The rules of your own cluster:
    kubectl get svc,endpointslices,nodes,servicecidrs -A -o json > cluster.json
    npm start -- get frontends -f cluster.json --node NODE
  Guard your manifests with cases, before a change ships:
    npm start -- test examples/shop-cases
  All benchmarks:
    npm run bench
  Help, and completion for bash, zsh and fish:
    npx --no-install shunt --help
`;

function serviceTable(services: readonly Service[], tracer: Tracer): string {
  const rows = services.map((service) => {
    const { spec, status } = service;
    const external = [
      ...(spec.externalIPs ?? []),
      ...(status?.loadBalancer?.ingress ?? []).flatMap((it) => it.ip ?? it.hostname ?? []),
    ];
    return [
      namespaceOf(service),
      service.metadata.name,
      spec.type ?? 'ClusterIP',
      spec.clusterIPs?.[0] ?? spec.clusterIP ?? '<none>',
      spec.externalName ?? (external.join(',') || '<none>'),
      portsOf(service),
      endpointsOf(service, tracer),
    ];
  });
  rows.sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
  return columns(['NAMESPACE', 'NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'USABLE HERE'], rows);
}

function portsOf({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(
    ({ port, nodePort, protocol = 'TCP' }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  );
  return ports.join(',') || '<none>';
}

/** Of the first port in the first family: how many endpoints Cluster policy may use, and how many are local. */
function endpointsOf(service: Service, { resolution }: Tracer): string {
  const port = resolution.ruleset.servicePorts.find(
    (it) => it.namespace === namespaceOf(service) && it.name === service.metadata.name,
  );
  const resolved = port === undefined ? undefined : resolution.ports.get(port);
  if (port === undefined || resolved === undefined) return '-';
  const pool = port.clusterPool ?? port.localPool;
  const local = pool?.backends.filter((it) => it.local).length ?? 0;
  return `${pool?.backends.length ?? 0} of ${resolved.endpoints.length}${local > 0 ? `, ${local} local` : ''}`;
}

function isAccept({ evaluation }: Trace): boolean {
  return evaluation.verdict === 'accept';
}

/** A few translations of different Services, and one or two of every other verdict. */
function pickTraces(traces: readonly Trace[]): Trace[] {
  const order = ['dnat', ...VERDICTS.filter((it) => it !== 'dnat' && it !== 'none'), 'none'];
  return order.flatMap((verdict) => {
    const seen = new Set<unknown>();
    const different = traces.filter(({ evaluation, reasons }) => {
      const key = verdict === 'dnat' ? evaluation.frontend?.kind : reasons.at(-1)?.object.name;
      if (evaluation.verdict !== verdict || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
    return different.slice(0, verdict === 'dnat' ? DNAT_LINES : 2);
  });
}

/** One line of the benchmark harness, in a process of its own so that nothing here slows it. */
function throughput(): string {
  if (!existsSync(BENCH))
    return '  The benchmark harness is not built here: npm run bench builds and runs it.';
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, 'quick'], {
    encoding: 'utf8',
    timeout: BENCH_LIMIT_MS,
  });
  if (status === 0) return `  ${stdout.trim()}`;
  return `  The benchmark harness failed: ${stderr.trim().split('\n')[0] ?? 'it took too long'}`;
}
