import { address, formatEndpoint } from '@shunt/model';
import type { Answer } from './answer.js';
import { splitEndpoint } from './case-shape.js';
import type { CaseExpectation } from './packet-flow-case.js';

/** @returns what differs, `expected X, got Y` line by line; `null` if the answer is as expected */
export function differenceFrom(expectation: CaseExpectation, answer: Answer): string | null {
  const { verdict, to, masquerade, masqueradeFor } = expectation;
  const lines: string[] = [];
  const compare = (title: string, expected: string, got: string): void => {
    if (expected !== got) lines.push(`${title}: expected ${expected}, got ${got}`);
  };
  compare('verdict', verdict, answer.verdict);
  if (to !== undefined) compare('backends', listed(canonical(to)), listed(answer.to));
  if (masquerade === true) {
    compare('masquerade', `for ${listed(answer.to)}`, `for ${listed(answer.masqueradedTo)}`);
  } else if (masquerade === false || masqueradeFor !== undefined) {
    compare('masquerade', `for ${listed(canonical(masqueradeFor))}`, `for ${listed(answer.masqueradedTo)}`);
  }
  return lines.length === 0 ? null : lines.join('\n');
}

/** The backends of a case in canonical form, sorted, each once. */
export function canonical(backends: readonly string[] = []): string[] {
  const labels = backends.map((text) => {
    const endpoint = splitEndpoint(text);
    return endpoint === null ? text : formatEndpoint(address(endpoint.address), endpoint.port);
  });
  return [...new Set(labels)].sort();
}

/** `none` for an empty list, since a list of nothing reads badly. */
export function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
