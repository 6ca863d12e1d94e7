/**
 * Plain data (what JSON can say) as YAML in block style. Strings that any YAML 1.1 or 1.2 reader could
 * take for something else are quoted as JSON quotes them, which YAML understands.
 */
export function toYaml(value: unknown): string {
  return `${blockLines(value).join('\n')}\n`;
}

function blockLines(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item) => indented('- ', item));
  }
  const entries = entriesOf(value);
  if (entries.length === 0) return [flow(value)];
  return entries.flatMap(([key, item]) => {
    if (!isNested(item)) return [`${scalar(key)}: ${flow(item)}`];
    // A list needs no deeper column than its key, as kubectl writes it.
    const indent = Array.isArray(item) ? '' : '  ';
    return [`${scalar(key)}:`, ...blockLines(item).map((line) => indent + line)];
  });
}

function indented(bullet: string, item: unknown): string[] {
  return blockLines(item).map((line, i) => (i === 0 ? bullet : '  ') + line);
}

function isNested(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && !value.every((item) => typeof item === 'number');
  return entriesOf(value).length > 0;
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).filter(([, item]) => item !== undefined);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  return typeof value === 'object' && value !== null ? '{}' : scalar(value);
}

// Words, and what looks like an address or a name; nothing that begins like a number with other ends.
const PLAIN = /^[A-Za-z_/][\w./-]*$|^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2}|:\d{1,5})?$/;
const RESERVED = /^(?:true|false|yes|no|on|off|null|y|n|nan|inf)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}
