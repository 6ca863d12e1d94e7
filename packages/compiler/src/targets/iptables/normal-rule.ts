/**
 * Rules compare by meaning: who writes a rule leaves out what goes without saying, and the kernel's tools print
 * it in another order and other words.
 */
import { formatAddress, parseAddress } from '@shunt/model';

/** Matches that their own options bring with them. */
const IMPLIED_MATCHES = new Set([
  'addrtype',
  'comment',
  'conntrack',
  'mark',
  'nfacct',
  'recent',
  'sctp',
  'statistic',
  'tcp',
  'udp',
]);

const IMPLIED_OPTIONS = new Set([
  '--reject-with icmp-port-unreachable',
  '--reject-with icmp6-port-unreachable',
  '--mask 255.255.255.255',
  '--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '--rsource',
  // A range of everything matches everything; iptables does not print it.
  '-s 0.0.0.0/0',
  '-s ::/0',
  '-d 0.0.0.0/0',
  '-d ::/0',
]);

/**
 * One form for all spellings of a rule.
 * @param words - what stands behind `-A CHAIN`
 */
export function normalRule(words: string): string {
  const options: string[] = [];
  let negated = false;
  const tokens = tokensOf(words);
  for (let at = 0; at < tokens.length; ) {
    const option = tokens[at++] as string;
    if (option === '!') {
      negated = true;
      continue;
    }
    const values: string[] = [];
    // A comment is one word, whatever it begins with.
    if (option === '--comment') values.push(tokens[at++] ?? '');
    else while (at < tokens.length && !isOption(tokens[at] as string)) values.push(tokens[at++] as string);
    const normal = normalOption(option, values);
    if (normal !== null && (negated || !IMPLIED_OPTIONS.has(normal))) {
      options.push(negated ? `! ${normal}` : normal);
    }
    negated = false;
  }
  return options.sort().join(' ');
}

function isOption(token: string): boolean {
  return token === '!' || token.startsWith('-');
}

function normalOption(option: string, values: readonly string[]): string | null {
  const [value = ''] = values;
  switch (option) {
    case '-m':
      return IMPLIED_MATCHES.has(value) ? null : `-m ${value}`;
    case '-s':
    case '-d':
      return `${option} ${normalRange(value)}`;
    case '--to-destination':
      return `${option} ${value.startsWith('[') ? normalEndpoint(value) : value}`;
    case '--mark':
      return `${option} ${normalMark(value)}`;
    case '--set-xmark':
      return `${option} ${normalMark(value)}`;
    case '--or-mark':
      return `--set-xmark ${normalMark(`${value}/${value}`)}`;
    case '--xor-mark':
      return `--set-xmark ${normalMark(`${value}/0`)}`;
    case '--ctstate':
      return `${option} ${value.split(',').sort().join(',')}`;
    case '--probability':
      // The kernel has 31 bits of it.
      return `${option} ${Math.round(Number(value) * 2 ** 31)}`;
    case '--comment':
      return `${option} ${JSON.stringify(value)}`;
    default:
      return [option, ...values].join(' ');
  }
}

/** Without the prefix of a single address; IPv6 in Shunt's own spelling. */
function normalRange(text: string): string {
  const slash = text.indexOf('/');
  const base = slash < 0 ? text : text.slice(0, slash);
  const isIPv6 = base.includes(':');
  const bits = slash < 0 ? '' : text.slice(slash + 1);
  const prefix = bits === '' || bits === (isIPv6 ? '128' : '32') ? '' : `/${bits}`;
  return `${isIPv6 ? normalIPv6(base) : base}${prefix}`;
}

function normalEndpoint(text: string): string {
  const end = text.lastIndexOf(']');
  return `[${normalIPv6(text.slice(1, end))}]${text.slice(end + 1)}`;
}

function normalIPv6(text: string): string {
  const address = parseAddress(text);
  return address === null ? text : formatAddress(address);
}

function normalMark(text: string): string {
  return text
    .split('/')
    .map((part) => `0x${Number(part).toString(16)}`)
    .join('/');
}

/** Words, with quotes and backslashes read as iptables-restore reads them. */
function tokensOf(words: string): string[] {
  if (!/["\\]/.test(words)) return words.split(' ').filter((token) => token !== '');
  const tokens: string[] = [];
  let token = '';
  let open = false;
  let started = false;
  for (let at = 0; at < words.length; at++) {
    const character = words[at] as string;
    if (open && character === '\\') token += words[++at] ?? '';
    else if (character === '"') {
      open = !open;
      started = true;
    } else if (character === ' ' && !open) {
      if (started || token !== '') tokens.push(token);
      token = '';
      started = false;
    } else token += character;
  }
  if (started || token !== '') tokens.push(token);
  return tokens;
}
