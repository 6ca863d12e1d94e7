import type { Packet, Verdict } from '@shunt/model';
import type { Answers, PreparedLookup } from '../lookup/implementation.js';
import { agreedHash } from '../lookup/verdict-hash.js';
import { answersOfRecords } from '../lookup/verdict-records.js';
import { memoryReads } from '../measure/memory-reads.js';
import { type Contestant, type RoundOptions, type Timing, timeTurns } from '../measure/rounds.js';
import { type Summary, summarize } from '../measure/statistics.js';
import type { NativePeer } from '../peers/native-peer.js';
import type { Packets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';

// Packets for each sample of the clock: far above its resolution, and a whole number of batches.
const PACKETS_PER_RUN = 4_096;

export interface NamedLookup extends PreparedLookup {
  readonly name: string;
}

/** What comes of answering the same packets in several ways. */
export interface LookupComparison {
  readonly timings: readonly Timing[];
  /** See {@link ScenarioResult.memoryRead}. */
  readonly memoryRead: Summary;
  readonly hash: string;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly facts: Readonly<Record<string, { readonly bytes: number | null }>>;
}

/**
 * Answers the same packets in every way, compares the answers, then takes the times.
 * @param lookups - the first one's answers are what the others are held to
 * @param baseline - the name of what ratios compare with
 * @throws {VerdictMismatch} if two disagree
 */
export async function compareLookups(
  lookups: readonly NamedLookup[],
  peers: readonly NativePeer[],
  packets: Packets,
  baseline: string,
  options: RoundOptions,
): Promise<LookupComparison> {
  const answers = new Map<string, Answers>(lookups.map((lookup) => [lookup.name, lookup.answers()]));
  const facts = Object.fromEntries(lookups.map(({ name, bytes }) => [name, { bytes }]));
  for (const peer of peers) {
    answers.set(peer.name, answersOfRecords(await peer.verdicts(), packets.family));
    facts[peer.name] = { bytes: await peer.bytes() };
  }
  const hash = agreedHash(answers, packets.objects);
  const [reference] = answers.values();
  const contestants = lookups.map((lookup) => contestantOf(lookup, packets.count));
  // First, before who is slow enough not to miss what it takes from the caches.
  const reads = memoryReads(seededRandom(SEEDS.memory));
  const timed = await timeTurns([reads, ...contestants, ...peers], baseline, options);
  const [memoryRead, ...timings] = timed as [Timing, ...Timing[]];
  return {
    timings,
    memoryRead: summarize(memoryRead.rounds),
    hash,
    verdicts: verdictCounts(reference as Answers, packets.objects),
    facts,
  };
}

/** Goes through all packets, round and round. */
function contestantOf({ name, run }: NamedLookup, count: number): Contestant {
  const unitsPerRun = Math.min(PACKETS_PER_RUN, count);
  // Packets behind the last whole run are answered, but not timed.
  const end = count - (count % unitsPerRun);
  let first = 0;
  return {
    name,
    unitsPerRun,
    run() {
      run(first, unitsPerRun);
      first = (first + unitsPerRun) % end;
    },
  };
}

/** How many packets have which verdict. */
export function verdictCounts(
  answers: Answers,
  packets: readonly Packet[],
): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {};
  packets.forEach((_, index) => {
    const { verdict } = answers(index);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  });
  return counts;
}
