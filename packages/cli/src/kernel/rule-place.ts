/** Where the kernel may hold rules of Shunt's, and how they are taken out of there. */
import { CANARY, isServiceChain } from '@shunt/compiler';
import type { IptablesVariant, RemovableChain } from '@shunt/kernel';

export interface RulePlace {
  /** In messages: `nftables`, `iptables-legacy`. */
  readonly name: string;
  /** The options of `shunt cleanup` that mean this place and no other. */
  readonly options: string;
  /** @throws {DriverError} if the place cannot be looked at */
  look(): Promise<FoundRules>;
  /** Removes all of Shunt's, and nothing else. @throws {DriverError} */
  remove(): Promise<void>;
}

export interface FoundRules {
  /** What `remove` would remove, in few words; `null`: there is nothing. */
  readonly summary: string | null;
  /** The same by names, where somebody else may have written it, and nothing tells who; else empty. */
  readonly doubtful: readonly string[];
}

/** The tables of the nftables target, which nobody else calls so. */
export async function nftablesPlace(): Promise<RulePlace> {
  const { heldTables, NftablesDriver } = await import('@shunt/kernel');
  return {
    name: 'nftables',
    options: '--target nftables',
    look: async () => {
      const tables = await heldTables();
      const summary = tables.length === 0 ? null : tables.map((table) => `table ${table}`).join(', ');
      return { summary, doubtful: [] };
    },
    remove: () => new NftablesDriver({ session: false }).remove(),
  };
}

/** The chains of the iptables target, which are kube-proxy's too. */
export async function iptablesPlace(variant: IptablesVariant): Promise<RulePlace> {
  const { IptablesDriver } = await import('@shunt/kernel');
  const driver = new IptablesDriver({ variant });
  return {
    name: variant === 'default' ? 'iptables' : `iptables-${variant}`,
    options: `--target iptables --iptables-variant ${variant}`,
    look: async () => {
      const chains = await driver.removable();
      // The order in which the kernel lists tables is chance.
      const tables = [...byTable(chains)].sort(([a], [b]) => (a < b ? -1 : 1));
      const counted = tables.map(([table, names], index) =>
        index === 0 ? `${names.length} chains of ${table}` : `${names.length} of ${table}`,
      );
      return { summary: counted.length === 0 ? null : counted.join(', '), doubtful: namesOf(tables) };
    },
    remove: () => driver.remove(),
  };
}

function byTable(chains: readonly RemovableChain[]): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const { family, table, chain } of chains) {
    const place = `${family} ${table}`;
    const names = tables.get(place);
    if (names === undefined) tables.set(place, [chain]);
    else names.push(chain);
  }
  return tables;
}

/** A line for each table. There may be thousands of chains of Services, whose names say nothing to anybody. */
function namesOf(tables: readonly (readonly [place: string, chains: readonly string[]])[]): string[] {
  const lines = tables.map(([place, chains]) => {
    const shared = chains.filter((chain) => !isServiceChain(chain));
    const others = chains.length - shared.length;
    const parts = [...shared, ...(others === 0 ? [] : [`${others} of Services and endpoints`])];
    return `${place}: ${parts.join(', ')}`;
  });
  const isMarked = tables.some(([, chains]) => chains.includes(CANARY));
  return isMarked ? [...lines, `Only kube-proxy writes ${CANARY}: it runs here, or it did.`] : lines;
}
