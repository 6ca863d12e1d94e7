/** What is wrong with a Service's ports. Source: validateServicePort, pkg/apis/core/validation. */
import type { ServicePortSpec, ServiceSpec } from '@shunt/model';
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../field-error.js';
import {
  dns1123LabelProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from './name-syntax.js';

const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP'];

/** The ports each for itself, and their names (semantics 6.9 to 6.12). */
export function validatePorts({ ports = [] }: ServiceSpec): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const field = `spec.ports[${i}]`;
    const errors: FieldError[] = [...validatePortHead(port, ports.length > 1, field)];
    if (port.name) {
      if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
      names.add(port.name);
    }
    return [...errors, ...validateTargetPort(port.targetPort ?? 0, `${field}.targetPort`)];
  });
}

/** What ports of Services and of Endpoints have in common: name, number, protocol, application protocol. */
export function validatePortHead(
  port: Pick<ServicePortSpec, 'name' | 'port' | 'protocol' | 'appProtocol'>,
  needsName: boolean,
  field: string,
): FieldError[] {
  const { name, protocol, appProtocol } = port;
  const number = port.port ?? 0;
  const errors: FieldError[] = [];
  if (name) errors.push(...dns1123LabelProblems(name).map((it) => invalid(`${field}.name`, name, it)));
  else if (needsName) errors.push(required(`${field}.name`, ''));
  errors.push(...portNumberProblems(number).map((it) => invalid(`${field}.port`, number, it)));
  if (!protocol) errors.push(required(`${field}.protocol`, ''));
  else if (!PROTOCOLS.includes(protocol)) {
    errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
  }
  if (appProtocol !== undefined) {
    const problems = qualifiedNameProblems(appProtocol);
    errors.push(...problems.map((it) => invalid(`${field}.appProtocol`, appProtocol, it)));
  }
  return errors;
}

function validateTargetPort(target: number | string, field: string): FieldError[] {
  const problems = typeof target === 'number' ? portNumberProblems(target) : portNameProblems(target);
  return problems.map((it) => invalid(field, target, it));
}

/** The ports beside each other: node ports where there are none, and what is there twice (6.17, 6.18). */
export function validatePortUse({ type, ports = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (type === 'ClusterIP') {
    ports.forEach((port, i) => {
      if (!port.nodePort) return;
      errors.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
    });
  }
  const nodePorts = new Set<string>();
  ports.forEach(({ protocol, nodePort }, i) => {
    if (!nodePort) return;
    const key = `${nodePort}/${protocol ?? ''}`;
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
    nodePorts.add(key);
  });
  const numbers = new Set<string>();
  ports.forEach(({ protocol = '', port = 0 }, i) => {
    const key = `${port}/${protocol}`;
    if (numbers.has(key)) errors.push(duplicate(`spec.ports[${i}]`, { port, protocol }));
    numbers.add(key);
  });
  return errors;
}
