import { toYaml } from './yaml.js';

/** The forms that every command prints data in. */
export type DataFormat = 'json' | 'yaml';

/** One value as an indented JSON or a YAML document, ending in a newline. */
export function printData(value: unknown, format: DataFormat): string {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : toYaml(value);
}
