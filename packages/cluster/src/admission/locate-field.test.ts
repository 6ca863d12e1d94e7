import { parseFieldPath } from '@shunt/model';
import { expect, it } from 'vitest';
import { sourcePathOf } from './locate-field.js';

it.each([
  ['spec.LoadBalancerSourceRanges', 'spec.loadBalancerSourceRanges'],
  ['spec.LoadBalancerSourceRanges[12]', 'spec.loadBalancerSourceRanges[12]'],
  ['allocateLoadBalancerNodePorts', 'spec.allocateLoadBalancerNodePorts'],
  ['spec.allocateLoadBalancerNodePorts', 'spec.allocateLoadBalancerNodePorts'],
  ['spec.ports[0].port', 'spec.ports[0].port'],
  ['spec.clusterIPs[0]', 'spec.clusterIPs[0]'],
])('the error path %s is %s in a manifest', (field, path) => {
  expect(sourcePathOf(field)).toBe(path);
});

it('the path of an annotation leads to it', () => {
  const path = sourcePathOf('metadata.annotations[service.kubernetes.io/topology-mode]');
  expect(parseFieldPath(path)).toEqual(['metadata', 'annotations', 'service.kubernetes.io/topology-mode']);
});
