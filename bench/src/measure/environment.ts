/** What a result depends on besides the code: the machine, the runtime, the state of the sources. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';

export interface Environment {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly os: string;
    /** Such as `L1d 32K, L2 1024K, L3 32768K`; `null` where Linux does not tell. */
    readonly caches: string | null;
  };
  readonly runtime: { readonly node: string; readonly v8: string; readonly arch: string };
  /** `null` without git, or outside of a repository. */
  readonly commit: { readonly revision: string; readonly dirty: boolean } | null;
}

/** Looks at this machine and this clone. */
export function environment(): Environment {
  const processors = cpus();
  return {
    machine: {
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
      os: `${platform()} ${release()}`,
      caches: caches(),
    },
    runtime: { node: process.versions.node, v8: process.versions.v8, arch: process.arch },
    commit: commit(),
  };
}

/** The caches that hold data, of the first processor. */
function caches(): string | null {
  const folder = '/sys/devices/system/cpu/cpu0/cache';
  try {
    const indexes = readdirSync(folder).filter((name) => /^index\d+$/.test(name));
    const words = indexes.flatMap((index) => {
      const read = (file: string): string => readFileSync(`${folder}/${index}/${file}`, 'utf8').trim();
      const type = read('type');
      return type === 'Instruction' ? [] : [`L${read('level')}${type === 'Data' ? 'd' : ''} ${read('size')}`];
    });
    return words.length === 0 ? null : words.join(', ');
  } catch {
    return null;
  }
}

function commit(): Environment['commit'] {
  try {
    return { revision: git('rev-parse', 'HEAD').trim(), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return null;
  }
}

function git(...args: string[]): string {
  const cwd = new URL('.', import.meta.url);
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
