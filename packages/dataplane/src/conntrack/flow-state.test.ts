import { SCTP_INIT, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import {
  ANY_HINT,
  beginsFlow,
  evictionClass,
  FLOW_STATES,
  type FlowState,
  firstState,
  nextState,
  reopensFlow,
  stirringHints,
  WORTH_CLOSING,
  WORTH_KEPT,
  WORTH_UNASSURED,
} from './flow-state.js';

const TCP = 6;
const UDP = 17;
const SCTP = 132;

/** The state behind packets: `>` from the client, `<` from the backend, then the hint. */
function walk(protocol: number, ...steps: readonly [string, number][]): FlowState | undefined {
  const state = steps.reduce((now, [way, hint]) => nextState(now, way === '<', hint), firstState(protocol));
  return FLOW_STATES[state];
}

describe('a TCP flow', () => {
  it('is established by the third packet of the handshake', () => {
    expect(walk(TCP)).toBe('tcp syn');
    expect(walk(TCP, ['<', TCP_SYN | TCP_ACK])).toBe('tcp answered');
    expect(walk(TCP, ['<', TCP_SYN | TCP_ACK], ['>', TCP_ACK])).toBe('tcp established');
  });

  it('is not established by answers alone, nor by one more SYN', () => {
    const answer = ['<', TCP_SYN | TCP_ACK] as [string, number];
    expect(walk(TCP, answer, answer, ['<', TCP_ACK], ['>', TCP_SYN])).toBe('tcp answered');
  });

  it.each([TCP_FIN | TCP_ACK, TCP_RST])('closes with flags %i of either side, and stays so', (hint) => {
    for (const way of ['>', '<']) {
      expect(walk(TCP, ['<', 0], ['>', 0], [way, hint], ['>', TCP_ACK], ['<', TCP_ACK])).toBe('tcp closing');
      expect(walk(TCP, [way, hint])).toBe('tcp closing');
    }
  });

  it('begins anew with a SYN of the client when it is closing, and only then', () => {
    const closing = FLOW_STATES.indexOf('tcp closing');
    expect(reopensFlow(closing, false, TCP_SYN)).toBe(true);
    expect(reopensFlow(closing, true, TCP_SYN)).toBe(false);
    expect(reopensFlow(closing, false, TCP_SYN | TCP_ACK)).toBe(false);
    expect(reopensFlow(FLOW_STATES.indexOf('tcp established'), false, TCP_SYN)).toBe(false);
  });

  it('does not begin with what the kernel finds invalid', () => {
    expect([0, TCP_SYN, TCP_ACK].map((hint) => beginsFlow(TCP, hint))).toEqual([true, true, true]);
    const invalid = [TCP_SYN | TCP_ACK, TCP_FIN, TCP_FIN | TCP_ACK, TCP_RST, TCP_SYN | TCP_FIN];
    expect(invalid.filter((hint) => beginsFlow(TCP, hint))).toEqual([]);
  });
});

describe('a UDP flow', () => {
  it('is a stream from its first answer on', () => {
    expect(walk(UDP, ['>', 0], ['>', 0])).toBe('udp unreplied');
    expect(walk(UDP, ['<', 0], ['>', 0])).toBe('udp stream');
  });
});

describe('an SCTP flow', () => {
  it('goes through the same as TCP, by chunks', () => {
    expect(walk(SCTP, ['>', SCTP_INIT], ['<', 2], ['>', SCTP_INIT])).toBe('sctp answered');
    expect(walk(SCTP, ['>', SCTP_INIT], ['<', 2], ['>', 10])).toBe('sctp established');
    for (const chunk of [6, 7, 8, 14])
      expect(walk(SCTP, ['<', 2], ['>', 10], ['<', chunk])).toBe('sctp closing');
    expect(reopensFlow(FLOW_STATES.indexOf('sctp closing'), false, SCTP_INIT)).toBe(true);
    expect([2, 6, 7, 8, 11, 14].filter((chunk) => beginsFlow(SCTP, chunk))).toEqual([]);
  });
});

describe('a protocol without flows', () => {
  it('has no first state', () => {
    expect([0, 1, 58].map(firstState)).toEqual([0, 0, 0]);
    expect([0, 1, 58, UDP].map((protocol) => beginsFlow(protocol, 0))).toEqual([false, false, false, true]);
  });
});

describe('the hints that the packet path stops at', () => {
  it('are all those that change a state or begin a flow anew', () => {
    for (let state = 1; state < FLOW_STATES.length; state++) {
      for (const isReply of [false, true]) {
        for (let hint = 0; hint < 256; hint++) {
          if (((hint | ANY_HINT) & stirringHints(state, isReply)) !== 0) continue;
          expect(nextState(state, isReply, hint)).toBe(state);
          expect(reopensFlow(state, isReply, hint)).toBe(false);
        }
      }
    }
  });

  it('let data of established flows pass', () => {
    for (const name of ['tcp established', 'udp stream', 'sctp established'] as const) {
      const state = FLOW_STATES.indexOf(name);
      const hint = name === 'tcp established' ? TCP_ACK : 0;
      for (const isReply of [false, true]) expect((hint | ANY_HINT) & stirringHints(state, isReply)).toBe(0);
    }
  });
});

describe('who goes first when room is needed', () => {
  it('are flows without an answer, then closing ones, and never established ones', () => {
    const worth = Object.fromEntries(FLOW_STATES.map((name, state) => [name, evictionClass(state)]));
    expect(worth).toMatchObject({
      'tcp syn': WORTH_UNASSURED,
      'tcp answered': WORTH_UNASSURED,
      'udp unreplied': WORTH_UNASSURED,
      'sctp init': WORTH_UNASSURED,
      'tcp closing': WORTH_CLOSING,
      'sctp closing': WORTH_CLOSING,
      'tcp established': WORTH_KEPT,
      'udp stream': WORTH_KEPT,
      'sctp established': WORTH_KEPT,
    });
  });
});
