import type { Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { FieldError } from '../field-error.js';
import {
  validateLoadBalancerClass,
  validateLoadBalancerStatus,
  validateNodePortFlag,
  validateSourceRanges,
} from './validate-load-balancer.js';

const ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

function serviceOf(spec: object, more: object = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: spec as ServiceSpec, ...more };
}

const shown = (errors: readonly FieldError[]): string[] =>
  errors.map(({ type, field }) => `${type} ${field}`);
const ranges = 'spec.LoadBalancerSourceRanges';
const note = `metadata.annotations[${ANNOTATION}]`;

describe('source ranges', () => {
  it.each([
    ['LoadBalancer', ['10.0.0.0/8', ' 2001:db8::/32\n', '10.1.2.3/8'], []],
    ['LoadBalancer', ['10.0.0.0/8', '10.0.0.1'], [`Invalid ${ranges}[1]`]],
    ['LoadBalancer', [''], [`Invalid ${ranges}[0]`]],
    ['ClusterIP', ['10.0.0.0/8'], [`Forbidden ${ranges}`]],
    ['NodePort', ['x'], [`Forbidden ${ranges}`, `Invalid ${ranges}[0]`]],
    ['ClusterIP', [], []],
  ])('of %s in the field: %j gives %j', (type, loadBalancerSourceRanges, errors) => {
    expect(shown(validateSourceRanges(serviceOf({ type, loadBalancerSourceRanges })))).toEqual(errors);
  });

  it.each([
    ['LoadBalancer', '10.0.0.0/8,  2001:db8::/32', []],
    ['LoadBalancer', '  ', []],
    ['LoadBalancer', '', []],
    ['LoadBalancer', '10.0.0.0/8,', [`Invalid ${note}`]],
    ['LoadBalancer', 'x,10.0.0.0/8,y', [`Invalid ${note}`, `Invalid ${note}`]],
    ['ClusterIP', '', [`Forbidden ${note}`]],
    ['ClusterIP', 'x', [`Forbidden ${note}`, `Invalid ${note}`]],
  ])('of %s in the annotation: %j gives %j', (type, value, errors) => {
    const metadata = { name: 'a', annotations: { [ANNOTATION]: value } };
    expect(shown(validateSourceRanges(serviceOf({ type }, { metadata })))).toEqual(errors);
    const filled = serviceOf(
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] },
      { metadata },
    );
    expect(validateSourceRanges(filled)).toEqual([]);
  });
});

it.each([
  [{ type: 'LoadBalancer' }, ['Required allocateLoadBalancerNodePorts']],
  [{ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }, []],
  [{ type: 'NodePort' }, []],
  [
    { type: 'NodePort', allocateLoadBalancerNodePorts: false },
    ['Forbidden spec.allocateLoadBalancerNodePorts'],
  ],
])('the node port flag in %j has the errors %j', (spec, errors) => {
  expect(shown(validateNodePortFlag(spec as ServiceSpec))).toEqual(errors);
});

it.each([
  [{ type: 'LoadBalancer' }, []],
  [{ type: 'LoadBalancer', loadBalancerClass: 'example.com/fast' }, []],
  [{ type: 'LoadBalancer', loadBalancerClass: 'fast' }, []],
  [{ type: 'LoadBalancer', loadBalancerClass: 'Example.com/fast' }, ['Invalid spec.loadBalancerClass']],
  [{ type: 'LoadBalancer', loadBalancerClass: '' }, Array(2).fill('Invalid spec.loadBalancerClass')],
  [{ type: 'ClusterIP', loadBalancerClass: '' }, ['Forbidden spec.loadBalancerClass']],
])('the load balancer class in %j has the errors %j', (spec, errors) => {
  expect(shown(validateLoadBalancerClass(spec as ServiceSpec))).toEqual(errors);
});

describe('the status of a load balancer', () => {
  const problems = (type: string, ingress: object[]): string[] =>
    shown(validateLoadBalancerStatus(serviceOf({ type }, { status: { loadBalancer: { ingress } } })));
  const field = 'status.loadBalancer.ingress';

  it.each([
    ['LoadBalancer', [{ ip: '1.2.3.4', ipMode: 'VIP' }, { hostname: 'a.example' }], []],
    ['LoadBalancer', [{ ip: '1.2.3.4', ipMode: 'Proxy' }], []],
    ['LoadBalancer', [{ ip: 'x', ipMode: 'VIP' }], [`Invalid ${field}[0].ip`]],
    ['LoadBalancer', [{ ip: '1.2.3.4' }], [`Required ${field}[0].ipMode`]],
    ['LoadBalancer', [{}, { ipMode: 'VIP' }], [`Forbidden ${field}[1].ipMode`]],
    ['LoadBalancer', [{ ip: '1.2.3.4', ipMode: 'Vip' }], [`NotSupported ${field}[0].ipMode`]],
    ['LoadBalancer', [{ hostname: 'A' }], [`Invalid ${field}[0].hostname`]],
    ['LoadBalancer', [{ hostname: '1.2.3.4' }], [`Invalid ${field}[0].hostname`]],
    ['LoadBalancer', [{ hostname: '2001:db8::1' }], Array(2).fill(`Invalid ${field}[0].hostname`)],
    ['NodePort', [{ ip: 'x' }], [`Forbidden ${field}`]],
    ['NodePort', [], []],
  ])('of %s with %j has the errors %j', (type, ingress, errors) => {
    expect(problems(type, ingress)).toEqual(errors);
  });

  it('may be absent', () => {
    expect(validateLoadBalancerStatus(serviceOf({ type: 'LoadBalancer' }))).toEqual([]);
  });
});
