import { namespaceOf, type ObjectReference, referenceTo, type Service } from '@shunt/model';
import {
  explainMembership,
  type Membership,
  type MembershipInput,
  type PodMembership,
} from './membership.js';
import { nameList } from './name-list.js';
import type { NearMiss } from './near-misses.js';

/** A step between a Service and its endpoints, of the shape of the compiler's reasons. */
export interface MembershipReason {
  readonly step: 'selector' | 'pod';
  readonly text: string;
  readonly object: ObjectReference;
}

const MAX_NEAR_MISSES = 3;

/**
 * Why a Service has the endpoints that it has: what its selector matches, each matching Pod that is not a
 * ready endpoint in all respects, and the nearest Pods that do not match. Beside Pods that match, those
 * count only when their labels look misspelt: other differences are likely meant.
 * @returns nothing for a Service that selects no Pods
 */
export function membershipReasons(service: Service, input: MembershipInput): MembershipReason[] {
  const membership = explainMembership(service, input);
  if (membership.selector === '') return [];
  const { pods, nearMisses } = membership;
  const near = pods.length === 0 ? nearMisses : nearMisses.filter((it) => it.misspelt);
  return [
    selectorReason(service, membership),
    ...pods.filter((it) => !it.ready || it.partial).map(podReason),
    ...near.slice(0, MAX_NEAR_MISSES).map((it) => nearMissReason(service, it)),
  ];
}

function selectorReason(service: Service, { selector, pods }: Membership): MembershipReason {
  const count = pods.length === 1 ? '1 Pod' : `${pods.length} Pods`;
  const matches =
    pods.length === 0
      ? `no Pod in namespace ${namespaceOf(service)}`
      : `${count}: ${nameList(pods.map(({ pod }) => pod.metadata.name))}`;
  return {
    step: 'selector',
    text: `selector ${selector} matches ${matches}`,
    object: referenceTo(service, 'spec.selector'),
  };
}

function podReason(membership: PodMembership): MembershipReason {
  const { pod, text, path } = membership;
  const is = membership.in
    ? membership.ready
      ? 'is an endpoint only in part'
      : 'is not a ready endpoint'
    : 'is not an endpoint';
  return { step: 'pod', text: `Pod ${pod.metadata.name} ${is}: ${text}`, object: referenceTo(pod, path) };
}

function nearMissReason(service: Service, { pod, text, path }: NearMiss): MembershipReason {
  const isOther = namespaceOf(pod) !== namespaceOf(service);
  const name = isOther ? `${namespaceOf(pod)}/${pod.metadata.name}` : pod.metadata.name;
  return { step: 'pod', text: `Pod ${name} is not selected: it ${text}`, object: referenceTo(pod, path) };
}
