import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntry } from './command-conntrack.js';
import type { ConntrackEntry } from './conntrack-entry.js';
import { deleteRequest, dumpRequest, readAnswer } from './conntrack-message.js';

const flow: ConntrackEntry = {
  family: 'IPv4',
  source: 0x0a000909,
  sourcePort: 4000,
  destination: 0x0a60000a,
  destinationPort: 53,
  replySource: 0x0a000001,
  replySourcePort: 8080,
  zone: 0,
};

describe('a message about connection tracking', () => {
  it('asks for all entries of a family', () => {
    // Length, type (1 << 8 | 1), flags, sequence, sender; then family, version, resource.
    expect(dumpRequest('IPv4', 7).toString('hex')).toBe(
      `14000000${'0101'}${'0103'}0700000000000000${'02000000'}`,
    );
    expect(dumpRequest('IPv6', 7)[16]).toBe(10);
  });

  it('asks for the deletion of one', () => {
    const hex = deleteRequest(flow, 8).toString('hex');
    expect(hex.slice(0, 40)).toBe(`48000000${'0201'}${'0500'}0800000000000000${'02000000'}`);
    expect(hex.slice(40)).toBe(
      [
        '34000180', // the tuple, nested
        '14000180', // its addresses
        '080001000a000909',
        '080002000a60000a',
        '1c000280', // its protocol
        '0500010011000000',
        '060002000fa00000',
        '0600030000350000',
      ].join(''),
    );
  });

  it('names the zone if there is one', () => {
    expect(deleteRequest({ ...flow, zone: 5 }, 8).toString('hex')).toContain('0600120000050000');
  });

  it('that says no has the number of the error', () => {
    const answer = Buffer.alloc(36);
    answer.writeUInt32LE(36, 0);
    answer.writeUInt16LE(2, 4);
    answer.writeUInt32LE(9, 8);
    answer.writeInt32LE(-2, 16);
    expect(readAnswer(answer, 'IPv4', 9)).toEqual({ entries: [], isLast: true, error: 2 });
    expect(readAnswer(answer, 'IPv4', 10)).toEqual({ entries: [], isLast: false, error: 0 });
  });

  it('is read whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, length) => {
        const message = Buffer.from(bytes);
        if (message.length >= 16) {
          message.writeUInt32LE(length, 0);
          message.writeUInt32LE(1, 8);
        }
        readAnswer(message, 'IPv6', 1);
      }),
    );
  });
});

describe('a line of the program conntrack', () => {
  it.each([
    'udp      17 29 src=10.0.9.9 dst=10.96.0.10 sport=4000 dport=53 src=10.0.0.1 dst=10.0.9.9 sport=8080 dport=4000 mark=0 use=1',
    'udp      17 29 src=10.0.9.9 dst=10.96.0.10 sport=4000 dport=53 [UNREPLIED] src=10.0.0.1 dst=10.0.9.9 sport=8080 dport=4000 mark=0 use=1',
    'udp      17 29 src=10.0.9.9 dst=10.96.0.10 sport=4000 dport=53 packets=1 bytes=29 src=10.0.0.1 dst=10.0.9.9 sport=8080 dport=4000 packets=1 bytes=40 [ASSURED] mark=0 use=1',
  ])('is a flow: %s', (line) => {
    expect(readEntry(line, 'IPv4')).toEqual(flow);
  });

  it('says the zone', () => {
    const line =
      'udp 17 29 src=10.0.9.9 dst=10.96.0.10 sport=4000 dport=53 src=10.0.0.1 dst=10.0.9.9 sport=8080 dport=4000 mark=0 zone=5 use=1';
    expect(readEntry(line, 'IPv4')).toEqual({ ...flow, zone: 5 });
  });

  it.each([
    '',
    'icmp 1 29 src=10.0.9.9 dst=10.96.0.10 type=8 code=0 id=1',
    'conntrack v1.4.7: 1 flow entries',
  ])('is none: "%s"', (line) => {
    expect(readEntry(line, 'IPv4')).toBeNull();
  });
});
