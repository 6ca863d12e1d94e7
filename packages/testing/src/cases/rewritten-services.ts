import { diffRulesets, printServicePort, type Ruleset, servicePortName } from '@shunt/compiler';

/**
 * The service ports whose own chains an incremental sync writes: those with endpoints of which
 * something changed.
 * @returns `namespace/name:port`, sorted
 */
export function rewrittenServices(before: Ruleset, after: Ruleset): string[] {
  const { added, changed } = diffRulesets(before, after);
  const touched = new Set([...added.map(([line]) => line), ...changed.map(({ servicePort }) => servicePort)]);
  const written = after.servicePorts.filter(
    (port) => port.hasEndpoints && touched.has(printServicePort(port)[0]),
  );
  return [...new Set(written.map(servicePortName))].sort();
}

/** Whether both name the same service ports; `namespace/name` without a port stands for all of its ports. */
export function sameServices(expected: readonly string[], got: readonly string[]): boolean {
  const matches = (name: string, port: string): boolean => port === name || port.startsWith(`${name}:`);
  return (
    got.every((port) => expected.some((name) => matches(name, port))) &&
    expected.every((name) => got.some((port) => matches(name, port)))
  );
}
