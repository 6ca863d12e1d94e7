import type { Service, ServicePortSpec } from '@shunt/model';
import type { FieldError } from '../field-error.js';
import { specOf } from './service-kind.js';

/** Fields that are refused on a type that does not use them: of an unknown type that says nothing. */
const FIELDS_OF_A_TYPE: readonly string[] = [
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'loadBalancerClass',
  'LoadBalancerSourceRanges',
  'allocateLoadBalancerNodePorts',
];

/**
 * Leaves out errors that are only said because of another one, as the API server says both: a target
 * port that is the port itself, written or not, is wrong with it, and an unknown type has no fields of its own.
 * @param written - the Service before defaulting
 */
export function withoutConsequences(errors: readonly FieldError[], written: Service): FieldError[] {
  const { ports = [] } = specOf(written);
  const isUnknownType = errors.some(({ field, type }) => field === 'spec.type' && type === 'NotSupported');
  return errors.filter(({ field, type }) => {
    const index = /^spec\.ports\[(\d+)\]\.targetPort$/.exec(field)?.[1];
    if (index !== undefined && followsPort(ports[Number(index)])) {
      return !errors.some((it) => it.field === `spec.ports[${index}].port`);
    }
    const isOfType = FIELDS_OF_A_TYPE.some((name) => field === `spec.${name}`);
    return !(isUnknownType && isOfType && type !== 'NotSupported');
  });
}

function followsPort(written: ServicePortSpec | undefined): boolean {
  return !written?.targetPort || written.targetPort === written.port;
}
