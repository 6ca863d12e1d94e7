import type { Container, ContainerStatus, Pod } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { getPods } from './get-pods.js';

const now = Date.parse('2024-05-01T12:00:00Z');
type Status = NonNullable<Pod['status']>;
const pod = (status: Status, spec: Pod['spec'] = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', ...metadata },
  spec: { containers: [{ name: 'a' }], ...spec },
  status,
});
const cellsOf = (each: Pod): string => (getPods([each], { now }).rows[0] ?? []).slice(1, 4).join(' ');
const running: ContainerStatus = { name: 'a', ready: true, restartCount: 0, state: { running: {} } };
const ended = (terminated: object): ContainerStatus => ({ name: 'a', state: { terminated } });
const inits = (...names: string[]): Container[] => names.map((name) => ({ name }));
const sidecar: Container = { name: 'side', restartPolicy: 'Always' };

describe('get pods', () => {
  it('has five columns, and four more when wide', () => {
    const status = {
      phase: 'Running',
      podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
      nominatedNodeName: 'node-b',
      containerStatuses: [running],
      conditions: [
        { type: 'example/a', status: 'True' },
        { type: 'example/b', status: 'False' },
      ],
    };
    const gates = [{ conditionType: 'example/a' }, { conditionType: 'example/b' }, { conditionType: 'c' }];
    const spec = { nodeName: 'node-a', readinessGates: gates };
    const metadata = { creationTimestamp: '2024-05-01T11:55:00Z' };
    const columns = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'];
    expect(getPods([pod(status, spec, metadata)], { now, wide: true })).toEqual({
      columns: [...columns, 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'],
      rows: [['web', '1/1', 'Running', '0', '5m', '10.0.0.1', 'node-a', 'node-b', '1/3']],
    });
    const { status: _, spec: __, ...bare } = pod({});
    expect(getPods([bare], { wide: true }).rows).toEqual([
      ['web', '0/0', 'Pending', '0', '<unknown>', '<none>', '<none>', '<none>', '<none>'],
    ]);
  });

  it.each<[string, Status, string]>([
    ['the phase', { phase: 'Pending' }, '0/1 Pending 0'],
    ["the Pod's reason", { phase: 'Failed', reason: 'Evicted' }, '0/1 Evicted 0'],
    [
      'a gate before the scheduler',
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      },
      '0/1 SchedulingGated 0',
    ],
    [
      'what a container waits for',
      {
        phase: 'Running',
        containerStatuses: [{ name: 'a', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      },
      '0/1 CrashLoopBackOff 0',
    ],
    [
      'how a container ended',
      { phase: 'Succeeded', containerStatuses: [ended({ reason: 'Completed', exitCode: 0 })] },
      '0/1 Completed 0',
    ],
    ['its exit code', { phase: 'Failed', containerStatuses: [ended({ exitCode: 3 })] }, '0/1 ExitCode:3 0'],
    [
      'its signal',
      { phase: 'Failed', containerStatuses: [ended({ exitCode: 137, signal: 9 })] },
      '0/1 Signal:9 0',
    ],
    [
      'the word of the first of several containers',
      {
        phase: 'Running',
        containerStatuses: [
          ended({ reason: 'Error' }),
          { state: { waiting: { reason: 'ImagePullBackOff' } } },
        ],
      },
      '0/1 Error 0',
    ],
    [
      'that one of the containers runs on and the Pod is not ready',
      { phase: 'Running', containerStatuses: [ended({ reason: 'Completed' }), running] },
      '1/1 NotReady 0',
    ],
    [
      'that one of the containers runs on',
      {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [ended({ reason: 'Completed' }), running],
      },
      '1/1 Running 0',
    ],
  ])('shows %s', (_, status, cells) => {
    expect(cellsOf(pod(status))).toBe(cells);
  });

  it('shows that a Pod is going away', () => {
    const metadata = { deletionTimestamp: '2024-05-01T11:59:00Z' };
    expect(cellsOf(pod({ phase: 'Running', containerStatuses: [running] }, {}, metadata))).toBe(
      '1/1 Terminating 0',
    );
    expect(cellsOf(pod({ phase: 'Running', reason: 'NodeLost' }, {}, metadata))).toBe('0/1 Unknown 0');
  });

  it('takes a ready Pod without statuses for one whose containers are ready', () => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const spec = { containers: [{}, {}], initContainers: [sidecar] };
    expect(cellsOf(pod({ phase: 'Running', conditions }, spec))).toBe('3/3 Running 0');
    expect(cellsOf(pod({ phase: 'Running', conditions, containerStatuses: [] }))).toBe('0/1 Running 0');
  });

  it.each<[ContainerStatus[], string]>([
    [[{ name: 'i', state: { running: {} } }], '0/1 Init:0/2 0'],
    [
      [ended({ exitCode: 0 }), { name: 'j', state: { waiting: { reason: 'PodInitializing' } } }],
      '0/1 Init:1/2 0',
    ],
    [[{ name: 'i', state: { waiting: { reason: 'ErrImagePull' } } }], '0/1 Init:ErrImagePull 0'],
    [[{ ...ended({ exitCode: 1, reason: 'Error' }), restartCount: 2 }], '0/1 Init:Error 2'],
    [[ended({ exitCode: 1 })], '0/1 Init:ExitCode:1 0'],
    [[ended({ exitCode: 1, signal: 9 })], '0/1 Init:Signal:9 0'],
  ])('shows how far initialization is: %j', (initContainerStatuses, cells) => {
    const spec = { initContainers: inits('i', 'j') };
    expect(cellsOf(pod({ phase: 'Pending', initContainerStatuses }, spec))).toBe(cells);
  });

  it('counts sidecars, and restarts of init containers only while they run', () => {
    const initContainerStatuses = [
      { ...ended({ exitCode: 0 }), name: 'i', restartCount: 5 },
      { ...running, name: 'side', started: true, restartCount: 1 },
    ];
    const spec = { initContainers: [...inits('i'), sidecar] };
    const containerStatuses = [{ ...running, restartCount: 2 }];
    const status = { phase: 'Running', initContainerStatuses, containerStatuses };
    expect(cellsOf(pod(status, spec))).toBe('2/2 Running 3');
    const waiting = [{ name: 'side', restartCount: 1, started: false, state: { running: {} } }];
    expect(cellsOf(pod({ ...status, initContainerStatuses: waiting }, spec))).toBe('0/2 Init:0/2 1');
    const conditions = [{ type: 'Initialized', status: 'True' }];
    expect(cellsOf(pod({ ...status, conditions, initContainerStatuses: waiting }, spec))).toBe(
      '1/2 Init:0/2 3',
    );
  });

  it('says when a container was restarted last', () => {
    const restarted = (finishedAt: string): ContainerStatus => ({
      ...running,
      restartCount: 1,
      lastState: { terminated: { finishedAt } },
    });
    const containerStatuses = [restarted('2024-05-01T11:50:00Z'), restarted('2024-05-01T11:55:00Z')];
    expect(cellsOf(pod({ phase: 'Running', containerStatuses }))).toBe('2/1 Running 2 (5m ago)');
  });
});
