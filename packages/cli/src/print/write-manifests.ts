import { writeFileSync } from 'node:fs';
import type { KubernetesObject } from '@shunt/model';
import { type Command, Option } from 'commander';
import { type DataFormat, printData } from './data.js';

export interface WriteOptions {
  readonly output: DataFormat;
  /** A file that is not there yet. */
  readonly write?: string;
}

/** Adds where a made manifest goes. */
export function addWriteOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-o, --output <format>', 'how to print the manifest').choices(['yaml', 'json']).default('yaml'),
    )
    .addOption(new Option('--write <file>', 'write the manifest to a new file instead of printing it'));
}

/**
 * The manifests as text; or, with `--write`, what was done.
 * @param message - what kubectl says of them
 * @throws {Error} of the file system, such as EEXIST: a file that is there is never written over
 */
export function* writeManifests(
  objects: readonly KubernetesObject[],
  message: string,
  { output, write }: WriteOptions,
): Generator<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const text =
    output === 'yaml'
      ? objects.map((object) => printData(object, 'yaml')).join('---\n')
      : printData(objects.length === 1 ? objects[0] : list, 'json');
  if (write === undefined) {
    yield text;
    return;
  }
  writeFileSync(write, text, { flag: 'wx' });
  yield `${message.trimEnd()}\nwritten to ${write}\n`;
}
