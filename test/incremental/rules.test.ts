/** Whatever happens, rules that are made step by step are those of a compile from nothing. */
import {
  applyRulesetChange,
  changeBetween,
  diffRulesets,
  isEmptyChange,
  isEmptyDiff,
  printRuleset,
  resolve,
  type ServicePort,
  servicePortKey,
  udpEndpointsChanged,
} from '@shunt/compiler';
import { type Diagnostic, formatDiagnostic } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT, text } from './follow.js';

describe(`rules that are made step by step, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it(`are those of a compile from nothing, over ${SEQUENCES} sequences`, () => {
    let stepCount = 0;
    let changeCount = 0;
    holds(() => ({ compiler, update, after, wanted }) => {
      stepCount++;
      if (!isEmptyChange(update)) changeCount++;
      const [got, want] = [printRuleset(after), printRuleset(wanted.ruleset)];
      if (got !== want) return `step by step:\n${got}\nfrom nothing:\n${want}`;
      const [said, toSay] = [lines(compiler.diagnostics).join('\n'), lines(wanted.diagnostics).join('\n')];
      return said === toSay ? null : `said step by step:\n${said}\nfrom nothing:\n${toSay}`;
    });
    expect(stepCount).toBeGreaterThan(SEQUENCES);
    expect(changeCount).toBeGreaterThan(SEQUENCES / 2);
  });

  it('change by no more than what is different', () => {
    holds(() => ({ update, before, after, wanted, inputs: [was, is] }) => {
      const { diagnostics, udpEndpointsChanged: cleans, ...change } = update;
      const between = changeBetween(before, wanted.ruleset);
      if (text(change) !== text(between)) return `changed ${text(change)}, between ${text(between)}`;
      const applied = applyRulesetChange(before, update);
      if (text(applied) !== text(after)) return `applied ${text(applied)}, not ${text(after)}`;
      const diff = diffRulesets(before, after);
      if (isEmptyDiff(diff) !== isEmptyChange(update)) return `${text(diff)} for ${text(change)}`;
      if (diff.changed.length !== update.replaced.length) return 'the difference tells other service ports';
      const [old, now] = [lines(resolve(was).diagnostics), lines(wanted.diagnostics)];
      const left = [...old];
      for (const gone of lines(diagnostics.removed)) left.splice(left.indexOf(gone), 1);
      const said = [...left, ...lines(diagnostics.added)].sort();
      if (text(said) !== text(now.sort())) return `said ${text(diagnostics)}, which makes ${text(said)}`;
      return cleans === udpEndpointsChanged(was, is) ? null : `UDP endpoints changed: ${cleans}`;
    });
  });

  it('keep the identity of what does not change', () => {
    holds(() => ({ update, before, after }) => {
      const old = new Map(before.servicePorts.map((port) => [servicePortKey(port), port]));
      const touched = new Set([...update.added, ...update.replaced.map((it) => it.after)]);
      const copied = after.servicePorts.find(
        (port) => !touched.has(port) && old.get(servicePortKey(port)) !== port,
      );
      if (copied !== undefined) return `${servicePortKey(copied)} is another object`;
      for (const { before: was, after: is } of update.replaced) {
        const again = PARTS.find((part) => was[part] !== is[part] && text(was[part]) === text(is[part]));
        if (again !== undefined) return `${again} of ${servicePortKey(is)} is another object`;
      }
      return isEmptyChange(update) && before !== after ? 'an empty change makes another ruleset' : null;
    });
  });
});

function lines(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(formatDiagnostic);
}

const PARTS = [
  'clusterPool',
  'localPool',
  'servingEndpoints',
  'frontends',
] as const satisfies (keyof ServicePort)[];
