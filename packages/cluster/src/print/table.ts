/** What `kubectl get` shows, before it is aligned. */
export interface Table {
  /** `NAME`, `AGE`. */
  readonly columns: readonly string[];
  /** A row has a cell for each column. */
  readonly rows: readonly (readonly string[])[];
}

export interface TableOptions {
  /** `-o wide`. */
  readonly wide?: boolean;
  /** `--all-namespaces`: the namespace comes first. */
  readonly allNamespaces?: boolean;
  /** Milliseconds since 1970, for ages; without it ages are `<unknown>`. */
  readonly now?: number;
}
