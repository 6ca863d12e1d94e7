/** The invariants between service ports: no two frontends alike, one setting of masqueradeAll. */
import { formatAddress } from '@shunt/model';
import { frontendLine, frontendPlace, servicePortLine } from './lines.js';
import type { Frontend, Ruleset, ServicePort } from './types.js';
import type { ReportViolation } from './violation.js';

export function verifyUniqueness(ruleset: Ruleset, report: ReportViolation): void {
  const owners = new Map<string, ServicePort>();
  let masqueradeAll: boolean | null = null;
  for (const port of ruleset.servicePorts) {
    for (const frontend of port.frontends) {
      const location = `${servicePortLine(port)} > ${frontendLine(frontend)}`;
      const key = matchKey(port, frontend);
      const owner = owners.get(key);
      owners.set(key, owner ?? port);
      if (owner !== undefined && !mayShare(owner, port, frontend)) {
        report(
          location,
          'frontend-unique',
          `expected no ${frontendPlace(frontend)} besides "${servicePortLine(owner)}"`,
        );
      }
      const all = masqueradesAll(frontend);
      masqueradeAll ??= all;
      if (all !== null && all !== masqueradeAll) {
        const others = masqueradeAll ? 'every packet' : 'not every packet';
        report(location, 'masquerade-all', `expected ${others} masqueraded, as for the cluster IPs before`);
      }
    }
  }
}

/** What packets are matched by, as in the evaluation. */
function matchKey({ family, protocol }: ServicePort, { kind, address, port }: Frontend): string {
  const place = address === null ? kind : formatAddress(address);
  return `${family} ${place} ${kind === 'healthCheckNodePort' ? 'TCP' : protocol} ${port}`;
}

// The health-check node port belongs to the Service, so each of its ports may carry it.
function mayShare(a: ServicePort, b: ServicePort, { kind }: Frontend): boolean {
  return kind === 'healthCheckNodePort' && a !== b && a.namespace === b.namespace && a.name === b.name;
}

/** `null`: the frontend does not tell. */
function masqueradesAll({ kind, actions }: Frontend): boolean | null {
  const { pod } = actions;
  return kind === 'clusterIP' && pod.verdict === 'forward' ? pod.masquerade === 'always' : null;
}
