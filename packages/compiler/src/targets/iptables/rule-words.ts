/** The words that rules are made of, in the order in which kube-proxy writes them. */
import { type Address, formatAddress, type ServiceProtocol } from '@shunt/model';
import { UnsupportedFeatureError } from '../unsupported-feature.js';

/** What kube-proxy writes without quotes; names of Kubernetes objects have no other characters. */
const PLAIN = /^[\w./:-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a line.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A comment that is one word in kube-proxy's rules: the bare name of a service port. */
export function nameComment(name: string): string {
  return PLAIN.test(name) ? `-m comment --comment ${name}` : comment(name);
}

/** @throws {UnsupportedFeatureError} if the text has a line break or another control character */
export function comment(text: string): string {
  if (CONTROL.test(text)) {
    const detail = `${JSON.stringify(text)} would not be one line of input`;
    throw new UnsupportedFeatureError('iptables', 'names with control characters', detail);
  }
  return `-m comment --comment "${text.replace(/["\\]/g, '\\$&')}"`;
}

/** `-m tcp -p tcp`. */
export function protocolMatch(protocol: ServiceProtocol): string {
  const name = protocol.toLowerCase();
  return `-m ${name} -p ${name}`;
}

/** `-m tcp -p tcp -d 10.96.0.10 --dport 53`. */
export function frontendMatch(protocol: ServiceProtocol, address: Address, port: number): string {
  return `${protocolMatch(protocol)} -d ${formatAddress(address)} --dport ${port}`;
}
