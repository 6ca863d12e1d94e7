import {
  DECIDED_BY,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  PACKET4_WORDS,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
  VERDICT4_ADDRESS,
  VERDICT4_WORDS,
  VERDICTS,
} from '@shunt/model';
import { answersOfRecords, verdictRoom } from '../lookup/verdict-records.js';
import type { FlowImplementation } from './flow-implementation.js';
import type { Flows } from './flows.js';

const ROOM_PACKETS = 4_096;
const DNAT = VERDICTS.indexOf('dnat') | (DECIDED_BY.indexOf('frontend') << OUTCOME_DECIDED_BY_SHIFT);

/** What one writes first: a JavaScript `Map` from the five-tuple as text. */
export const stringMapFlows: FlowImplementation = {
  name: 'Map with string keys',
  prepare(flows) {
    const remembered = new Map<string, number>();
    const { count, records } = flows.packets;
    for (const flow of flows.insertionOrder) {
      remembered.set(keyAt(records, flow * PACKET4_WORDS), flows.memory[flow] as number);
    }
    const room = verdictRoom(ROOM_PACKETS, 'IPv4');
    const answer = (packet: number, verdicts: Uint32Array, verdict: number): void => {
      const memory = remembered.get(keyAt(records, packet * PACKET4_WORDS)) ?? 0;
      writeRemembered(flows, memory, verdicts, verdict * VERDICT4_WORDS);
    };
    return {
      bytes: null,
      run(first, runCount) {
        for (let index = first; index < first + runCount; index++) answer(index, room, index % ROOM_PACKETS);
      },
      answers() {
        const all = verdictRoom(count, 'IPv4');
        for (let index = 0; index < count; index++) answer(index, all, index);
        return answersOfRecords(all, 'IPv4');
      },
    };
  },
};

function keyAt(records: Uint32Array, at: number): string {
  return `${records[at]},${records[at + 1]},${records[at + 2]},${records[at + 3]}`;
}

/** The verdict of a packet whose flow is remembered; memory 0 stands for no flow. */
export function writeRemembered(
  { backends }: Flows,
  memory: number,
  verdicts: Uint32Array,
  verdict: number,
): void {
  const { address = 0, port = 0 } = backends[memory >>> 1] ?? {};
  const masquerade = (memory & 1) === 0 ? 0 : OUTCOME_MASQUERADE;
  const translated = DNAT | masquerade | (port << OUTCOME_PORT_SHIFT);
  verdicts[verdict + VERDICT_OUTCOME] = memory === 0 ? 0 : translated;
  verdicts[verdict + VERDICT4_ADDRESS] = address;
  verdicts[verdict + VERDICT_BACKEND] = memory >>> 1;
  verdicts[verdict + VERDICT_FRONTEND] = 0;
}
