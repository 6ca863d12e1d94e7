/** A table that follows a ruleset patch by patch, and all that must hold of it after each of them. */
import {
  type CompiledTable,
  Evaluator,
  emitTable,
  masquerades,
  pick,
  type Ruleset,
  type RulesetChange,
  TableWriter,
  tableToData,
} from '@shunt/compiler';
import { Dataplane, type LookupResult } from '@shunt/dataplane';
import {
  type Family,
  formatEndpoint,
  HEADER_CHECKSUM,
  HEADER_GENERATION,
  HEADER_HEAP_END,
  type Packet,
  type TablePatch,
  validateMatchTable,
} from '@shunt/model';
import { formatPacket } from '@shunt/testing/vitest';

/** A writer and a dataplane that applies what it writes. */
export class PatchedTable {
  readonly writer: TableWriter;
  readonly dataplane: Dataplane;

  constructor(ruleset: Ruleset, capacityWords = 0) {
    this.writer = TableWriter.create(ruleset, { capacityWords });
    const { image, directory } = this.writer.table();
    this.dataplane = Dataplane.load(image, { directory, random: () => 0 });
  }

  get image(): Uint32Array {
    return this.dataplane.image;
  }

  update(change: RulesetChange): TablePatch {
    const patch = this.writer.update(change);
    this.dataplane.apply(patch);
    return patch;
  }

  /** What is wrong with the table after a change, or `null`. */
  problem(ruleset: Ruleset, packets: readonly Packet[]): string | null {
    return (
      tableProblem(this.writer, this.image, ruleset) ??
      wrongVerdict(this.dataplane, new Evaluator(ruleset), packets)
    );
  }
}

/** What an image is wrong about, which should be its writer's and the table of a ruleset; or `null`. */
export function tableProblem(writer: TableWriter, image: Uint32Array, ruleset: Ruleset): string | null {
  const [invalid] = validateMatchTable(image);
  if (invalid !== undefined) return invalid;
  const kept = writer.table().image;
  const other = kept.findIndex((word, at) => word !== image[at]);
  if (other >= 0 || kept.length !== image.length) return `the writer has another word ${other}`;
  // Reads all that is in the image, and compares it with the rules.
  const loaded = TableWriter.load(image, ruleset);
  const { heapWords, freeWords, waitingWords } = writer.memory;
  if (heapWords !== image[HEADER_HEAP_END]) return 'the heap ends elsewhere';
  const unseen = loaded.memory.freeWords - freeWords - waitingWords;
  if (unseen < 0) return `${-unseen} words are used, and were free`;
  const text = tableText({ image, directory: writer.directory });
  const wanted = tableText(emitTable(ruleset));
  return text === wanted ? null : `patched:\n${text}\nfrom nothing:\n${wanted}`;
}

/** The first packet that a dataplane answers otherwise than the evaluator, or `null`. Its `random` has to give 0. */
export function wrongVerdict(
  dataplane: Pick<Dataplane, 'lookup'>,
  evaluator: Evaluator,
  packets: readonly Packet[],
): string | null {
  for (const packet of packets) {
    const evaluation = evaluator.evaluate(packet);
    const result = dataplane.lookup(packet);
    const { backend } = result;
    const chosen =
      pick(evaluation, packet, 0) ??
      evaluation.candidates.find((it) => it.address === backend?.address && it.port === backend.port) ??
      null;
    const wanted = [
      evaluation.verdict,
      evaluation.origin,
      evaluation.decidedBy,
      chosen === null ? 'none' : formatEndpoint(chosen.address, chosen.port),
      chosen !== null && masquerades(evaluation, packet, chosen),
    ].join(' ');
    if (verdictText(result) !== wanted) {
      return `${formatPacket(packet)}: ${verdictText(result)}, not ${wanted}`;
    }
  }
  return null;
}

function verdictText({ verdict, origin, decidedBy, backend, masquerade }: LookupResult): string {
  const endpoint = backend === null ? 'none' : formatEndpoint(backend.address, backend.port);
  return [verdict, origin, decidedBy, endpoint, masquerade].join(' ');
}

/** A table as text that says nothing of where things are: equal for equal rules. */
export function tableText(table: CompiledTable): string {
  const { frontends } = tableToData(table);
  const lines = frontends.map((frontend) => {
    const { line, servicePortNumber, clusterPool, localPool, ...rest } = frontend;
    const family: Family = frontend.servicePort.startsWith('IPv4') ? 'IPv4' : 'IPv6';
    const pools = [clusterPool, localPool].map((pool) => {
      if (pool === null) return null;
      const picks = Array.from({ length: pool.slotCount }, (_, slot) => {
        const number = pool.firstBackend + placeOf(table.image, pool, slot);
        const entry = table.directory.backend(family, number);
        return entry === undefined ? '?' : formatEndpoint(entry.backend.address, entry.backend.port);
      });
      return `${pool.random ? 'random ' : ''}${picks.join(' ')}`;
    });
    return JSON.stringify({ ...rest, pools });
  });
  return lines.sort().join('\n');
}

function placeOf(
  image: Uint32Array,
  { slotBits, slotsOffset }: { readonly slotBits: number; readonly slotsOffset: number },
  slot: number,
): number {
  if (slotBits === 0) return slot;
  const bit = slot * slotBits;
  return ((image[slotsOffset + (bit >>> 5)] as number) >>> (bit & 31)) & (2 ** slotBits - 1);
}

/** Generation and checksum of a table, to see whether it has been touched. */
export function state(image: Uint32Array): string {
  return `${image[HEADER_GENERATION]} ${image[HEADER_CHECKSUM]}`;
}
