import { describe, expect, it } from 'vitest';
import { lines, NODE, pod, service } from './manifests.js';
import { type ShuntRun, shuntOn } from './run-shunt.js';

const SHOP = [
  NODE,
  `---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web, labels: {app: web}, creationTimestamp: "2025-05-29T00:00:00Z"}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10]
  selector: {tier: front, app: web}
  ports: [{name: http, port: 80, nodePort: 30080, targetPort: http, protocol: TCP}]
  externalTrafficPolicy: Cluster
  internalTrafficPolicy: Cluster
  sessionAffinity: None
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
status: {loadBalancer: {ingress: [{ip: 203.0.113.10, ipMode: VIP}]}}
`,
  service('cache', '{clusterIP: None, selector: {app: cache}, ports: [{port: 6379}]}'),
  service('pay', '{type: ExternalName, externalName: pay.example.com}', 'data'),
  pod('web-1', { ip: '10.0.1.5', labels: '{app: web, tier: front}' }),
  pod('web-2', { ip: '10.0.1.6', labels: '{app: web, tier: front}', ready: false }),
  pod('cache-1', { ip: '10.0.1.7', labels: '{app: cache}', ports: '[{containerPort: 6379}]' }),
].join('');

const on = (args: string): Promise<ShuntRun> => shuntOn({ 'shop.yaml': SHOP }, `${args} -f @shop.yaml`);

