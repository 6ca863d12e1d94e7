/** Which Pods are behind a Service, and why a Pod is not (k8s.io/endpointslice, reconciler.go and utils.go). */
import {
  FAMILIES,
  type Family,
  type Node,
  namespaceOf,
  type Pod,
  type Service,
  type ServicePortSpec,
} from '@shunt/model';
import { sliceFamilies } from './desired-endpoints.js';
import { byName } from './name-list.js';
import { type NearMiss, nearMisses, selectorText } from './near-misses.js';
import { isDone, isPodReady, isTerminating, podAddresses, podAddressesOf, targetPortOf } from './pod.js';
import { selectorOf, selects, selectsPods } from './selector.js';

/** The Pods that a Service's selector matches, and those that it nearly does. */
export interface Membership {
  /** `app=web,tier=front`; empty when the Service selects no Pods. */
  readonly selector: string;
  /** By name. */
  readonly pods: readonly PodMembership[];
  /** Nearest first; then the Pods of other namespaces that would match. */
  readonly nearMisses: readonly NearMiss[];
}

/** What the endpoint controller makes of a Pod that a selector matches. */
export interface PodMembership {
  readonly pod: Pod;
  /** Whether the Service's EndpointSlices list it, in any family. */
  readonly in: boolean;
  /** Condition `ready` of its endpoints. */
  readonly ready: boolean;
  /** Whether it is an endpoint, but not in every family or not for every port of the Service. */
  readonly partial: boolean;
  /** Why it is what it is: `its condition Ready is False (ContainersNotReady: ...)`, or just `ready`. */
  readonly text: string;
  /** The field of the Pod that decides: `status.conditions[0]`. */
  readonly path: string;
}

export interface MembershipInput {
  /** All Pods of the Service's namespace. */
  readonly pods: Iterable<Pod>;
  /** Pods of other namespaces: those that would match are near misses. */
  readonly otherPods?: Iterable<Pod>;
  readonly nodeOf: (name: string) => Node | undefined;
}

interface Because {
  readonly text: string;
  readonly path: string;
}

/** Says of every Pod that a Service selects what becomes of it; selects none without a selector. */
export function explainMembership(service: Service, input: MembershipInput): Membership {
  const selector = selectorOf(service);
  if (selector === null || !selectsPods(service)) return { selector: '', pods: [], nearMisses: [] };
  const pods = [...input.pods];
  const families = sliceFamilies(service);
  return {
    selector: selectorText(selector),
    pods: byName(pods.filter((pod) => selects(service, pod))).map((pod) =>
      explainPod(service, families, pod, input.nodeOf),
    ),
    nearMisses: nearMisses(selector, namespaceOf(service), pods, input.otherPods ?? []),
  };
}

function explainPod(
  service: Service,
  families: readonly Family[],
  pod: Pod,
  nodeOf: MembershipInput['nodeOf'],
): PodMembership {
  const out = whyNoEndpoint(service, families, pod, nodeOf);
  if (out !== null) return { pod, in: false, ready: false, partial: false, ...out };
  const { ready, ...because } = readiness(service, pod);
  const lacks = [...familyLacks(service, pod), ...portLacks(service, pod)];
  const first = lacks[0];
  if (first === undefined) return { pod, in: true, ready, partial: false, ...because };
  const texts = [...(ready ? [] : [because.text]), ...lacks.map((it) => it.text)];
  return {
    pod,
    in: true,
    ready,
    partial: true,
    text: texts.join('; '),
    path: ready ? first.path : because.path,
  };
}

/** Why a Pod with the right labels is in no EndpointSlice, in the order of the controller (10.2, 10.5, 10.7). */
function whyNoEndpoint(
  service: Service,
  families: readonly Family[],
  pod: Pod,
  nodeOf: MembershipInput['nodeOf'],
): Because | null {
  if (isDone(pod)) {
    return { text: `its phase is ${pod.status?.phase}, so it never runs again`, path: 'status.phase' };
  }
  const addresses = podAddresses(pod);
  if (addresses.length === 0) return whyNoAddress(pod);
  const noNode = service.spec.publishNotReadyAddresses ? null : nodeProblem(pod, nodeOf);
  if (noNode !== null) return { text: noNode, path: 'spec.nodeName' };
  if (families.every((family) => podAddressesOf(pod, family).length === 0)) {
    const wanted = families.join(' or ');
    return { text: `it has no ${wanted} address, only ${addresses.join(', ')}`, path: addressPath(pod) };
  }
  return null;
}

