import { formatDiagnostic } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { readRuleset } from './read.js';

const HEADER = `ruleset iptables node n
node-ports IPv4 on local with loopback refuse local
node-ports IPv6 on none refuse local
`;
const PORT = `service-port IPv4 a/b TCP
policy internal Cluster external Cluster
no-endpoints
`;

/** The problems of a text, as they are shown to the user. */
function problemsOf(text: string): string[] {
  const { ruleset, diagnostics } = readRuleset(text, 'f');
  expect(ruleset).toBeNull();
  return diagnostics.map(formatDiagnostic);
}

describe('reading a ruleset', () => {
  it('takes comments, empty lines, any indentation and CRLF', () => {
    const text = `# by hand\r\n\r\n${HEADER.replaceAll('\n', ' # why\r\n')}\t${PORT}`;
    const { ruleset, diagnostics } = readRuleset(text);
    expect(diagnostics).toEqual([]);
    expect(ruleset?.nodePorts.IPv4).toEqual({ match: 'local', loopback: true, refuse: 'local' });
    expect(ruleset?.nodePorts.IPv6.match).toEqual([]);
    expect(ruleset?.servicePorts).toHaveLength(1);
  });

  it('says what is missing from a text without anything', () => {
    expect(problemsOf('')).toEqual([
      'f:1:1: error: expected a line "ruleset MODE node NAME"',
      'f:1:1: error: expected a line "node-ports IPv4"',
      'f:1:1: error: expected a line "node-ports IPv6"',
    ]);
  });

  it('reports every line that is wrong, in order', () => {
    const text = `${HEADER}pods 10.0.0.0\nlocal nonsense\n${PORT}affinity 10\n`;
    expect(problemsOf(text)).toEqual([
      'f:4:6: error: expected a CIDR (address/prefix), got "10.0.0.0"',
      'f:5:7: error: expected an IP address, got "nonsense"',
      `f:9:10: error: expected the affinity timeout (integer 1..${Number.MAX_SAFE_INTEGER} and "s"), got "10"`,
    ]);
  });

  it('says that a service port lacks its policies and endpoints', () => {
    expect(problemsOf(`${HEADER}service-port IPv4 a/b TCP`)).toEqual([
      'f:4:1: error: expected a line "policy internal POLICY external POLICY" in this service port',
      'f:4:1: error: expected a line "has-endpoints" or "no-endpoints" in this service port',
    ]);
  });

  it.each([
    ['ruleset nftables node m', '4:1: error: expected one "ruleset" line, got another'],
    ['node-ports IPv4 on local refuse same', '4:12: error: expected one "node-ports IPv4" line, got another'],
    ['policy internal Local', '4:1: error: expected a line of the header or "service-port", got "policy"'],
    ['pods 10.0.0.0/8 10.1.0.0/8', '4:17: error: expected the end of the line, got "10.1.0.0/8"'],
    ['service-port IPv5 a/b TCP', '4:14: error: expected "IPv4" or "IPv6", got "IPv5"'],
    ['service-port IPv4 a TCP', '4:19: error: expected namespace/name:port or namespace/name, got "a"'],
    ['service-port IPv4 a/b', '4:22: error: expected "TCP", "UDP" or "SCTP", got the end of the line'],
    ['service-port IPv4 "\\q"/b TCP', '4:19: error: expected namespace/name:port or namespace/name, got'],
    ['service-port IPv4 "a/b TCP', '4:19: error: expected namespace/name:port or namespace/name, got'],
  ])('in the header, %s is a problem', (line, problem) => {
    expect(problemsOf(`${HEADER}${line}\n`)[0]).toContain(`f:${problem}`);
  });

  it.each([
    ['what', '7:1: error: expected "service-port", or a line of a service port, got "what"'],
    ['has-endpoints', '7:1: error: expected one "has-endpoints" or "no-endpoints" line in a service port'],
    ['health-check 65536', '7:14: error: expected a port (integer 1..65535), got "65536"'],
    ['health-check 080', '7:14: error: expected a port (integer 1..65535), got "080"'],
    [
      'clusterIP 10.0.0.1:0 any -> drop',
      '7:11: error: expected ip:port, [ip6]:port, or a port (1..65535), got',
    ],
    [
      'clusterIP fd00::1:80 any -> drop',
      '7:11: error: expected ip:port, [ip6]:port, or a port (1..65535), got',
    ],
    ['nodePort 30000 all -> drop', '7:16: error: expected "any ->" or "pod ->", got "all"'],
    [
      'nodePort 30000 any -> deny',
      '7:23: error: expected "cluster", "local", "reject", "drop", "accept" or "none"',
    ],
    ['nodePort 30000 pod -> drop node -> drop', '7:28: error: expected ",", got "node"'],
    ['sources 10.0.0.0/8', '7:9: error: expected a frontend above these sources'],
    ['backend 10.0.0.1:80', '7:9: error: expected a "pool" line above this backend'],
    ['slots 0: 1', '7:7: error: expected a "pool" line above these slots'],
    ['pool both even', '7:6: error: expected "cluster" or "local", got "both"'],
    [
      'pool local maglev',
      '7:18: error: expected the number of slots (integer 0..4294967295), got the end of the',
    ],
    ['pool local maglev 2 slots', '7:1: error: expected 2 slots below this line, got 0'],
    ['pool local maglev 2 slots\nslots 1: 0 0', '8:7: error: expected slot 0, got 1'],
    ['pool local even\nslots 0: 0', '7:1: error: expected "1 slots" on this line'],
    [
      'pool local even\nbackend 10.0.0.1:80 weight 0',
      '8:28: error: expected a weight (number above 0), got "0"',
    ],
    ['pool local even\npool local even', '8:6: error: expected one "pool local" line in a service port'],
    ['serving 10.0.0.1', '7:9: error: expected ip:port or [ip6]:port, got "10.0.0.1"'],
  ])('in a service port, %j is a problem', (lines, problem) => {
    expect(problemsOf(`${HEADER}${PORT}${lines}\n`)[0]).toContain(`f:${problem}`);
  });
});
