/** What a patch says of flows is what the change of the rules says of them. */
import {
  ChangePlanner,
  ConntrackPlanner,
  type Pool,
  type Ruleset,
  servicePortKey,
  TableWriter,
} from '@shunt/compiler';
import { flowDecider, type TranslationRecord } from '@shunt/dataplane';
import { type Address, formatEndpoint, readPatchPlan } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT, text } from '../incremental/follow.js';

describe(`plans in patches, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it('decide about translations as the planner of changes does', () => {
    const counts = { keep: 0, drain: 0, delete: 0 };
    holds(() => {
      let writer: TableWriter | null = null;
      const planner = new ChangePlanner();
      const translations = new Map<string, TranslationRecord>();
      return ({ update, before }) => {
        if (writer === null) {
          writer = TableWriter.create(before);
          const nothing = { removed: [], added: [], replaced: [], clusterIPs: { removed: [], added: [] } };
          const first = { ...nothing, added: before.servicePorts, sections: {} };
          planner.plan({ ...first, diagnostics: nothing.clusterIPs, udpEndpointsChanged: true });
        }
        for (const it of translationsOf(before, writer)) translations.set(nameOf(it), it);
        const numbers = numbersOf(writer);
        const { sweep, drain } = planner.plan(update);
        const plan = readPatchPlan(writer.update(update));
        for (const [key, number] of numbersOf(writer)) numbers.set(key, number);
        const stale = new ConntrackPlanner({ servicePorts: sweep });
        const drained = new Set(
          drain.flatMap(({ servicePort, backends }) =>
            backends.map(
              (it) => `${numbers.get(servicePortKey(servicePort))} ${formatEndpoint(it.address, it.port)}`,
            ),
          ),
        );
        const joined = new Set(
          update.replaced.flatMap(({ before: was, after: is }) => {
            const held = endpointsOf(was);
            const number = numbers.get(servicePortKey(is));
            return [...endpointsOf(is)].filter((it) => !held.has(it)).map((it) => `${number} ${it}`);
          }),
        );
        for (const [name, translation] of translations) {
          const { protocol, vip, port, backendAddress, backendPort, servicePort } = translation;
          const family = typeof vip === 'number' ? 'IPv4' : 'IPv6';
          const backend = `${servicePort} ${formatEndpoint(backendAddress, backendPort)}`;
          const flow = {
            family,
            protocol: protocol as 'TCP',
            originalDestination: vip,
            originalDestinationPort: port,
            replySource: backendAddress,
            replySourcePort: backendPort,
          } as const;
          const isDraining = drained.has(backend) || (translation.draining && !joined.has(backend));
          const wanted = stale.plan(flow) === 'delete' ? 'delete' : isDraining ? 'drain' : 'keep';
          const got = flowDecider(plan, family)(translation);
          if (got !== wanted) return `${text(translation)} is to ${wanted}, not ${got}`;
          counts[got]++;
          if (got === 'delete') translations.delete(name);
          else translations.set(name, { ...translation, draining: got === 'drain' });
        }
        return null;
      };
    });
    for (const count of Object.values(counts)) expect(count, text(counts)).toBeGreaterThan(SEQUENCES / 50);
  });
});

function endpointsOf({ clusterPool, localPool }: Ruleset['servicePorts'][number]): Set<string> {
  const pools = [clusterPool, localPool].filter((pool): pool is Pool => pool !== null);
  return new Set(pools.flatMap(({ backends }) => backends.map((it) => formatEndpoint(it.address, it.port))));
}

function numbersOf({ directory }: TableWriter): Map<string, number> {
  return new Map([...directory.servicePorts].map(([key, { number }]) => [key, number]));
}

/** A translation from every frontend to every backend that it may pick. */
function translationsOf(ruleset: Ruleset, writer: TableWriter): TranslationRecord[] {
  return ruleset.servicePorts.flatMap((servicePort) => {
    const number = writer.directory.servicePorts.get(servicePortKey(servicePort))?.number ?? 0;
    const local: Address = servicePort.family === 'IPv4' ? 0xc0a80002 : 1n;
    return servicePort.frontends.flatMap(({ address, port, kind }) =>
      [servicePort.clusterPool, servicePort.localPool].flatMap((pool) =>
        kind === 'healthCheckNodePort'
          ? []
          : (pool?.backends ?? []).map((backend) => ({
              protocol: servicePort.protocol,
              servicePort: number,
              frontendIndex: 0,
              backendIndex: 0,
              vip: address ?? local,
              port,
              backendAddress: backend.address,
              backendPort: backend.port,
              flows: 1,
              draining: false,
            })),
      ),
    );
  });
}

function nameOf({
  servicePort,
  protocol,
  vip,
  port,
  backendAddress,
  backendPort,
}: TranslationRecord): string {
  return `${servicePort} ${protocol} ${vip} ${port} ${backendAddress} ${backendPort}`;
}
