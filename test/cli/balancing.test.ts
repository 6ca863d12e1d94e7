/** Strategies, weights and slots, as the command takes and shows them. */
import { describe, expect, it } from 'vitest';
import { type ShuntRun, shunt, withFiles } from './run-shunt.js';

const CANARY = `
apiVersion: v1
kind: Node
metadata: {name: node-a}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  {namespace: shop, name: v1, labels: {kubernetes.io/service-name: web}, annotations: {shunt.dev/weight: "9"}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.1.5]}, {addresses: [10.0.1.6]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: v2, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.2.7]}]
`;

async function run(command: readonly string[], ...args: string[]): Promise<ShuntRun> {
  return withFiles({ 'a.yaml': CANARY }, (path) => shunt([...command, '-f', path('a.yaml'), ...args]));
}

describe('weights', () => {
  it('are listed with the backends that have one', async () => {
    const { code, stdout, stderr } = await run(['get', 'pools']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const row = stdout.split('\n').find((line) => line.startsWith('shop/web:http'));
    expect(row?.split(/ {2,}/)).toEqual([
      'shop/web:http',
      'TCP',
      'IPv4',
      'cluster',
      'maglev',
      '64',
      '10.0.1.5:8080 weight 9, 10.0.1.6:8080 weight 9, 10.0.2.7:8080',
    ]);
  });

  it('are told with the candidates of a packet', async () => {
    const { stdout } = await run(['trace'], '--from', '10.0.9.9:40000', '--to', '10.96.0.10:80/TCP');
    expect(stdout).toContain('balance maglev by weights 1 to 9:');
    expect(stdout).toMatch(/10\.0\.1\.5:8080 +weight 9\n/);
    expect(stdout).toMatch(/10\.0\.2\.7:8080\n/);
  });

  it('that the strategy ignores are a warning', async () => {
    const { code, stderr } = await run(['get', 'pools'], '--balance', 'jump');
    expect(code).toBe(0);
    expect(stderr).toContain(
      'warning: Service shop/web: jump ignores the weights that EndpointSlices of the Service give; maglev, rendezvous, ring honour them',
    );
  });
});

describe('--slots-per-backend', () => {
  it('decides the size of tables', async () => {
    const { code, stdout } = await run(['get', 'pools', '-o', 'json'], '--slots-per-backend', '100');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ strategy: 'maglev', slotCount: 512 }]);
  });

  it.each(['0', '1025', 'many', '1.5'])('refuses %s', async (value) => {
    const { code, stderr } = await run(['get', 'pools'], '--slots-per-backend', value);
    expect(code).toBe(2);
    expect(stderr).toContain(`argument '${value}' is invalid. Expected an integer 1..1024.`);
  });
});
