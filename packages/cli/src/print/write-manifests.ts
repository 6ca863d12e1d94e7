import { writeFileSync } from 'node:fs';
import type { KubernetesObject } from '@shunt/model';
import { type Command, Option } from 'commander';
import { describeFileError } from '../input/find-files.js';
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
      new Option('-o, --output <format>', 'how to print the manifest')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .addOption(new Option('--write <file>', 'write the manifest to a new file instead of printing it'));
}

/**
 * The manifests as text; or, with `--write`, what was done.
 * @param message - what kubectl says of them
 * @throws {CommanderError} if the file cannot be written; one that is there is never written over
 */
export function writeManifests(
  command: Command,
  objects: readonly KubernetesObject[],
  message: string,
  { output, write }: WriteOptions,
): string {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const text =
    output === 'yaml'
      ? objects.map((object) => printData(object, 'yaml')).join('---\n')
      : printData(objects.length === 1 ? objects[0] : list, 'json');
  if (write === undefined) return text;
  try {
    writeFileSync(write, text, { flag: 'wx' });
  } catch (error) {
    command.error(`error: ${write}: ${describeFileError(error)}`);
  }
  return `${message.trimEnd()}\nwritten to ${write}\n`;
}
