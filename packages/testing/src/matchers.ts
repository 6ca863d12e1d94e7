import { address, formatEndpoint, type Verdict } from '@shunt/model';
import { splitEndpoint } from './cases/case-shape.js';
import { formatPacket, type PacketLike, toPacket } from './packet-text.js';
import { type Fate, Rules } from './rules.js';

/** What vitest asks of a matcher's answer. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

export function toReach(received: unknown, packet: PacketLike, backends?: readonly string[]): MatcherResult {
  const wanted = backends === undefined ? null : canonical(backends);
  const expected = wanted === null ? 'to reach a backend' : `to reach ${listed(wanted)}`;
  return judge(received, packet, expected, ({ verdict, backends: reached }) => {
    return verdict === 'dnat' && (wanted === null || sameSet(reached, wanted));
  });
}

export function toReachAnyOf(
  received: unknown,
  packet: PacketLike,
  backends: readonly string[],
): MatcherResult {
  const wanted = canonical(backends);
  return judge(received, packet, `to reach one of ${listed(wanted)}`, ({ backends: reached }) => {
    return reached.some((backend) => wanted.includes(backend));
  });
}

export function toReject(received: unknown, packet: PacketLike): MatcherResult {
  return judgeVerdict(received, packet, 'to be rejected', 'reject');
}

export function toDrop(received: unknown, packet: PacketLike): MatcherResult {
  return judgeVerdict(received, packet, 'to be dropped', 'drop');
}

export function toAccept(received: unknown, packet: PacketLike): MatcherResult {
  return judgeVerdict(received, packet, 'to be accepted', 'accept');
}

export function toPassUntouched(received: unknown, packet: PacketLike): MatcherResult {
  return judgeVerdict(received, packet, 'to pass untouched', 'none');
}

export function toMasquerade(
  received: unknown,
  packet: PacketLike,
  backends?: readonly string[],
): MatcherResult {
  const wanted = backends === undefined ? null : canonical(backends);
  const expected = wanted === null ? 'to be masqueraded' : `to be masqueraded for ${listed(wanted)} only`;
  return judge(received, packet, expected, ({ verdict, backends: reached, masqueradedTo }) => {
    return verdict === 'dnat' && sameSet(masqueradedTo, wanted ?? reached);
  });
}

function judgeVerdict(
  received: unknown,
  packet: PacketLike,
  expected: string,
  verdict: Verdict,
): MatcherResult {
  return judge(received, packet, expected, (fate) => fate.verdict === verdict);
}

function judge(
  received: unknown,
  packet: PacketLike,
  expected: string,
  holds: (fate: Fate) => boolean,
): MatcherResult {
  if (!(received instanceof Rules)) throw new TypeError('"expect" expected the rules that rulesFor returns');
  const fate = received.fateOf(packet);
  const pass = holds(fate);
  const message = (): string => {
    const { node, config } = received;
    return [
      `${formatPacket(toPacket(packet))} on ${node.name} (${config.mode} mode)`,
      `expected: ${pass ? 'not ' : ''}${expected}`,
      `got:      ${describe(fate)}`,
      ...received.reasonsFor(packet).map((reason) => `  ${reason}`),
    ].join('\n');
  };
  return { pass, message };
}

function describe({ verdict, backends, masqueradedTo }: Fate): string {
  if (verdict !== 'dnat') return verdict === 'none' ? 'untouched' : verdict;
  const masquerade =
    masqueradedTo.length === backends.length ? 'masqueraded' : `masqueraded for ${listed(masqueradedTo)}`;
  return `reaches ${listed(backends)}, ${masqueradedTo.length === 0 ? 'not masqueraded' : masquerade}`;
}

function canonical(backends: readonly string[]): string[] {
  return backends.map((text) => {
    const endpoint = splitEndpoint(text);
    if (endpoint === null) {
      throw new TypeError(`"backends" expected ip:port or [ip6]:port, got ${JSON.stringify(text)}`);
    }
    return formatEndpoint(address(endpoint.address), endpoint.port);
  });
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((item) => right.has(item));
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
