/**
 * What may stand in names, labels and ports. Each check gives one sentence for each rule that a text
 * breaks, none for a right text. Lengths count bytes of UTF-8, as the API server counts.
 * Source: k8s.io/apimachinery/pkg/util/validation, pkg/api/validate/content.
 */

const DNS_1123_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_1123_SUBDOMAIN = `${DNS_1123_LABEL}(\\.${DNS_1123_LABEL})*`;
const DNS_1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_NAME})?`;

const IS_DNS_1123_LABEL = whole(DNS_1123_LABEL);
const IS_DNS_1123_SUBDOMAIN = whole(DNS_1123_SUBDOMAIN);
const IS_DNS_1035_LABEL = whole(DNS_1035_LABEL);
const IS_LABEL_NAME = whole(LABEL_NAME);
const IS_LABEL_VALUE = whole(LABEL_VALUE);

const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
const MAX_PORT_NAME = 15;

const BOTH_ENDS = 'must start and end with an alphanumeric character';
const LABEL_NAME_PROBLEM = patternProblem(
  `must consist of alphanumeric characters, '-', '_' or '.', and ${BOTH_ENDS}`,
  LABEL_NAME,
  'MyName',
  'my.name',
  '123-abc',
);
const EMPTY = 'must be non-empty';

/** A Service's name: a letter first, since it becomes part of environment variables. */
export function dns1035LabelProblems(text: string): string[] {
  const problems = lengthProblems(text, MAX_LABEL);
  if (!IS_DNS_1035_LABEL.test(text)) {
    const rule =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', " +
      'start with an alphabetic character, and end with an alphanumeric character';
    problems.push(patternProblem(rule, DNS_1035_LABEL, 'my-name', 'abc-123'));
  }
  return problems;
}

export function dns1123LabelProblems(text: string): string[] {
  const problems = lengthProblems(text, MAX_LABEL);
  if (IS_DNS_1123_LABEL.test(text)) return problems;
  if (IS_DNS_1123_SUBDOMAIN.test(text)) return [...problems, 'must not contain dots'];
  const consist = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'";
  return [...problems, patternProblem(`${consist}, and ${BOTH_ENDS}`, DNS_1123_LABEL, 'my-name', '123-abc')];
}

export function dns1123SubdomainProblems(text: string): string[] {
  const problems = lengthProblems(text, MAX_SUBDOMAIN);
  if (!IS_DNS_1123_SUBDOMAIN.test(text)) {
    const rule =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
      `and ${BOTH_ENDS}`;
    problems.push(patternProblem(rule, DNS_1123_SUBDOMAIN, 'example.com'));
  }
  return problems;
}

/** A label's key, and whatever else is called a qualified name: `name`, or `example.com/name`. */
export function qualifiedNameProblems(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    const optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [`a valid label key ${LABEL_NAME_PROBLEM} ${optional}`];
  }
  const problems: string[] = [];
  const [prefix, name] = parts.length === 2 ? parts : [undefined, text];
  if (prefix === '') problems.push(`prefix part ${EMPTY}`);
  else if (prefix !== undefined) {
    problems.push(...dns1123SubdomainProblems(prefix).map((it) => `prefix part ${it}`));
  }
  const local = name ?? '';
  if (local === '') problems.push(`name part ${EMPTY}`);
  else problems.push(...lengthProblems(local, MAX_LABEL, 'bytes').map((it) => `name part ${it}`));
  if (!IS_LABEL_NAME.test(local)) problems.push(`name part ${LABEL_NAME_PROBLEM}`);
  return problems;
}

export function labelValueProblems(text: string): string[] {
  const problems = lengthProblems(text, MAX_LABEL, 'bytes');
  if (!IS_LABEL_VALUE.test(text)) {
    const rule =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
      `and ${BOTH_ENDS}`;
    problems.push(patternProblem(rule, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return problems;
}

/** The name of a container port, which a `targetPort` may give (RFC 6335, lower case only). */
export function portNameProblems(text: string): string[] {
  const problems = lengthProblems(text, MAX_PORT_NAME);
  if (!/^[-a-z0-9]+$/.test(text)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) problems.push('must contain at least one letter (a-z)');
  if (text.includes('--')) problems.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function portNumberProblems(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

function lengthProblems(text: string, max: number, unit: 'characters' | 'bytes' = 'characters'): string[] {
  return utf8Length(text) > max ? [`must be no more than ${max} ${unit}`] : [];
}

// The blank behind the comma, and another before "or", are the API server's.
function patternProblem(rule: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((it) => `'${it}', `).join(' or ');
  return `${rule} (e.g. ${shown}regex used for validation is '${pattern}')`;
}