function whyNoAddress(pod: Pod): Because {
  const conditions = pod.status?.conditions ?? [];
  const index = conditions.findIndex(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (index >= 0) {
    const text = `it has no IP address, since it is not scheduled${causeText(conditions[index])}`;
    return { text, path: `status.conditions[${index}]` };
  }
  const phase = pod.status?.phase ? ` (phase ${pod.status.phase})` : '';
  return { text: `it has no IP address${phase}`, path: 'status.podIPs' };
}

/**
 * What is wrong with the node of a Pod: its endpoint is left out until the Node exists, unless not-ready
 * addresses are published too (10.7).
 * @returns `null` when the Node is there
 */
export function nodeProblem(pod: Pod, nodeOf: MembershipInput['nodeOf']): string | null {
  const name = pod.spec?.nodeName ?? '';
  if (nodeOf(name) !== undefined) return null;
  return name === '' ? 'it is on no node' : `there is no Node ${name}, on which it runs`;
}

/** The conditions of an endpoint (10.4), with their cause. */
function readiness(service: Service, pod: Pod): Because & { readonly ready: boolean } {
  const terminating = isTerminating(pod);
  const condition = readyCondition(pod);
  if (isPodReady(pod) && !terminating) return { ready: true, text: 'ready', path: condition.path };
  const text = terminating ? terminatingText(pod, condition.text) : condition.text;
  const path = terminating ? 'metadata.deletionTimestamp' : condition.path;
  if (service.spec.publishNotReadyAddresses) {
    return { ready: true, text: `ready by publishNotReadyAddresses, although ${text}`, path };
  }
  return { ready: false, text, path };
}

function terminatingText(pod: Pod, condition: string): string {
  return isPodReady(pod)
    ? 'it is terminating; as it still serves, it is used only while no endpoint is ready'
    : `it is terminating, and ${condition}`;
}

function readyCondition(pod: Pod): Because {
  const conditions = pod.status?.conditions ?? [];
  const isTrue = conditions.findIndex(({ type, status }) => type === 'Ready' && status === 'True');
  const index = isTrue >= 0 ? isTrue : conditions.findIndex(({ type }) => type === 'Ready');
  const condition = conditions[index];
  if (condition === undefined) return { text: 'it has no condition Ready', path: 'status.conditions' };
  const text = `its condition Ready is ${condition.status || 'empty'}${causeText(condition)}`;
  return { text, path: `status.conditions[${index}]` };
}

/** ` (ContainersNotReady: containers with unready status: [web])`, in one line, as far as it is said. */
function causeText(condition: { readonly reason?: string; readonly message?: string } | undefined): string {
  const said = [condition?.reason, condition?.message]
    .filter(Boolean)
    .join(': ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return said === '' ? '' : ` (${said})`;
}

// Only of families that the Service lists: a headless Service that lists none asks for whichever there are.
function familyLacks({ spec }: Service, pod: Pod): Because[] {
  return FAMILIES.filter((family) => spec.ipFamilies?.includes(family))
    .filter((family) => podAddressesOf(pod, family).length === 0)
    .map((family) => ({
      text: `it has no ${family} address, so it is no ${family} endpoint`,
      path: addressPath(pod),
    }));
}

function portLacks(service: Service, pod: Pod): Because[] {
  return (service.spec.ports ?? [])
    .filter((port) => targetPortOf(pod, port) === null)
    .map((port) => ({
      text: `it has no ${port.protocol ?? 'TCP'} port named "${port.targetPort}", so it is no endpoint of ${portText(port)}`,
      path: 'spec.containers',
    }));
}

function portText({ name, port }: ServicePortSpec): string {
  return name ? `port ${name}` : `port ${port}`;
}

function addressPath({ status }: Pod): string {
  return status?.podIPs?.some(({ ip }) => ip) ? 'status.podIPs' : 'status.podIP';
}
