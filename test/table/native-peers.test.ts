/**
 * The native peers of the benchmarks against the specification, on rulesets made to be difficult. Where
 * this machine has no compiler, or no DPDK, their tests are left out with the reason in their name.
 */
import { Evaluator, masquerades, pick, type Ruleset } from '@shunt/compiler';
import { type Family, formatEndpoint, type Packet, readVerdict } from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPeer } from '../../bench/src/peers/build-peer.js';
import { lookupJob } from '../../bench/src/peers/lookup-job.js';
import { NativePeer } from '../../bench/src/peers/native-peer.js';
import { LOOKUP_PEERS } from '../../bench/src/peers/peer.js';
import { packetRecords } from '../../bench/src/workload/packets.js';
import { kernelTestsAreRequired } from '../kernel/prerequisites.js';

const PACKETS_PER_RULESET = 300;
const SEED = 0x5eed;

/** What a peer says of a packet, and what it has to say. */
interface Verdict {
  readonly verdict: string;
  readonly origin: string;
  readonly decidedBy: string;
  readonly backend: string | null;
  readonly masquerade: boolean;
}

/** The rules that peers know: those of nftables mode, and no pick that the flow does not decide. */
function isInReach({ mode, nodePorts, servicePorts }: Ruleset, family: Family): boolean {
  const pools = servicePorts.flatMap(({ clusterPool, localPool }) => [clusterPool, localPool]);
  const isRandom = pools.some((pool) => pool?.strategy === 'random');
  return mode === 'nftables' && nodePorts[family].refuse === 'same' && !isRandom;
}

function questions(family: Family): fc.Arbitrary<{ ruleset: Ruleset; packets: Packet[] }> {
  const type = family === 'IPv4' ? 'number' : 'bigint';
  const reachable = rulesets().filter((ruleset) => isInReach(ruleset, family));
  return reachable.chain((ruleset) => {
    const own = packetsFor(ruleset).filter((packet) => typeof packet.source === type);
    const packets = fc.array(own, { minLength: PACKETS_PER_RULESET, maxLength: PACKETS_PER_RULESET });
    return fc.record({ ruleset: fc.constant(ruleset), packets });
  });
}

function expected(ruleset: Ruleset, packets: readonly Packet[]): Verdict[] {
  const evaluator = new Evaluator(ruleset);
  return packets.map((packet) => {
    // A record says 0 where a packet does not tell its source port.
    const own = { ...packet, sourcePort: packet.sourcePort ?? 0 };
    const evaluation = evaluator.evaluate(own);
    const backend = pick(evaluation, own, SEED);
    const { verdict, origin, decidedBy } = evaluation;
    const place = backend === null ? null : formatEndpoint(backend.address, backend.port);
    const masquerade = backend !== null && masquerades(evaluation, own, backend);
    return { verdict, origin, decidedBy, backend: place, masquerade };
  });
}

async function given(path: string, ruleset: Ruleset, packets: readonly Packet[], family: Family) {
  const { records } = packetRecords(packets);
  const peer = await NativePeer.start('peer', path, lookupJob(ruleset, family, SEED), records);
  try {
    const verdicts = await peer.verdicts();
    return packets.map((_, index): Verdict => {
      const { verdict, origin, decidedBy, backend, masquerade } = readVerdict(verdicts, index, family);
      const place = backend === null ? null : formatEndpoint(backend.address, backend.port);
      return { verdict, origin, decidedBy, backend: place, masquerade };
    });
  } finally {
    peer.close();
  }
}

describe.each(['IPv4', 'IPv6'] as const)('the native peers of %s lookups', (family) => {
  for (const peer of LOOKUP_PEERS[family]) {
    const built = buildPeer(peer);
    const reason = 'missing' in built ? `, left out: ${built.missing}` : '';
    // A process for each ruleset, and DPDK takes a while to start.
    const runs = peer.libraries.length === 0 ? 100 : 10;
    // Where CI is set there is a compiler, but a library may be absent.
    const isRequired = peer.libraries.length === 0 && kernelTestsAreRequired();
    const isLeftOut = 'missing' in built && !isRequired;

    it.skipIf(isLeftOut)(`${peer.name} answers as the specification does${reason}`, async () => {
      const path = 'path' in built ? built.path : expect.fail(built.missing);
      const property = fc.asyncProperty(questions(family), async ({ ruleset, packets }) => {
        expect(await given(path, ruleset, packets, family)).toEqual(expected(ruleset, packets));
      });
      await fc.assert(property, { numRuns: runs });
    });
  }
});
