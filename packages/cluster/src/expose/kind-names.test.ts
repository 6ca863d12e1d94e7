import { expect, it } from 'vitest';
import { exposableKind } from './kind-names.js';

it.each([
  ['Pod', 'pod po pods Pods POD'],
  ['Service', 'service svc services'],
  ['ReplicationController', 'rc replicationcontroller replicationcontrollers'],
  ['Deployment', 'deploy deployment deployments deployments.apps deployment.v1.apps'],
  ['ReplicaSet', 'rs replicaset replicasets'],
])('%s is meant by %s', (kind, words) => {
  expect(words.split(' ').map(exposableKind)).toEqual(words.split(' ').map(() => kind));
});

it('knows no kinds that cannot be exposed', () => {
  expect(['', 'statefulset', 'sts', 'ep', 'constructor', '.apps'].map(exposableKind)).toEqual(
    Array(6).fill(null),
  );
});