/** What a command prints that ends well; names of made slices end in five letters of their own. */
async function text(args: string): Promise<string> {
  const { code, stdout, stderr } = await on(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.replace(/-[a-z0-9]{5}(?= )/g, '-#####');
}

describe('shunt get prints the columns of kubectl get', () => {
  it('for Services, of all namespaces or of one', async () => {
    expect(await text('get services')).toBe(
      lines(
        'NAMESPACE   NAME    TYPE           CLUSTER-IP   EXTERNAL-IP       PORT(S)        AGE',
        'data        pay     ExternalName   <none>       pay.example.com   <none>         <unknown>',
        'shop        cache   ClusterIP      None         <none>            6379/TCP       <unknown>',
        'shop        web     LoadBalancer   10.96.0.10   203.0.113.10      80:30080/TCP   3d',
      ),
    );
    expect(await text('get services -n shop -o wide')).toBe(
      lines(
        'NAME    TYPE           CLUSTER-IP   EXTERNAL-IP    PORT(S)        AGE         SELECTOR',
        'cache   ClusterIP      None         <none>         6379/TCP       <unknown>   app=cache',
        'web     LoadBalancer   10.96.0.10   203.0.113.10   80:30080/TCP   3d          app=web,tier=front',
      ),
    );
  });

  it('for Endpoints', async () => {
    expect(await text('get endpoints -n shop')).toBe(
      lines(
        'NAME    ENDPOINTS       AGE',
        'cache   10.0.1.7:6379   <unknown>',
        'web     10.0.1.5:8080   <unknown>',
      ),
    );
  });

  it('for EndpointSlices, ready or not', async () => {
    expect(await text('get endpointslices -n shop')).toBe(
      lines(
        'NAME          ADDRESSTYPE   PORTS   ENDPOINTS           AGE',
        'cache-#####   IPv4          6379    10.0.1.7            <unknown>',
        'web-#####     IPv4          8080    10.0.1.5,10.0.1.6   <unknown>',
      ),
    );
  });

  it('for Pods', async () => {
    expect(await text('get pods -n shop')).toBe(
      lines(
        'NAME      READY   STATUS    RESTARTS   AGE',
        'cache-1   1/1     Running   0          <unknown>',
        'web-1     1/1     Running   0          <unknown>',
        'web-2     0/1     Running   0          <unknown>',
      ),
    );
    expect(await text('get pods cache-1 -n shop -o wide')).toBe(
      lines(
        'NAME      READY   STATUS    RESTARTS   AGE         IP         NODE     NOMINATED NODE   READINESS GATES',
        'cache-1   1/1     Running   0          <unknown>   10.0.1.7   node-a   <none>           <none>',
      ),
    );
  });

  it.each([
    ['svc', 'services'],
    ['service', 'services'],
    ['SVC', 'services'],
    ['ep', 'endpoints'],
    ['endpointslice', 'endpointslices'],
    ['endpointslices.discovery.k8s.io', 'endpointslices'],
    ['po', 'pods'],
    ['pod', 'pods'],
  ])('%s means %s', async (word, kind) => {
    expect(await text(`get ${word}`)).toBe(await text(`get ${kind}`));
  });

  it('and says that there is nothing as kubectl says it', async () => {
    expect(await text('get svc -n empty')).toBe('No resources found in empty namespace.\n');
    const { stdout } = await shuntOn({ 'node.yaml': NODE }, 'get pods -f @node.yaml');
    expect(stdout).toBe('No resources found\n');
  });
});

describe('shunt get', () => {
  it('takes names, in one namespace or in all', async () => {
    expect(await text('get svc web pay')).toBe(
      lines(
        'NAMESPACE   NAME   TYPE           CLUSTER-IP   EXTERNAL-IP       PORT(S)        AGE',
        'data        pay    ExternalName   <none>       pay.example.com   <none>         <unknown>',
        'shop        web    LoadBalancer   10.96.0.10   203.0.113.10      80:30080/TCP   3d',
      ),
    );
    expect(await text('get svc -A -n shop pay')).toMatch(/\ndata +pay /);
  });

  it.each([
    ['get svc wbe', 'no Service is named "wbe": did you mean web?'],
    [
      'get svc web -n data',
      'no Service is named "web" in namespace data: there is one in namespace shop: pass -n shop',
    ],
    ['get po web', 'no Pod is named "web": known: cache-1, web-1, web-2'],
    [
      'get ep web -n empty',
      'no Endpoints is named "web" in namespace empty: there is one in namespace shop: pass -n shop',
    ],
  ])('%s: says what is meant', async (args, message) => {
    expect(await on(args)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n1 error\n` });
  });

  it('prints data that can be read again, a single object as itself', async () => {
    const list = JSON.parse(await text('get svc -n shop -o json')) as { kind: string; items: unknown[] };
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect(list.items).toHaveLength(2);
    expect(JSON.parse(await text('get svc web -o json'))).toEqual(list.items[1]);
    const yaml = (await on('get svc -A -o yaml')).stdout;
    const again = await shuntOn({ 'again.yaml': yaml }, 'get svc -f @again.yaml');
    expect(again).toEqual({ code: 0, stdout: await text('get svc'), stderr: '' });
  });

  it('knows no other kinds, and no other formats', async () => {
    expect((await on('get deployments')).stderr).toMatch(/Expected one of frontends, pools, services/);
    expect((await on('get svc -o table')).stderr).toMatch(/Allowed choices are text, json, yaml, wide/);
  });
});

describe('shunt describe prints what kubectl describe prints', () => {
  it('of a Service', async () => {
    const expected = lines(
      'Name:                     web',
      'Namespace:                shop',
      'Labels:                   app=web',
      'Annotations:              <none>',
      'Selector:                 app=web,tier=front',
      'Type:                     LoadBalancer',
      'IP Family Policy:         SingleStack',
      'IP Families:              IPv4',
      'IP:                       10.96.0.10',
      'IPs:                      10.96.0.10',
      'LoadBalancer Ingress:     203.0.113.10 (VIP)',
      'Port:                     http  80/TCP',
      'TargetPort:               http/TCP',
      'NodePort:                 http  30080/TCP',
      'Endpoints:                10.0.1.5:8080',
      'Session Affinity:         None',
      'External Traffic Policy:  Cluster',
      'Internal Traffic Policy:  Cluster',
      'Events:                   <none>',
    );
    for (const word of ['service', 'svc', 'services']) {
      expect(await text(`describe ${word} web -n shop`)).toBe(expected);
    }
  });

  it('of its Endpoints and of a slice', async () => {
    const endpoints = await text('describe ep web -n shop');
    expect(endpoints).toMatch(/^Name: +web\nNamespace: +shop\n/);
    expect(endpoints).toContain('  Addresses:          10.0.1.5\n  NotReadyAddresses:  10.0.1.6\n');
    const name = /web-\w{5}/.exec((await on('get endpointslices')).stdout)?.[0] ?? '';
    const slice = (await on(`describe endpointslice ${name} -n shop`)).stdout;
    expect(slice).toContain('AddressType:  IPv4\n');
    expect(slice).toMatch(/Conditions:\n +Ready: +false\n +Hostname: +<unset>\n +TargetRef: +Pod\/web-2\n/);
  });

  it('with the events of the controllers', async () => {
    const files = { 'a.yaml': service('web', '{type: LoadBalancer, ports: [{port: 80}]}') };
    const { stdout } = await shuntOn(
      files,
      'describe svc web -n shop -f @a.yaml --load-balancer-pool p=203.0.113.0/30',
    );
    expect(stdout).toMatch(/LoadBalancer Ingress: +203\.0\.113\.0 \(VIP\)\n/);
    expect(stdout).toMatch(/Events:\n +Type +Reason [\s\S]*EnsuredLoadBalancer/);
  });

  it.each([
    ['svc wbe -n shop', 'no Service is named "wbe" in namespace shop: did you mean web?'],
    [
      'svc web',
      'no Service is named "web" in namespace default: there is one in namespace shop: pass -n shop',
    ],
    ['ep nothing -n shop', 'no Endpoints is named "nothing" in namespace shop: known: cache, web'],
    [
      'endpointslice web -n empty',
      'no EndpointSlice is named "web" in namespace empty: there is none in that namespace',
    ],
  ])('%s: says what is meant', async (args, message) => {
    expect(await on(`describe ${args}`)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${message}\n1 error\n`,
    });
  });

  it('of no other kind', async () => {
    const { code, stderr } = await on('describe pod web-1');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /Expected one of service, endpoints, endpointslice\.\n\(see: shunt describe --help\)/,
    );
  });
});
