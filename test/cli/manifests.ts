/** Manifests as people write them, in flow style, one document each. */

/** @param spec - as in `{ports: [{port: 80}]}` */
export function service(name: string, spec: string, namespace = 'shop'): string {
  return `---
apiVersion: v1
kind: Service
metadata: {namespace: ${namespace}, name: ${name}}
spec: ${spec}
`;
}

export interface PodFields {
  readonly namespace?: string;
  readonly ip: string;
  /** `{app: web}` unless given. */
  readonly labels?: string;
  /** As in `[{name: http, containerPort: 8080}]`, which is the default. */
  readonly ports?: string;
  readonly ready?: boolean;
}

/** A running Pod on node-a. */
export function pod(
  name: string,
  { namespace = 'shop', ip, labels, ports, ready = true }: PodFields,
): string {
  return `---
apiVersion: v1
kind: Pod
metadata: {namespace: ${namespace}, name: ${name}, labels: ${labels ?? '{app: web}'}}
spec: {nodeName: node-a, containers: [{name: main, ports: ${ports ?? '[{name: http, containerPort: 8080}]'}}]}
status: {phase: Running, podIPs: [{ip: ${ip}}], conditions: [{type: Ready, status: "${ready ? 'True' : 'False'}"}]}
`;
}

export const NODE = `---
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: eu-1}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
`;

export function serviceCIDR(...ranges: string[]): string {
  return `---
apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: {name: kubernetes}
spec: {cidrs: [${ranges.join(', ')}]}
`;
}

/** What a shell does with the lines of a test: without the indentation. */
export function lines(...text: string[]): string {
  return `${text.join('\n')}\n`;
}
