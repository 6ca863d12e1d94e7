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
const NAME_NEEDED = 'each of several ports needs a name, such as http';

/** The ports each for itself, and their names (semantics 6.9 to 6.12). */
export function validatePorts({ ports = [] }: ServiceSpec): FieldError[] {
  const names = new Map<string, number>();
  return ports.flatMap((port, i) => {
    const field = `spec.ports[${i}]`;
    const errors: FieldError[] = [...validatePortHead(port, ports.length > 1, field)];
    if (port.name) {
      const first = getOrSet(names, port.name, i);
      if (first !== i) errors.push(duplicate(`${field}.name`, port.name, `ports[${first}] has that name`));
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
  else if (needsName) errors.push(required(`${field}.name`, NAME_NEEDED));
  errors.push(...portNumberProblems(number).map((it) => invalid(`${field}.port`, number, it)));
  if (!protocol) errors.push(required(`${field}.protocol`, `must be one of ${PROTOCOLS.join(', ')}`));
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
  const nodePorts = new Map<string, number>();
  ports.forEach(({ protocol, nodePort }, i) => {
    if (!nodePort) return;
    const first = getOrSet(nodePorts, `${nodePort}/${protocol ?? ''}`, i);
    if (first === i) return;
    const detail = `ports[${first}] has that node port with the same protocol`;
    errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort, detail));
  });
  const numbers = new Map<string, number>();
  ports.forEach(({ protocol = '', port = 0 }, i) => {
    const first = getOrSet(numbers, `${port}/${protocol}`, i);
    if (first === i) return;
    errors.push(duplicate(`spec.ports[${i}]`, { port, protocol }, `ports[${first}] is the same`));
  });
  return errors;
}

/** @returns the value that a key has, which is the given one if there was none */
function getOrSet(map: Map<string, number>, key: string, value: number): number {
  const present = map.get(key);
  if (present === undefined) map.set(key, value);
  return present ?? value;
}
