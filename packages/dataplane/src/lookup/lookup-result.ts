import {
  DECIDED_BY,
  type Family,
  ipv6FromWords,
  ORIGINS,
  OUTCOME_DECIDED_BY_MASK,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  OUTCOME_PORT_SHIFT,
  OUTCOME_VERDICT_MASK,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
  VERDICT4_ADDRESS,
  VERDICT6_ADDRESS,
  VERDICTS,
  type VerdictBackend,
  type VerdictRecord,
} from '@shunt/model';

const DNAT = VERDICTS.indexOf('dnat');

/** What the number of a frontend stands for, as far as answers to people name it. */
export interface FrontendName {
  readonly servicePort: {
    readonly namespace: string;
    readonly name: string;
    readonly portName: string;
    readonly protocol: string;
  };
  readonly frontend: {
    readonly kind: string;
    readonly address: number | bigint | null;
    readonly port: number;
  };
}

/** The names behind the numbers of a match table: the compiler's `CompiledTable.directory` is one. */
export interface Directory<Name extends FrontendName = FrontendName> {
  /** By the number of a frontend's line. */
  readonly frontends: ReadonlyMap<number, Name>;
}

/** A verdict, with the frontend that decided if the dataplane knows the names. */
export interface LookupResult<Name extends FrontendName = FrontendName> extends VerdictRecord {
  /** `null` when no frontend decided, or without a directory. */
  readonly frontend: Name | null;
}

/** Reads the first of some verdict records, which is known to be one. */
export function lookupResult<Name extends FrontendName>(
  record: Uint32Array,
  family: Family,
  directory: Directory<Name> | null,
): LookupResult<Name> {
  const outcome = record[VERDICT_OUTCOME] as number;
  const frontendIndex = record[VERDICT_FRONTEND] as number;
  return {
    verdict: VERDICTS[outcome & OUTCOME_VERDICT_MASK] as VerdictRecord['verdict'],
    origin: ORIGINS[(outcome >>> OUTCOME_ORIGIN_SHIFT) & 3] as VerdictRecord['origin'],
    decidedBy: DECIDED_BY[
      (outcome >>> OUTCOME_DECIDED_BY_SHIFT) & OUTCOME_DECIDED_BY_MASK
    ] as VerdictRecord['decidedBy'],
    masquerade: (outcome & OUTCOME_MASQUERADE) !== 0,
    backend: (outcome & OUTCOME_VERDICT_MASK) === DNAT ? backendOf(record, outcome, family) : null,
    frontendIndex,
    frontend: directory?.frontends.get(frontendIndex) ?? null,
  };
}

function backendOf(record: Uint32Array, outcome: number, family: Family): VerdictBackend {
  const address =
    family === 'IPv4'
      ? (record[VERDICT4_ADDRESS] as number)
      : ipv6FromWords(
          record[VERDICT6_ADDRESS] as number,
          record[VERDICT6_ADDRESS + 1] as number,
          record[VERDICT6_ADDRESS + 2] as number,
          record[VERDICT6_ADDRESS + 3] as number,
        );
  return { address, port: outcome >>> OUTCOME_PORT_SHIFT, index: record[VERDICT_BACKEND] as number };
}
