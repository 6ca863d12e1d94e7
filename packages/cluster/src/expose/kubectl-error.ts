/** Why kubectl refuses a command before anything is sent. */
export interface KubectlError {
  readonly class: KubectlErrorClass;
  /** In kubectl's words, without its `error: `. */
  readonly message: string;
}

export type KubectlErrorClass =
  | 'kindNotExposable'
  | 'podHasNoLabels'
  | 'noSelector'
  | 'selectorNotMapBased'
  | 'noPort'
  | 'portNotNumeric'
  | 'badSessionAffinity'
  | 'exposeNeedsPort'
  | 'badLabels'
  | 'nameRequired'
  | 'imageRequired'
  | 'badImage'
  | 'badImagePullPolicy'
  | 'badRestartPolicy'
  | 'badEnv'
  | 'badAnnotation'
  | 'ttyNeedsStdin'
  | 'serviceHasNoSuchPort'
  | 'podHasNoSuchPort'
  | 'podNotRunning'
  | 'udpNotSupported'
  | 'badForwardedPort';

/** A result that is an error, of a function that returns `{ error: null, ... }` when all is well. */
export interface Refusal {
  readonly error: KubectlError;
}

export function refuse(errorClass: KubectlErrorClass, message: string): Refusal {
  return { error: { class: errorClass, message } };
}

/** `--dry-run` as its value is typed. */
export type DryRun = 'none' | 'client' | 'server';

/** What kubectl adds to `service/web exposed` when nothing is stored. */
export function dryRunMark(dryRun: DryRun | undefined): string {
  if (dryRun === 'client') return ' (dry run)';
  return dryRun === 'server' ? ' (server dry run)' : '';
}
