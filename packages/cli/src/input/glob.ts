/** Shell patterns: `*`, `?`, `[a-z]`, `{a,b}`, and a doubled star for any number of folders. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const ANY_DEPTH = '**';

export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The paths that match a pattern, in order. Names that begin with a dot match only a pattern that does. */
export function expandGlob(pattern: string): string[] {
  const found = expandBraces(pattern).flatMap((it) => {
    const parts = it.split('/').filter((part, i) => part !== '' || i === 0);
    const absolute = parts[0] === '';
    return matchParts(absolute ? '/' : '', absolute ? parts.slice(1) : parts);
  });
  return [...new Set(found)].sort();
}

function matchParts(folder: string, parts: readonly string[]): string[] {
  const [part, ...rest] = parts;
  if (part === undefined) return folder === '' ? [] : [folder];
  if (part === ANY_DEPTH) {
    const below = entriesOf(folder).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    const here = rest.length === 0 ? matchParts(folder, ['*']) : matchParts(folder, rest);
    return [...here, ...below.flatMap((entry) => matchParts(join(folder, entry.name), parts))];
  }
  if (!isGlob(part)) {
    const known = part === '.' || part === '..' || entriesOf(folder).some((entry) => entry.name === part);
    return known ? matchParts(join(folder, part), rest) : [];
  }
  const expression = toExpression(part);
  return entriesOf(folder)
    .filter(({ name }) => expression.test(name) && (part.startsWith('.') || !name.startsWith('.')))
    .flatMap(({ name }) => matchParts(join(folder, name), rest));
}

function entriesOf(folder: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch {
    // A file, or a folder that may not be read, holds nothing that matches.
    return [];
  }
}

function toExpression(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (token.length > 1) return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return token.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

function expandBraces(pattern: string): string[] {
  const match = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const [whole, options = ''] = match;
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + whole.length);
  return options.split(',').flatMap((option) => expandBraces(before + option + after));
}
