/** What a result depends on besides the code: the machine, the runtime, the state of the sources. */
import { execFileSync } from 'node:child_process';
import { cpus, platform, release, totalmem } from 'node:os';

export interface Environment {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly os: string;
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
    },
    runtime: { node: process.versions.node, v8: process.versions.v8, arch: process.arch },
    commit: commit(),
  };
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
