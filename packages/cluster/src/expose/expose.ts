import type { KubernetesObject, Service } from '@shunt/model';
import { canBeExposed, portsOfSource, selectorOfSource } from './exposed-source.js';
import { type DryRun, dryRunMark, type Refusal, refuse } from './kubectl-error.js';
import { type Labels, parseLabelText } from './label-text.js';
import { type ServiceFlags, serviceManifest } from './service-manifest.js';

/** The flags of `kubectl expose`, as typed; an empty text is none. */
export interface ExposeOptions extends ServiceFlags {
  readonly name?: string;
  /** Numbers with commas between them. */
  readonly port?: string;
  /** Pairs alone: `app=web,tier=front`. */
  readonly selector?: string;
  readonly labels?: string;
  readonly dryRun?: DryRun;
}

export type ExposeResult =
  | {
      readonly error: null;
      /** What is sent, before the API server fills anything in. */
      readonly service: Service;
      /** `service/web exposed`. */
      readonly message: string;
    }
  | Refusal;

const MAX_NAME_LENGTH = 63;

/**
 * Makes a Service from an object as `kubectl expose` does: selector, labels and ports are the object's
 * where no flag says otherwise, target ports are the port numbers. Pods are not looked at.
 * Source: pkg/cmd/expose/expose.go (semantics 15.12 to 15.17).
 * @param source - Pod, Service, ReplicationController, Deployment or ReplicaSet; others are refused
 */
export function exposeService(source: KubernetesObject, options: ExposeOptions = {}): ExposeResult {
  if (!canBeExposed(source)) return refuse('kindNotExposable', `cannot expose a ${groupKind(source)}`);
  const own = options.selector ? { error: null, selector: {} } : selectorOfSource(source);
  if (own.error !== null) return own;
  const known = portsOfSource(source);
  const ports = options.port ? options.port.split(',') : [...known.keys()];
  if (ports.length === 0 && options.clusterIP !== 'None') {
    return refuse('noPort', "couldn't find port via --port flag or introspection");
  }
  const selector = typedLabels(options.selector, own.selector, 'selectorNotMapBased');
  if (selector.error !== null) return selector;
  if (Object.keys(selector.labels).length === 0) return refuse('noSelector', 'selector must be specified');
  const labels = typedLabels(options.labels, source.metadata.labels ?? {}, 'badLabels');
  if (labels.error !== null) return labels;
  const made = serviceManifest({
    name: options.name || source.metadata.name.slice(0, MAX_NAME_LENGTH),
    labels: labels.labels,
    selector: selector.labels,
    ports,
    protocols: known,
    flags: options,
  });
  if (made.error !== null) return made;
  const message = `service/${made.service.metadata.name} exposed${dryRunMark(options.dryRun)}`;
  return { ...made, message };
}

/** Labels as typed, or those that hold without them. */
function typedLabels(
  text: string | undefined,
  otherwise: Labels,
  errorClass: 'selectorNotMapBased' | 'badLabels',
): { readonly error: null; readonly labels: Labels } | Refusal {
  if (!text) return { error: null, labels: otherwise };
  const read = parseLabelText(text);
  return read.labels === null ? refuse(errorClass, read.message) : { error: null, labels: read.labels };
}

/** `StatefulSet.apps`, or the kind alone for the core group. */
function groupKind({ apiVersion, kind }: KubernetesObject): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? kind : `${kind}.${apiVersion.slice(0, slash)}`;
}
