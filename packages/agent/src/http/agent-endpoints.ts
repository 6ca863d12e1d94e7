/** What the agent answers to who watches over it. */
import type { Mode } from '@shunt/model';
import type { NodeEligibility } from '../health/node-eligibility.js';
import type { SyncHealth } from '../health/sync-health.js';
import type { AgentMetrics } from '../metrics/agent-metrics.js';
import type { Answer, Answerer } from './http-server.js';

export interface Watched {
  readonly health: SyncHealth;
  readonly eligibility: NodeEligibility;
  readonly metrics: AgentMetrics;
  readonly mode: Mode;
  readonly now: () => number;
}

const NOT_FOUND: Answer = { status: 404, body: 'not found\n' };

/** `/healthz` and `/livez`, in kube-proxy's form: load balancers ask the first, the kubelet the second. */
export function healthEndpoints(watched: Watched): Answerer {
  return (path) => {
    if (path !== '/healthz' && path !== '/livez') return NOT_FOUND;
    const what = path === '/healthz' ? 'healthz' : 'livez';
    const answer = healthAnswer(watched, what);
    watched.metrics.answered(what, answer.status);
    return answer;
  };
}

/** `/metrics`, `/proxyMode` and `/healthz`, for who may see more. */
export function metricsEndpoints(watched: Watched): Answerer {
  return async (path) => {
    if (path === '/metrics') {
      const { metrics } = watched;
      return {
        status: 200,
        headers: { 'content-type': metrics.contentType },
        body: await metrics.text(),
      };
    }
    if (path === '/proxyMode') return { status: 200, body: watched.mode };
    return path === '/healthz' ? healthAnswer(watched, 'healthz') : NOT_FOUND;
  };
}

function healthAnswer({ health, eligibility, now }: Watched, what: 'healthz' | 'livez'): Answer {
  const time = now();
  const isHealthy = health.isHealthy(time);
  const lastUpdated = timeText(health.lastUpdated(time));
  // Both families are written in one sync, so they are told alike.
  const family = { lastUpdated, healthy: isHealthy };
  const nodeEligible = eligibility.isEligible;
  const isWell = isHealthy && (what === 'livez' || nodeEligible);
  const body = {
    lastUpdated,
    currentTime: timeText(time),
    ...(what === 'healthz' ? { nodeEligible } : {}),
    healthy: isWell,
    status: { IPv4: family, IPv6: family },
  };
  return {
    status: isWell ? 200 : 503,
    headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** RFC 3339; the beginning of time where there is none, as Go prints it. */
function timeText(milliseconds: number | null): string {
  return milliseconds === null ? '0001-01-01T00:00:00Z' : new Date(milliseconds).toISOString();
}
