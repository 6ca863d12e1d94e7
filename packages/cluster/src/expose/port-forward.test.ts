import type { Pod, Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import {
  type ForwardResult,
  namedPorts,
  translatePodPortForward,
  translatePortForward,
} from './port-forward.js';

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: {
    clusterIP: '10.96.0.1',
    ports: [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 81, targetPort: 'admin' },
      { name: 'plain', port: 82 },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'both-udp', port: 443, protocol: 'UDP' },
      { name: 'both', port: 443, protocol: 'TCP' },
    ],
  },
};
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0' },
  spec: {
    containers: [
      { ports: [{ name: 'admin', containerPort: 9000 }, { containerPort: 1 }] },
      {
        ports: [
          { name: 'admin', containerPort: 9001 },
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
        ],
      },
    ],
    initContainers: [{ ports: [{ name: 'init', containerPort: 7000 }] }],
  },
  status: { phase: 'Running' },
};
const text = (result: ForwardResult): string =>
  result.error === null ? result.forward : `${result.error.class}: ${result.error.message}`;

describe('a port of a Service', () => {
  it.each([
    ['80', '80:8080'],
    ['8080:80', '8080'],
    [':80', ':8080'],
    ['http', '80:8080'],
    ['9:http', '9:8080'],
    [':admin', ':9000'],
    ['82', '82'],
    ['443', '443'],
    ['83', 'serviceHasNoSuchPort: Service web does not have a service port 83'],
    ['web', "serviceHasNoSuchPort: Service 'web' does not have a named port 'web'"],
    ['', "serviceHasNoSuchPort: Service 'web' does not have a named port ''"],
    ['53', 'udpNotSupported: UDP protocol is not supported for 53'],
    ['dns', 'udpNotSupported: UDP protocol is not supported for dns'],
    [
      'x:80',
      `badForwardedPort: error parsing local port 'x': strconv.ParseUint: parsing "x": invalid syntax`,
    ],
    ['1:2:3', 'serviceHasNoSuchPort: Service web does not have a service port 1'],
  ])('%j is forwarded as %s', (argument, expected) => {
    expect(text(translatePortForward(argument, web, namedPorts(pod)))).toBe(expected);
  });

  it("leads to a name that the Pod's containers have", () => {
    expect(text(translatePortForward('81', web, {}))).toBe(
      "podHasNoSuchPort: Pod does not have a named port 'admin'",
    );
    const odd = { ...web, spec: { ports: [{ port: 80, targetPort: 'toString' }] } };
    expect(translatePortForward('80', odd, {}).error?.class).toBe('podHasNoSuchPort');
  });

  it('of a headless Service is the one of the Pod', () => {
    const headless = { ...web, spec: { ...web.spec, clusterIP: 'None' } };
    expect(text(translatePortForward('http', headless, {}))).toBe('80');
    expect(text(translatePortForward('9:8888', headless, {}))).toBe('9:8888');
    expect(text(translatePortForward('0', headless, {}))).toBe('badForwardedPort: remote port must be > 0');
    expect(translatePortForward('70000', headless, {}).error?.class).toBe('badForwardedPort');
  });
});

describe('a port of a Pod', () => {
  it.each([
    ['9000', '9000'],
    ['8:9', '8:9'],
    [':admin', ':9000'],
    ['admin', '9000'],
    ['80:init', '80:7000'],
    ['80:', 'badForwardedPort: remote port cannot be empty'],
    ['http', "podHasNoSuchPort: Pod does not have a named port 'http'"],
    ['53', 'udpNotSupported: UDP protocol is not supported for 53'],
  ])('%j is forwarded as %s', (argument, expected) => {
    expect(text(translatePodPortForward(argument, pod))).toBe(expected);
  });

  it('is forwarded only while the Pod runs', () => {
    const words = 'unable to forward port because pod is not running. Current status=Pending';
    const { status: _, ...pending } = pod;
    expect(text(translatePodPortForward('80', pending))).toBe(`podNotRunning: ${words}`);
  });
});
