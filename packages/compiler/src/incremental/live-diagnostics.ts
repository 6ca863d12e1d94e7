import { type Diagnostic, formatDiagnostic } from '@shunt/model';
import { compareServicePorts } from '../ruleset/canonical.js';
import type { ListChange } from '../ruleset/change.js';
import { compareText } from '../ruleset/compare-text.js';
import { type ServicePort, servicePortKey } from '../ruleset/types.js';
import { type NamespacedName, nameKey } from './touched.js';

type PortName = Pick<ServicePort, 'family' | 'namespace' | 'name' | 'portName' | 'protocol'>;

/** What a diagnostic is about, in the order in which resolve lists them. */
export type Subject =
  | { readonly about: 'service'; readonly of: NamespacedName }
  | { readonly about: 'conflict'; readonly of: PortName }
  | { readonly about: 'slice'; readonly of: NamespacedName }
  | { readonly about: 'unmatched'; readonly of: NamespacedName };

interface Said {
  readonly subject: Subject;
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: readonly Diagnostic[] = [];

/** The diagnostics in force, by what they are about: those of one subject are replaced together. */
export class LiveDiagnostics {
  readonly #said = new Map<string, Said>();
  /** What was said before the change that goes on. */
  readonly #before = new Map<string, Said>();

  /** Says all that there is to say of a subject; nothing: an empty list. */
  say(subject: Subject, diagnostics: readonly Diagnostic[]): void {
    const key = keyOf(subject);
    const held = this.#said.get(key);
    if (held === undefined && diagnostics.length === 0) return;
    if (!this.#before.has(key)) this.#before.set(key, held ?? { subject, diagnostics: NOTHING });
    if (diagnostics.length === 0) this.#said.delete(key);
    else this.#said.set(key, { subject, diagnostics });
  }

  list(): Diagnostic[] {
    return inOrder(this.#said.values()).flatMap(({ diagnostics }) => diagnostics);
  }

  /** What changed since this was asked last. */
  takeChange(): ListChange<Diagnostic> {
    if (this.#before.size === 0) return { removed: NOTHING, added: NOTHING };
    const removed: Diagnostic[] = [];
    const added: Diagnostic[] = [];
    for (const { subject, diagnostics: was } of inOrder(this.#before.values())) {
      const is = this.#said.get(keyOf(subject))?.diagnostics ?? NOTHING;
      removed.push(...without(was, is));
      added.push(...without(is, was));
    }
    this.#before.clear();
    return { removed, added };
  }
}

function keyOf({ about, of }: Subject): string {
  return `${about} ${about === 'conflict' ? servicePortKey(of) : nameKey(of)}`;
}

const ORDER: readonly Subject['about'][] = ['service', 'conflict', 'slice', 'unmatched'];

function inOrder(said: Iterable<Said>): Said[] {
  return [...said].sort((a, b) => compareSubjects(a.subject, b.subject));
}

function compareSubjects(a: Subject, b: Subject): number {
  if (a.about === 'conflict' && b.about === 'conflict') return compareServicePorts(a.of, b.of);
  return (
    ORDER.indexOf(a.about) - ORDER.indexOf(b.about) ||
    compareText(a.of.namespace, b.of.namespace) ||
    compareText(a.of.name, b.of.name)
  );
}

/** Diagnostics of one list that the other lacks, each as often as it does. */
function without(diagnostics: readonly Diagnostic[], others: readonly Diagnostic[]): Diagnostic[] {
  const left = others.map(formatDiagnostic);
  return diagnostics.filter((diagnostic) => {
    const place = left.indexOf(formatDiagnostic(diagnostic));
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}
