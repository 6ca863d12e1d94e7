/** How a Pod does, in three cells. Source: pkg/printers/internalversion/printers.go, printPod. */
import type { Condition, Container, ContainerState, ContainerStatus, Pod } from '@shunt/model';
import { isPodReady, isTerminating } from '../endpoints/pod.js';
import { ageOf } from './age.js';

/** READY, STATUS and RESTARTS. @param now - milliseconds since 1970 */
export function podCells(
  pod: Pod,
  now: number | undefined,
): [ready: string, status: string, restarts: string] {
  const { spec, status } = pod;
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  const total = (spec?.containers ?? []).length + sidecars.length;
  const init = initProgress(pod, new Set(sidecars.map(({ name }) => name)));
  const isRunning = init.reason === null || isTrue(status?.conditions, 'Initialized');
  const main = isRunning ? containersProgress(pod, init.reason ?? phaseOf(pod)) : null;
  const counted = isRunning
    ? [...init.sidecars, ...(status?.containerStatuses ?? [])]
    : (status?.initContainerStatuses ?? []).slice(0, init.seen);
  // A Pod written by hand says that it is ready, but nothing of its containers.
  const ready =
    status?.containerStatuses === undefined && isPodReady(pod) ? total : init.ready + (main?.ready ?? 0);
  const reason = goingAway(pod) ?? main?.reason ?? init.reason ?? phaseOf(pod);
  return [`${ready}/${total}`, reason, restartsText(counted, now)];
}

/** The phase, or what is more telling about the Pod as a whole. */
function phaseOf({ status }: Pod): string {
  const gated = status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : status?.reason || status?.phase || 'Pending';
}

function goingAway(pod: Pod): string | null {
  if (!isTerminating(pod)) return null;
  return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

interface InitProgress {
  /** Where initialization is or hangs; `null` when it is through. */
  readonly reason: string | null;
  readonly ready: number;
  /** How many statuses were looked at. */
  readonly seen: number;
  readonly sidecars: readonly ContainerStatus[];
}

function initProgress({ spec, status }: Pod, sidecarNames: ReadonlySet<string | undefined>): InitProgress {
  const sidecars: ContainerStatus[] = [];
  let ready = 0;
  for (const [index, container] of (status?.initContainerStatuses ?? []).entries()) {
    const { state = {}, started, name } = container;
    if (sidecarNames.has(name)) sidecars.push(container);
    if (state.terminated !== undefined && (state.terminated.exitCode ?? 0) === 0) continue;
    if (sidecarNames.has(name) && started === true) {
      if (container.ready) ready++;
      continue;
    }
    const waiting = state.waiting?.reason;
    const reason =
      terminatedText(state) ??
      (waiting && waiting !== 'PodInitializing'
        ? waiting
        : `${index}/${(spec?.initContainers ?? []).length}`);
    return { reason: `Init:${reason}`, ready, seen: index + 1, sidecars };
  }
  return { reason: null, ready, seen: status?.initContainerStatuses?.length ?? 0, sidecars };
}

/** From the last container to the first, so that the first one's word holds. */
function containersProgress(
  { status }: Pod,
  phase: string,
): { readonly reason: string; readonly ready: number } {
  let reason = phase;
  let ready = 0;
  for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
    const { state = {} } = container;
    const word = state.waiting?.reason || terminatedText(state);
    if (word) reason = word;
    else if (container.ready && state.running !== undefined) ready++;
  }
  if (reason === 'Completed' && ready > 0) {
    reason = isTrue(status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  }
  return { reason, ready };
}

/** `Error`, `Signal:9` or `ExitCode:1`; `null` of a container that has not ended. */
function terminatedText({ terminated }: ContainerState): string | null {
  if (terminated === undefined) return null;
  const { reason, signal = 0, exitCode = 0 } = terminated;
  return reason || (signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

/** `3 (5m ago)`: the last time is that of the latest end before a restart. */
function restartsText(statuses: readonly ContainerStatus[], now: number | undefined): string {
  const count = statuses.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  const ends = statuses.flatMap(({ lastState }) => lastState?.terminated?.finishedAt ?? []);
  const [last] = ends.sort((a, b) => Date.parse(b) - Date.parse(a));
  return count === 0 || last === undefined ? String(count) : `${count} (${ageOf(last, now)} ago)`;
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
