import type { ServiceSpec } from '@shunt/model';
import { expect, it } from 'vitest';
import type { FieldError } from '../field-error.js';
import {
  validateExternalTraffic,
  validateInternalTraffic,
  validateTrafficDistribution,
} from './validate-traffic-policies.js';

const shown = (errors: readonly FieldError[]): string[] =>
  errors.map(({ type, field }) => `${type} ${field}`);
const policy = 'spec.externalTrafficPolicy';
const health = 'spec.healthCheckNodePort';
const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };

it.each([
  [{ type: 'ClusterIP' }, []],
  [{ type: 'ClusterIP', externalTrafficPolicy: 'Cluster' }, [`Invalid ${policy}`]],
  [{ type: 'ClusterIP', externalTrafficPolicy: 'Other' }, [`Invalid ${policy}`]],
  [{ type: 'ClusterIP', externalIPs: ['1.2.3.4'] }, [`Required ${policy}`]],
  [{ type: 'ClusterIP', externalIPs: ['1.2.3.4'], externalTrafficPolicy: 'Local' }, []],
  [{ type: 'ExternalName', externalIPs: ['1.2.3.4'], externalTrafficPolicy: 'Local' }, [`Invalid ${policy}`]],
  [{ type: 'NodePort' }, [`Required ${policy}`]],
  [{ type: 'NodePort', externalTrafficPolicy: '' }, [`Required ${policy}`]],
  [{ type: 'NodePort', externalTrafficPolicy: 'Other' }, [`NotSupported ${policy}`]],
  [{ type: 'NodePort', externalTrafficPolicy: 'Local' }, []],
  [{ type: 'NodePort', externalTrafficPolicy: 'Local', healthCheckNodePort: 1 }, [`Invalid ${health}`]],
  [{ type: 'LoadBalancer', externalTrafficPolicy: 'Cluster', healthCheckNodePort: 1 }, [`Invalid ${health}`]],
  [{ type: 'LoadBalancer', externalTrafficPolicy: 'Cluster', healthCheckNodePort: 0 }, []],
  [local, [`Required ${health}`]],
  [{ ...local, healthCheckNodePort: 0 }, [`Required ${health}`]],
  [{ ...local, healthCheckNodePort: -1 }, [`Invalid ${health}`]],
  [{ ...local, healthCheckNodePort: 65536 }, [`Invalid ${health}`]],
  [{ ...local, healthCheckNodePort: 65535 }, []],
])('external traffic in %j has the errors %j', (spec, errors) => {
  expect(shown(validateExternalTraffic(spec as ServiceSpec))).toEqual(errors);
});

it.each([
  [{ type: 'ClusterIP' }, ['Required spec.internalTrafficPolicy']],
  [{ type: 'NodePort' }, ['Required spec.internalTrafficPolicy']],
  [{ type: 'LoadBalancer' }, ['Required spec.internalTrafficPolicy']],
  [{ type: 'ExternalName' }, []],
  [{ type: 'Other' }, []],
  [{ type: 'ClusterIP', internalTrafficPolicy: 'Local' }, []],
  [{ type: 'ExternalName', internalTrafficPolicy: 'Cluster' }, []],
  [{ type: 'ExternalName', internalTrafficPolicy: 'Other' }, ['NotSupported spec.internalTrafficPolicy']],
  [{ type: 'ClusterIP', internalTrafficPolicy: '' }, ['NotSupported spec.internalTrafficPolicy']],
])('internal traffic in %j has the errors %j', (spec, errors) => {
  expect(shown(validateInternalTraffic(spec as ServiceSpec))).toEqual(errors);
});

it.each([
  [undefined, []],
  ['PreferClose', []],
  ['PreferSameZone', []],
  ['PreferSameNode', []],
  ['Random', ['NotSupported spec.trafficDistribution']],
  ['', ['NotSupported spec.trafficDistribution']],
])('the traffic distribution %j has the errors %j', (trafficDistribution, errors) => {
  const spec = trafficDistribution === undefined ? {} : { trafficDistribution };
  expect(shown(validateTrafficDistribution(spec))).toEqual(errors);
});
