import { type FSWatcher, statSync, watch } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type AdmitOptions, type AdmittedManifests, admitManifests } from '@shunt/cluster';
import {
  type ClusterState,
  type Diagnostic,
  formatDiagnostic,
  type ObjectReference,
  referenceTo,
  type SourcePosition,
} from '@shunt/model';
import type { Clock } from '../../clock/clock.js';
import type { Log } from '../../log/log.js';
import type { ClusterSource } from '../cluster-source.js';
import { type Accepted, acceptFiles } from './accept-files.js';

/** The files that are meant, as they are at the moment. */
export interface FolderReader {
  /** The files' paths; a diagnostic for each path that cannot be looked into. */
  list(): { readonly files: readonly string[]; readonly diagnostics: readonly Diagnostic[] };
  /** What files hold; a diagnostic, which names the file, for each that cannot be read. */
  read(files: readonly string[]): Promise<{
    readonly sources: readonly { readonly file: string; readonly text: string }[];
    readonly diagnostics: readonly Diagnostic[];
  }>;
}

export interface FolderOptions {
  /** Files, folders and patterns, for the log and to be watched. */
  readonly paths: readonly string[];
  readonly reader: FolderReader;
  /** What a cluster adds to manifests. */
  readonly admit: AdmitOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Editors and tools write a file in several steps; what they do in between is not looked at. */
const QUIET_MILLISECONDS = 100;
/** Watches miss changes on some file systems, and behind links: so the folder is looked through, too. */
const RESCAN_MILLISECONDS = 2000;

/**
 * Manifests on disk as a cluster. Objects come, change and go with their files; a control plane adds what a
 * cluster would. What is in force always is what `shunt compile` makes of the same contents: nothing depends
 * on the order in which files came.
 */
export class FolderSource implements ClusterSource {
  readonly name: string;
  readonly #options: FolderOptions;
  #watchers: FSWatcher[] = [];
  #cancelScan: () => void = () => {};
  #scanning: Promise<void> | null = null;
  #scanAgain = false;
  #stopped = false;
  #synced: () => void = () => {};
  #signature: string | null = null;
  #accepted: Accepted | null = null;
  #said: ReadonlySet<string> = new Set();
  /** Something could not be read when it was looked at last. */
  #isUnreadable = false;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.name = options.paths.join(', ');
  }

  start(state: ClusterState, synced: () => void): void {
    this.#synced = synced;
    this.#watch(state);
    void this.#scan(state);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelScan();
    for (const watcher of this.#watchers) watcher.close();
    await this.#scanning;
  }

  locate(reference: ObjectReference): SourcePosition | null {
    return this.#accepted?.manifests.locate(reference) ?? null;
  }

  #watch(state: ClusterState): void {
    for (const path of this.#options.paths) {
      try {
        const watcher = watch(path, { recursive: true }, () => this.#scanIn(QUIET_MILLISECONDS, state));
        // The folder may go, or hold too many to watch: the rescan sees changes then.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // A pattern, or a path that is not there yet: the same.
      }
    }
  }

  #scanIn(milliseconds: number, state: ClusterState): void {
    this.#cancelScan();
    if (this.#stopped) return;
    this.#cancelScan = this.#options.clock.after(milliseconds, () => void this.#scan(state));
  }

  /** Looks at everything once; asked again in the meantime, once more. */
  #scan(state: ClusterState): Promise<void> {
    if (this.#scanning !== null) {
      this.#scanAgain = true;
      return this.#scanning;
    }
    this.#scanning = this.#scanOnce(state)
      .catch((error: unknown) =>
        this.#options.log.error({}, `the manifests cannot be read: ${String(error)}`),
      )
      .finally(() => {
        this.#scanning = null;
        this.#scanIn(this.#scanAgain ? QUIET_MILLISECONDS : RESCAN_MILLISECONDS, state);
        this.#scanAgain = false;
      });
    return this.#scanning;
  }

  async #scanOnce(state: ClusterState): Promise<void> {
    const { reader, admit } = this.#options;
    const { files, diagnostics: missing } = reader.list();
    const signature = JSON.stringify([missing, files.map(fileSignature)]);
    if (signature === this.#signature) return;
    const { sources, diagnostics: unread } = await reader.read(files);
    if (this.#stopped) return;
    const texts = new Map(sources.map(({ file, text }) => [file, text]));
    const unusable = [...missing.filter(({ code }) => code !== 'empty'), ...unread];
    this.#keepUnreadable(texts, files, unusable.length > unread.length);
    const before = this.#accepted;
    // Rules of an earlier agent may be in force: they are not to go because a folder comes late.
    if (before === null && unusable.length > unread.length) {
      this.#tell(unusable.map((it) => withMeaning(it, 'no rules are written before it can be read')));
      return;
    }
    const accepted = acceptFiles(texts, before, (some): AdmittedManifests => admitManifests(some, admit));
    this.#signature = signature;
    this.#accepted = accepted;
    replaceObjects(state, accepted.manifests.state);
    const meaning = 'what it held before, if anything, stays in force';
    this.#tell([...unusable.map((it) => withMeaning(it, meaning)), ...accepted.diagnostics]);
    if (this.#isUnreadable && unusable.length === 0)
      this.#options.log.info({}, 'all files can be read again');
    this.#isUnreadable = unusable.length > 0;
    this.#tellFiles(before?.refused ?? [], accepted);
    if (before === null) this.#synced();
  }

  /** A file that cannot be read just now is not one that was deleted. */
  #keepUnreadable(texts: Map<string, string>, files: readonly string[], isFolderLost: boolean): void {
    for (const [file, text] of this.#accepted?.texts ?? []) {
      if (!texts.has(file) && (isFolderLost || files.includes(file))) texts.set(file, text);
    }
  }

  /** Says what was not said of the contents before. */
  #tell(diagnostics: readonly Diagnostic[]): void {
    const { log } = this.#options;
    const said = new Set<string>();
    for (const diagnostic of diagnostics) {
      const text = formatDiagnostic(diagnostic);
      if (said.has(text)) continue;
      said.add(text);
      if (this.#said.has(text)) continue;
      if (diagnostic.severity === 'error') log.error({ code: diagnostic.code }, text);
      else log.warn({ code: diagnostic.code }, text);
    }
    this.#said = said;
  }

  #tellFiles(before: readonly string[], { refused, texts }: Accepted): void {
    const { log } = this.#options;
    for (const file of refused.filter((it) => !before.includes(it))) {
      const kept = texts.has(file) ? 'what it held before stays in force' : 'nothing of it is in force';
      log.error({ file }, `${file}: not taken, ${kept}`);
    }
    for (const file of before.filter((it) => !refused.includes(it)))
      log.info({ file }, `${file}: right again`);
  }
}

function withMeaning(diagnostic: Diagnostic, meaning: string): Diagnostic {
  return { ...diagnostic, message: `${diagnostic.message}; ${meaning}` };
}

/** Tells one content of a file from another without reading it. */
function fileSignature(file: string): string {
  try {
    const { size, mtimeNs, ctimeNs, ino } = statSync(file, { bigint: true });
    return `${file} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch (error) {
    return `${file} ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** Makes a state hold what another holds; what is equal in both is not touched. */
function replaceObjects(state: ClusterState, next: ClusterState): void {
  for (const object of [...state]) {
    const reference = referenceTo(object);
    if (next.get(reference) === undefined) state.delete(reference);
  }
  for (const object of next) {
    const held = state.get(referenceTo(object));
    if (held === undefined || !isDeepStrictEqual(held, object)) state.upsert(object);
  }
}
