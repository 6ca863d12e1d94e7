/** Which sources nothing leads to. */
import { posix } from 'node:path';
import { importsOf, isRelative } from './imports.js';

/**
 * The files that cannot be reached from the roots by relative imports.
 * @param sources - text by path from the root
 * @param roots - paths where reading begins: entry points, commands, tests
 */
export function unreachable(sources: ReadonlyMap<string, string>, roots: readonly string[]): string[] {
  const reached = new Set<string>();
  const pending = [...roots];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const text = sources.get(path);
    if (text === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of importsOf(text)) {
      if (isRelative(specifier)) pending.push(sourceOf(posix.join(posix.dirname(path), specifier)));
    }
  }
  return [...sources.keys()].filter((path) => !reached.has(path)).sort();
}

/** The source that a built or imported file stands for: `dist/main.js` is built from `src/main.ts`. */
export function sourceOf(path: string): string {
  return path.replace('/dist/', '/src/').replace(/(?:\.d\.ts|(?<=\/src\/.*)\.js|(?<=^test\/.*)\.js)$/, '.ts');
}
