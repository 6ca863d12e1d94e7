import { expect, it } from 'vitest';
import { readRuleset } from './read.js';
import { rulesetToData } from './to-data.js';
import type { Ruleset } from './types.js';

it('a ruleset as data has addresses as text, and its fields in a fixed order', () => {
  const { ruleset } = readRuleset(`ruleset nftables node n
pods fd00:1::/64
local 192.168.0.2
node-ports IPv4 on 192.168.0.2 refuse same
node-ports IPv6 on local refuse same
cluster-ip fd00::10
service-cidr fd00::/112
service-port IPv6 a/b:c UDP
  policy internal Cluster external Cluster
  has-endpoints
  clusterIP [fd00::10]:80 pod -> cluster, node -> cluster masquerade, outside -> cluster masquerade
  loadBalancerIP [2001:db8::7]:80 any -> cluster masquerade
    sources 2001:db8::/32
  pool cluster maglev 2 slots
    backend [fd00:1::1]:8080 local weight 2
    slots 0: 0 0
  serving [fd00:1::1]:8080
`) as { ruleset: Ruleset };
  const never = '{"verdict":"forward","pool":"cluster","masquerade":"never"}';
  const always = '{"verdict":"forward","pool":"cluster","masquerade":"always"}';
  expect(JSON.stringify(rulesetToData(ruleset))).toBe(
    [
      '{"mode":"nftables","node":"n","podCIDRs":["fd00:1::/64"],"localAddresses":["192.168.0.2"],',
      '"nodePorts":{"IPv4":{"match":["192.168.0.2"],"loopback":false,"refuse":"same"},',
      '"IPv6":{"match":"local","loopback":false,"refuse":"same"}},',
      '"clusterIPs":["fd00::10"],"serviceCIDRs":["fd00::/112"],"servicePorts":[',
      '{"namespace":"a","name":"b","portName":"c","protocol":"UDP","family":"IPv6",',
      '"internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Cluster","affinitySeconds":null,',
      '"healthCheckNodePort":null,"hasEndpoints":true,"frontends":[',
      '{"kind":"clusterIP","address":"fd00::10","port":80,"sourceRanges":null,',
      `"actions":{"pod":${never},"node":${always},"outside":${always}}},`,
      '{"kind":"loadBalancerIP","address":"2001:db8::7","port":80,"sourceRanges":["2001:db8::/32"],',
      `"actions":{"pod":${always},"node":${always},"outside":${always}}}],`,
      '"clusterPool":{"strategy":"maglev","backends":[',
      '{"address":"fd00:1::1","port":8080,"local":true,"weight":2}],"slots":[0,0]},"localPool":null,',
      '"servingEndpoints":[{"address":"fd00:1::1","port":8080}]}]}',
    ].join(''),
  );
});
