import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChangePlanner, Compiler, defaultConfig, nodeView } from '@shunt/compiler';
import { ClusterState, type KubernetesObject } from '@shunt/model';
import { expect, it } from 'vitest';

it('a compiler forgets what is gone', async () => {
  const state = new ClusterState();
  const compiler = new Compiler({ state, config: CONFIG, node: NODE });
  const planner = new ChangePlanner();
  const gone: WeakRef<KubernetesObject>[] = [];
  for (let index = 0; index < 1_000; index++) {
    const objects = workload(index);
    planner.plan(compiler.update(objects.map((object) => state.upsert(object))));
    const events = objects.flatMap(({ kind, metadata }) => state.delete({ kind, ...metadata }) ?? []);
    planner.plan(compiler.update(events));
    gone.push(...objects.map((object) => new WeakRef(object)));
  }
  // What a weak reference was made of in one turn of the event loop is kept to its end.
  await new Promise((resolve) => void setImmediate(resolve));
  collectGarbage();
  expect(compiler.ruleset.servicePorts).toEqual([]);
  // The objects of the last round may still lie on the stack.
  expect(gone.filter((it) => it.deref() !== undefined).length).toBeLessThan(10);
});

const NODE = nodeView('node-a', [], null);
const CONFIG = defaultConfig('nftables');

/** A Service of two UDP ports that quarrels with its neighbours, with one slice for both and an orphan. */
function workload(index: number): KubernetesObject[] {
  const namespace = 'ns';
  const name = `svc-${index}`;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: {
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      externalIPs: ['192.0.2.1'],
      ports: ['a', 'b'].map((portName) => ({ name: portName, port: 53, protocol: 'UDP' })),
    },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'a', port: 53, protocol: 'UDP' }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  };
  const orphan = { ...slice, metadata: { namespace, name: `orphan-${index}` } };
  return [service, slice, orphan];
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
