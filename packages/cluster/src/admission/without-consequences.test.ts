import type { Service } from '@shunt/model';
import { expect, it } from 'vitest';
import { defaultService } from './default-service.js';
import { validateService } from './validate-service.js';
import { withoutConsequences } from './without-consequences.js';

function fields(spec: object): string[] {
  const written = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b' },
    spec,
  } as Service;
  return withoutConsequences(validateService(defaultService(written)), written).map(({ field }) => field);
}

it('a target port that is the port itself is not blamed for it', () => {
  expect(fields({ ports: [{ port: 0 }] })).toEqual(['spec.ports[0].port']);
  expect(fields({ ports: [{ port: 70000, targetPort: 70000 }] })).toEqual(['spec.ports[0].port']);
  expect(fields({ ports: [{ port: 0, targetPort: 70000 }] })).toEqual([
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
  ]);
  expect(fields({ ports: [{ port: 80, targetPort: '-' }] })).toContain('spec.ports[0].targetPort');
});

it('fields that only some types have are not refused of a type that does not exist', () => {
  const more = {
    externalTrafficPolicy: 'Local',
    loadBalancerClass: 'a/b',
    loadBalancerSourceRanges: ['::/0'],
  };
  expect(fields({ type: 'Loadbalancer', ports: [{ port: 80 }], ...more })).toEqual(['spec.type']);
  expect(fields({ type: 'ClusterIP', ports: [{ port: 80 }], ...more })).toEqual([
    'spec.LoadBalancerSourceRanges',
    'spec.loadBalancerClass',
    'spec.externalTrafficPolicy',
  ]);
});
