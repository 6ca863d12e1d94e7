import { describe, expect, it } from 'vitest';
import { type RunOptions, type RunResult, runPod } from './run.js';

const run = (options: Partial<RunOptions> = {}, name = 'web'): RunResult =>
  runPod(name, { image: 'nginx', ...options });
const errorOf = (options: Partial<RunOptions>, name?: string): unknown => run(options, name).error?.class;
const containerOf = (options: Partial<RunOptions>): unknown => {
  const result = run(options);
  return result.error === null ? result.pod.spec.containers[0] : result.error;
};

describe('run', () => {
  it('makes a Pod with a label of its name', () => {
    expect(run()).toEqual({
      error: null,
      pod: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', labels: { run: 'web' } },
        spec: {
          containers: [{ name: 'web', image: 'nginx' }],
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
        },
      },
      service: null,
      message: 'pod/web created',
    });
  });

  it('makes a Service that selects the Pod and has no labels of its own', () => {
    const result = run({ port: '80', expose: true, namespace: 'shop', dryRun: 'client' });
    expect(result).toMatchObject({
      pod: { metadata: { namespace: 'shop' } },
      message: 'service/web created (dry run)\npod/web created (dry run)',
    });
    expect(result).toHaveProperty('service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { run: 'web' }, ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }] },
    });
  });

  it('gives the typed labels to both', () => {
    expect(run({ port: '80', expose: true, labels: 'app=web' })).toMatchObject({
      pod: { metadata: { labels: { app: 'web' } } },
      service: { metadata: { labels: { app: 'web' } }, spec: { selector: { app: 'web' } } },
    });
  });

  it('takes further words for arguments, or with --command for the command', () => {
    expect(containerOf({ args: ['—-expose'] })).toEqual({ name: 'web', image: 'nginx', args: ['—-expose'] });
    expect(containerOf({ args: ['sleep', '1'], command: true })).toMatchObject({ command: ['sleep', '1'] });
    expect(containerOf({ command: true })).toEqual({ name: 'web', image: 'nginx' });
  });

  it('fills the container', () => {
    const options = { env: ['A=b=c', 'D.e='], imagePullPolicy: 'Never', stdin: true, tty: true, port: '0' };
    expect(containerOf(options)).toEqual({
      name: 'web',
      image: 'nginx',
      env: [
        { name: 'A', value: 'b=c' },
        { name: 'D.e', value: '' },
      ],
      imagePullPolicy: 'Never',
      ports: [{ containerPort: 0 }],
      stdin: true,
      stdinOnce: true,
      tty: true,
    });
    expect(containerOf({ stdin: true, leaveStdinOpen: true })).not.toHaveProperty('stdinOnce');
    expect(run({ restart: 'Never', annotations: ['a=b'] })).toMatchObject({
      pod: { metadata: { annotations: { a: 'b' } }, spec: { restartPolicy: 'Never' } },
    });
  });

  it.each([
    ['nameRequired', {}, ''],
    ['imageRequired', { image: '' }],
    ['badImage', { image: 'Nginx' }],
    ['badImage', { image: 'nginx:' }],
    ['ttyNeedsStdin', { tty: true }],
    ['exposeNeedsPort', { expose: true }],
    ['badRestartPolicy', { restart: 'never' }],
    ['badImagePullPolicy', { imagePullPolicy: 'always' }],
    ['badEnv', { env: ['A'] }],
    ['badEnv', { env: ['1A=b'] }],
    ['badEnv', { env: ['..=b'] }],
    ['badAnnotation', { annotations: ['a'] }],
    ['badLabels', { labels: 'app' }],
    ['portNotNumeric', { port: 'http' }],
    ['portNotNumeric', { port: '80,443', expose: true }],
    ['portNotNumeric', { port: '70000' }],
    ['portNotNumeric', { port: '-1' }],
  ])('is refused: %s %j', (errorClass, options, name?: string) => {
    expect(errorOf(options, name)).toBe(errorClass);
  });

  it.each([
    'nginx:1.27',
    'localhost:5000/team/web-app_x.y__z:v1',
    'registry.example/web@sha256:0123456789abcdef0123456789abcdef',
  ])('takes the image %s', (image) => expect(errorOf({ image })).toBeUndefined());
});
