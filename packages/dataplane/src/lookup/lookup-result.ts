import { type Family, readVerdict, type VerdictRecord } from '@shunt/model';

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

/** Reads the first of some verdict records. */
export function lookupResult<Name extends FrontendName>(
  record: Uint32Array,
  family: Family,
  directory: Directory<Name> | null,
): LookupResult<Name> {
  const { verdict, origin, decidedBy, masquerade, backend, frontendIndex } = readVerdict(record, 0, family);
  const frontend = directory?.frontends.get(frontendIndex) ?? null;
  return { verdict, origin, decidedBy, masquerade, backend, frontendIndex, frontend };
}
