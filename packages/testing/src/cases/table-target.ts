import { emitTable, type Ruleset } from '@shunt/compiler';
import { Dataplane, type LookupResult } from '@shunt/dataplane';
import { formatEndpoint, invariant, type Packet, type Verdict } from '@shunt/model';
import type { Answer, Answerer } from './answer.js';

/** Source ports tried for each backend: with n equal ones, 64n flows miss a certain one once in e^64. */
const FLOWS_PER_BACKEND = 64;

/** Steps through all ports without repetition, since it is prime to 65536. */
const PORT_STEP = 40_503;

/**
 * The in-process table, by both kernels: it names one backend for a flow, so that the set is found from many source
 * ports.
 */
export function tableTarget(ruleset: Ruleset): Answerer {
  const { image } = emitTable(ruleset);
  const dataplanes = [Dataplane.load(image), Dataplane.load(image, { kernels: 'typescript' })] as const;
  return {
    answer: (packet, expectedBackends) =>
      answerOfFlows(
        (flow) => agreedResult(dataplanes, flow),
        packet,
        Math.max(expectedBackends, 1) * FLOWS_PER_BACKEND,
      ),
  };
}

/** What the kernels that this engine prefers say, and those in TypeScript must say, too. */
function agreedResult([preferred, plain]: readonly [Dataplane, Dataplane], packet: Packet): LookupResult {
  const result = preferred.lookup(packet);
  const other = plain.lookup(packet);
  const isSame =
    result.verdict === other.verdict &&
    result.decidedBy === other.decidedBy &&
    result.frontendIndex === other.frontendIndex &&
    result.masquerade === other.masquerade &&
    result.backend?.index === other.backend?.index;
  invariant(isSame, `kernels ${preferred.kernels} and ${plain.kernels} answer alike`);
  return result;
}

function answerOfFlows(lookup: (packet: Packet) => LookupResult, packet: Packet, flowCount: number): Answer {
  const verdicts = new Set<Verdict>();
  const masqueradeByBackend = new Map<string, boolean>();
  for (let flow = 0; flow < flowCount; flow++) {
    const sourcePort = (flow * PORT_STEP + 1024) & 0xffff;
    const { verdict, backend, masquerade } = lookup({ ...packet, sourcePort });
    verdicts.add(verdict);
    if (backend === null) continue;
    const label = formatEndpoint(backend.address, backend.port);
    const earlier = masqueradeByBackend.get(label) ?? masquerade;
    invariant(earlier === masquerade, `the source port does not decide the masquerade towards ${label}`);
    masqueradeByBackend.set(label, masquerade);
  }
  const [verdict, ...others] = verdicts;
  invariant(verdict !== undefined && others.length === 0, 'the source port does not decide the verdict');
  const to = [...masqueradeByBackend.keys()].sort();
  return { verdict, to, masqueradedTo: to.filter((label) => masqueradeByBackend.get(label) === true) };
}
