import { describe, expect, it } from 'vitest';
import { validateAddress, validateCidr, validateOrdinaryAddress } from './validate-addresses.js';

describe('an address', () => {
  it.each(['10.0.0.1', '010.0.0.1', '::ffff:10.0.0.1', '2001:DB8::1'])('may be %s', (text) => {
    expect(validateAddress(text, 'f')).toEqual([]);
  });

  it.each(['', 'None', '10.0.0', '10.0.0.256', 'fe80::1%eth0', '10.0.0.1/32'])('may not be %j', (text) => {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    expect(validateAddress(text, 'f')).toEqual([{ type: 'Invalid', field: 'f', value: text, detail }]);
  });
});

describe('a range', () => {
  it.each(['10.0.0.0/8', '10.1.2.3/8', '010.0.0.0/8', '2001:db8::/32'])('may be %s', (text) => {
    expect(validateCidr(text, 'f')).toEqual([]);
  });

  it.each(['', '10.0.0.0', '10.0.0.0/33', '2001:db8::/129', ' 10.0.0.0/8'])('may not be %j', (text) => {
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    expect(validateCidr(text, 'f')).toEqual([{ type: 'Invalid', field: 'f', value: text, detail }]);
  });
});

describe('an address for everybody', () => {
  it.each([
    '1.2.3.4',
    '0.0.0.1',
    '169.253.1.1',
    '224.0.1.0',
    '240.0.0.1',
    '::2',
    'fec0::1',
    'ff05::1',
    'fd00::1',
  ])('may be %s', (text) => {
    expect(validateOrdinaryAddress(text, 'f')).toEqual([]);
  });

  it.each([
    ['0.0.0.0', 'may not be unspecified (0.0.0.0)'],
    ['::', 'may not be unspecified (::)'],
    ['127.1.2.3', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ['::1', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ['::ffff:127.0.0.1', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ['169.254.169.254', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    ['febf::1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    ['224.0.0.251', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ['ff02::fb', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ['ff12::fb', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ['host', 'must be a valid IP address'],
  ])('may not be %s', (text, detail) => {
    expect(validateOrdinaryAddress(text, 'f')).toEqual([
      { type: 'Invalid', field: 'f', value: text, detail },
    ]);
  });
});
