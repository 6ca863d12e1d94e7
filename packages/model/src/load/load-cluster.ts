import { ClusterState, referenceTo } from '../cluster-state.js';
import type { Diagnostic, ObjectReference, SourcePosition } from '../diagnostic.js';
import type { KubernetesObject } from '../kubernetes.js';
import type { ShapeProblem } from '../shape/find-problems.js';
import { parseFieldPath } from '../source/field-path.js';
import { type ParsedFile, parseManifests, type SourceObject } from '../source/parse-manifests.js';
import { inspectObject } from './inspect-object.js';
import { READ_KINDS } from './kinds.js';
import { LoadReport } from './load-report.js';

/** A manifest file that has been read. */
export interface ManifestFile {
  /** As diagnostics shall name it. */
  readonly name: string;
  readonly text: string;
}

export interface LoadedCluster {
  /** The objects that are right; those with errors are left out. */
  readonly state: ClusterState;
  /** The objects that were left to the caller, in the order of the files; they are not in the state. */
  readonly deferred: readonly KubernetesObject[];
  /** Every problem of every file. */
  readonly diagnostics: readonly Diagnostic[];
  /** How many objects the state holds, with the deferred ones. */
  readonly objectCount: number;
  /**
   * Where an object, or the field of it that `path` names, is written. A field that is not written is
   * found at the nearest one around it.
   * @returns `null` for an object that is not in the files
   */
  locate(reference: ObjectReference): SourcePosition | null;
}

export interface LoadOptions {
  /**
   * Which objects are not for the state yet, but for an admission that checks what their values mean:
   * of those only the structure is looked at. Called for any mapping with a known kind, with the object
   * of that name that the state holds from before.
   */
  readonly defer?: (
    object: Readonly<Record<string, unknown>>,
    earlier: KubernetesObject | undefined,
  ) => boolean;
}

/**
 * Reads manifests into a cluster state. Never throws for what is in the files: all problems of all
 * files come back at once, with positions. An object that is given twice is taken from the later place;
 * a deferred one leaves an earlier one in the state, which it is to be applied over.
 */
export function loadCluster(files: Iterable<ManifestFile>, options: LoadOptions = {}): LoadedCluster {
  const loader = new ClusterLoader(options);
  for (const file of files) loader.addFile(file);
  return loader.finish();
}

/** Of an object whose structure is right, and whose admission would miss the name. */
const NAMELESS: ShapeProblem = {
  severity: 'error',
  code: 'value',
  path: ['metadata', 'name'],
  part: 'value',
  message: 'expected a name, got the string ""',
};

class ClusterLoader {
  readonly #state = new ClusterState();
  readonly #report = new LoadReport();
  readonly #sources = new Map<string, SourceObject>();
  readonly #files: ParsedFile[] = [];
  readonly #deferred = new Map<string, KubernetesObject>();
  readonly #defers: NonNullable<LoadOptions['defer']>;
  #foundAny = false;

  constructor({ defer = () => false }: LoadOptions) {
    this.#defers = defer;
  }

  addFile({ name, text }: ManifestFile): void {
    const file = parseManifests(name, text);
    this.#files.push(file);
    for (const diagnostic of file.diagnostics) this.#report.add(diagnostic);
    for (const source of file.objects) this.#addObject(source);
    file.release();
  }

  #addObject(source: SourceObject): void {
    let isDeferred = false;
    const inspection = inspectObject(source.value, (value) => {
      isDeferred = this.#defers(value, this.#earlierOf(value));
      return isDeferred;
    });
    this.#foundAny = true;
    if (inspection.is === 'none') {
      this.#report.addProblem(inspection.problem, source, null);
      return;
    }
    if (inspection.is === 'ignored') {
      this.#report.addIgnored(inspection.label, inspection.meant, source);
      return;
    }
    const { object, reference, problems } = inspection;
    for (const problem of problems) this.#report.addProblem(problem, source, reference);
    if (reference === null) {
      if (object !== null) this.#report.addProblem(NAMELESS, source, null);
      return;
    }
    const key = sourceKey(reference);
    const earlier = this.#sources.get(key);
    const isUpdate = isDeferred && this.#state.get(reference) !== undefined;
    if (earlier !== undefined) this.#report.addDuplicate(reference, earlier, source, isUpdate);
    this.#sources.set(key, source);
    if (earlier !== undefined) {
      if (!isUpdate) this.#state.delete(reference);
      this.#deferred.delete(key);
    }
    if (object === null) return;
    if (isDeferred) this.#deferred.set(key, object);
    else this.#state.upsert(object);
  }

  /** The object of the same kind and name that was given before and is in the state, if any is. */
  #earlierOf({ kind, metadata }: Readonly<Record<string, unknown>>): KubernetesObject | undefined {
    const { name, namespace } = (metadata ?? {}) as { readonly name?: unknown; readonly namespace?: unknown };
    if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
    return this.#state.get({
      kind,
      name,
      ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    });
  }

  finish(): LoadedCluster {
    const created = [...this.#deferred.values()].filter(
      (it) => this.#state.get(referenceTo(it)) === undefined,
    );
    const objectCount = this.#state.size + created.length;
    if (objectCount === 0 && !this.#report.hasErrors) this.#report.add(this.#emptyDiagnostic());
    for (const file of this.#files) file.release();
    const sources = this.#sources;
    return {
      state: this.#state,
      deferred: [...this.#deferred.values()],
      diagnostics: this.#report.diagnostics(),
      objectCount,
      locate(reference) {
        const source = sources.get(sourceKey(reference));
        if (source === undefined) return null;
        const path = reference.path === undefined ? [] : parseFieldPath(reference.path);
        return source.document.locate([...source.path, ...path]);
      },
    };
  }

  #emptyDiagnostic(): Diagnostic {
    const [first] = this.#files;
    const message = `${this.#foundAny ? 'no object that Shunt reads' : 'no objects'} in ${fileCount(this.#files)}: expected ${READ_KINDS.join(', ')}`;
    return {
      severity: 'error',
      code: 'empty',
      message,
      ...(first === undefined ? {} : { position: { file: first.file, line: 1, column: 1 } }),
    };
  }
}

function fileCount(files: readonly ParsedFile[]): string {
  const [first] = files;
  if (first === undefined) return 'no files';
  return files.length === 1 ? first.file : `${files.length} files`;
}

function sourceKey({ kind, namespace, name }: ObjectReference): string {
  return `${kind}/${namespace ?? 'default'}/${name}`;
}
