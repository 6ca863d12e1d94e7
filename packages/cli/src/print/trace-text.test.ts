import { defaultConfig, nodeView, type Reason, Tracer } from '@shunt/compiler';
import { address, ClusterState, type KubernetesObject } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { styleFor } from './style.js';
import { traceText } from './trace-text.js';

const WEB = {
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] },
} as unknown as KubernetesObject;

function text(membership: readonly Reason[]): string {
  const input = {
    state: new ClusterState([WEB]),
    node: nodeView('node-a', [address('192.168.0.2')], null),
    config: defaultConfig('nftables'),
  };
  const trace = new Tracer(input, { membership: () => membership }).trace({
    protocol: 'TCP',
    source: address('10.0.9.9'),
    destination: address('10.96.0.10'),
    destinationPort: 80,
  });
  const terminal = { isTerminal: false, write: () => undefined };
  return traceText(trace, styleFor(terminal, {}), 80);
}

describe('the text of a trace', () => {
  it('shows the selector as a step and the Pods that it explains in a list', () => {
    const pod = (index: number): Reason => ({
      step: 'pod',
      text: `Pod web-${index} is not a ready endpoint: its condition Ready is False (ContainersNotReady)`,
      object: { kind: 'Pod', namespace: 'shop', name: `web-${index}`, path: 'status.conditions[0]' },
    });
    const selector: Reason = {
      step: 'selector',
      text: 'selector app=web matches 22 Pods: web-0, web-1, web-10 (+19 more)',
      object: { kind: 'Service', namespace: 'shop', name: 'web', path: 'spec.selector' },
    };
    const lines = text([selector, ...Array.from({ length: 22 }, (_, i) => pod(i))]).split('\n');
    const at = lines.indexOf('  selector       app=web matches 22 Pods: web-0, web-1, web-10 (+19 more)');
    expect(lines[at + 1]).toBe('                 Service shop/web  spec.selector');
    const list = lines.indexOf('Pods (22)');
    expect(lines.slice(list + 1, list + 4)).toEqual([
      '    web-0 is not a ready endpoint: its condition Ready is False',
      '      (ContainersNotReady)',
      '      Pod shop/web-0  status.conditions[0]',
    ]);
    expect(lines.at(-2)).toBe('    and 2 more');
  });

  it('has no list of Pods where nothing is said of them', () => {
    expect(text([])).not.toMatch(/Pods|selector/);
  });
});
