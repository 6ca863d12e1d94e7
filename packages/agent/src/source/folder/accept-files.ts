/** Which contents of files are in force: new ones, or the last that were right. */
import type { AdmittedManifests } from '@shunt/cluster';
import type { Diagnostic, ManifestFile } from '@shunt/model';

/** The texts of files by name. */
export type Texts = ReadonlyMap<string, string>;

export interface Accepted {
  /** What is in force now. */
  readonly texts: Texts;
  /** Made from these. */
  readonly manifests: AdmittedManifests;
  /** The files whose present content is not in force because of an error in it. */
  readonly refused: readonly string[];
  /** Errors of what was refused, and all that is to be said of what is in force. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Takes new contents file by file, each as a whole or not at all: a file with an error keeps the content
 * that it had, and a new one counts as not there. An error that shows in a file that did not change, such as an
 * address that a new file takes away, keeps out all that did.
 *
 * When there is nothing in force yet, there is nothing to fall back to: then what is right counts, and
 * only the objects with errors are missing.
 * @param force - what is in force; `null`: nothing yet
 */
export function acceptFiles(
  texts: Texts,
  force: Pick<Accepted, 'texts' | 'manifests'> | null,
  admit: (files: readonly ManifestFile[]) => AdmittedManifests,
): Accepted {
  const admitTexts = (some: Texts): AdmittedManifests =>
    admit([...some].map(([name, text]) => ({ name, text })).sort((a, b) => (a.name < b.name ? -1 : 1)));
  if (force === null) {
    const manifests = admitTexts(texts);
    return { texts, manifests, refused: [], diagnostics: manifests.diagnostics.filter(isNotEmptiness) };
  }
  const before = force.texts;
  const known = new Set(errorsOf(force.manifests).map(identity));
  const tried = new Map(texts);
  const refused = new Set<string>();
  const said: Diagnostic[] = [];
  for (;;) {
    const manifests = admitTexts(tried);
    const errors = errorsOf(manifests).filter((error) => !known.has(identity(error)));
    const changed = changedFiles(tried, before);
    if (errors.length === 0 || changed.length === 0) {
      const diagnostics = [...said, ...manifests.diagnostics.filter(isNotEmptiness)];
      return { texts: tried, manifests, refused: [...refused].sort(), diagnostics };
    }
    said.push(...errors);
    const guilty = changed.filter((file) => errors.some(({ position }) => position?.file === file));
    for (const file of guilty.length > 0 ? guilty : changed) {
      refused.add(file);
      const text = before.get(file);
      if (text === undefined) tried.delete(file);
      else tried.set(file, text);
    }
  }
}

function changedFiles(texts: Texts, before: Texts): string[] {
  const names = new Set([...texts.keys(), ...before.keys()]);
  return [...names].filter((name) => texts.get(name) !== before.get(name));
}

function errorsOf({ diagnostics }: AdmittedManifests): Diagnostic[] {
  return diagnostics.filter((it) => it.severity === 'error' && isNotEmptiness(it));
}

/** A folder without objects is a cluster without objects. */
function isNotEmptiness({ code }: Diagnostic): boolean {
  return code !== 'empty';
}

/** Not the position: an edit above moves it. */
function identity({ code, message, object, position }: Diagnostic): string {
  return JSON.stringify([code, message, object, position?.file]);
}
