import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kernelTestsAreRequired as everyShellIsRequired } from '../kernel/prerequisites.js';
import { shunt, withFiles } from './run-shunt.js';

interface Shell {
  readonly name: string;
  /** A script that loads the completion from $1 and prints what it offers for `shunt `. */
  readonly probe: string;
}

// Shells expand what looks like a placeholder here.
const BASH = `source "$1"
complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _shunt; echo "$COMP_CWORD" "${'$'}{COMPREPLY[*]}"; }
complete_line shunt ""
complete_line shunt get ""
complete_line shunt describe ""
complete_line shunt expose ""`;

const SHELLS: readonly Shell[] = [
  { name: 'bash', probe: BASH },
  {
    name: 'zsh',
    probe: 'autoload -Uz compinit; compinit -u -D; source "$1"; print $_comps[shunt]; functions _shunt',
  },
  {
    name: 'fish',
    probe:
      'source $argv[1]; complete -C "shunt "; complete -C "shunt get "; complete -C "shunt describe "; complete -C "shunt expose "',
  },
];

const COMMANDS = [
  'trace',
  'compile',
  'get',
  'describe',
  'lint',
  'expose',
  'run',
  'test',
  'apply',
  'agent',
  'cleanup',
];
const KINDS = [
  'frontends',
  'pools',
  'services',
  'endpointslices',
  'pods',
  'deployment',
  'replicationcontroller',
];
const WORDS = [...COMMANDS, ...KINDS];

describe.each(SHELLS)('completion for $name', ({ name, probe }) => {
  const isMissing = spawnSync(name, ['-c', 'true']).error !== undefined;

  it.skipIf(isMissing && !everyShellIsRequired)('offers commands and values in the real shell', async () => {
    const { stdout: script, code } = await shunt(['completion', name]);
    expect(code).toBe(0);
    const { stdout, stderr, status } = await withFiles({ script }, async (path) => {
      const args = name === 'fish' ? ['-c', probe, path('script')] : ['-c', probe, name, path('script')];
      return spawnSync(name, args, { encoding: 'utf8' });
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const word of WORDS) expect(stdout).toContain(word);
  });
});

it('bash completion keeps names with blanks whole, and knows "--output=json" for one option', async () => {
  const { stdout: script } = await shunt(['completion', 'bash']);
  const files = { script, 'web shop.yaml': '' };
  const probe = `source "$1"; cd "$2"
offer() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _shunt; printf '%s;' "${'$'}{COMPREPLY[@]}"; echo; }
offer shunt trace -f w
offer shunt trace --output = j
offer shunt trace --proxy-mode =
offer shunt get pools --seed ""
offer shunt get services --admit ""
offer shunt describe s
offer shunt expose r
offer shunt expose deployment web --type N
offer shunt run web --restart O
offer shunt lint --s
offer shunt help l`;
  const { stdout, status } = await withFiles(files, async (path) =>
    spawnSync('bash', ['-c', probe, 'bash', path('script'), path('')], { encoding: 'utf8' }),
  );
  expect({ status, lines: stdout.trimEnd().split('\n') }).toEqual({
    status: 0,
    lines: [
      'web shop.yaml;',
      'json;',
      'iptables;nftables;',
      ';',
      'auto;always;never;',
      'service;',
      'replicaset;replicationcontroller;',
      'NodePort;',
      'OnFailure;',
      '--service-cidr;--service-node-port-range;--strict;',
      'lint;',
    ],
  });
});
