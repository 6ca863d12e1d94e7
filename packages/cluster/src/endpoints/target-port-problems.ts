/** Named target ports that Pods do not have (10.8). */
import {
  type ContainerPort,
  closestName,
  type Diagnostic,
  type Pod,
  referenceTo,
  type Service,
} from '@shunt/model';
import { targetPortOf } from './pod.js';

interface PodPort {
  readonly pod: Pod;
  readonly port: ContainerPort;
}

const MAX_PORTS = 5;

/**
 * An error for each target port that none of the Pods has by name and protocol, a warning if some lack it.
 * @param pods - those that the Service selects, in the order in which one is to be named
 */
export function findTargetPortProblems(service: Service, pods: readonly Pod[]): Diagnostic[] {
  if (pods.length === 0) return [];
  return (service.spec.ports ?? []).flatMap((port, index): Diagnostic[] => {
    const without = pods.filter((pod) => targetPortOf(pod, port) === null);
    const [first] = without;
    if (first === undefined) return [];
    const object = referenceTo(service, `spec.ports[${index}].targetPort`);
    const [name, protocol] = [String(port.targetPort), port.protocol ?? 'TCP'];
    const asked = `${protocol} port named "${name}"`;
    if (without.length === pods.length) {
      const message = `no selected Pod has a ${asked}; ${whatThereIs(pods, name, protocol)}`;
      return [{ severity: 'error', code: 'endpoints', message, object }];
    }
    const count = `${without.length} of ${pods.length} selected Pods`;
    const message =
      without.length === 1
        ? `1 of ${pods.length} selected Pods has no ${asked}: ${first.metadata.name} is no endpoint of this port`
        : `${count} have no ${asked}, such as ${first.metadata.name}: they are no endpoints of this port`;
    return [{ severity: 'warning', code: 'endpoints', message, object }];
  });
}

/** The ports of the Pod that most likely has what was meant, with a guess at it. */
function whatThereIs(pods: readonly Pod[], name: string, protocol: string): string {
  const ports = pods.flatMap((pod) => portsOf(pod).map((port): PodPort => ({ pod, port })));
  const ofName = ports.filter(({ port }) => port.name === name);
  const [other] = ofName;
  if (other !== undefined) {
    return `${other.pod.metadata.name} has ${portText(other.port)}: did you mean protocol ${protocolOf(other.port)}?`;
  }
  const inInit = pods.find((pod) =>
    pod.spec?.initContainers?.some(({ ports }) =>
      ports?.some((it) => it.name === name && protocolOf(it) === protocol),
    ),
  );
  if (inInit !== undefined) {
    return `${inInit.metadata.name} has it only in an init container, which counts only with restartPolicy Always`;
  }
  const named = ports.flatMap(({ port }) => (port.name && protocolOf(port) === protocol ? [port.name] : []));
  const meant = closestName(name, named);
  const shown = ports.find(({ port }) => (meant === null ? port.name : port.name === meant)) ?? ports[0];
  if (shown === undefined) return `${pods[0]?.metadata.name} has no container ports`;
  const guess = meant === null ? '' : `: did you mean ${meant}?`;
  return `${shown.pod.metadata.name} has ${portList(portsOf(shown.pod))}${guess}`;
}

/** The ports that count: of containers, and of init containers that keep running. */
function portsOf({ spec }: Pod): ContainerPort[] {
  const sidecars = (spec?.initContainers ?? []).filter((it) => it.restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars].flatMap(({ ports }) => ports ?? []);
}

function portList(ports: readonly ContainerPort[]): string {
  const more = ports.length - MAX_PORTS;
  const shown = ports.slice(0, MAX_PORTS).map(portText).join(', ');
  return shown + (more > 0 ? ` (+${more} more)` : '');
}

/** `http (8080/TCP)`, or `8080/TCP without a name`. */
function portText(port: ContainerPort): string {
  const number = `${port.containerPort}/${protocolOf(port)}`;
  return port.name ? `${port.name} (${number})` : `${number} without a name`;
}

function protocolOf({ protocol }: ContainerPort): string {
  return protocol ?? 'TCP';
}
