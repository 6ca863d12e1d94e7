import { type Family, familyOf, parseAddress, type Service } from '@shunt/model';
import { duplicate, type FieldError, invalid, notSupported, required } from '../field-error.js';
import { isHeadless, NO_CLUSTER_IP, specOf } from './service-kind.js';
import { validateAddress } from './validate-addresses.js';

const FIELD = 'spec.clusterIPs';
const MAX_CLUSTER_IPS = 2;
const FAMILIES: readonly string[] = ['IPv4', 'IPv6'];
const POLICIES: readonly string[] = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/**
 * What is wrong with cluster IPs, families and their policy among themselves (semantics 6.20 to 6.29);
 * allocation asks this, too, before it fills anything in.
 * Source: ValidateServiceClusterIPsRelatedFields, pkg/apis/core/validation.
 */
export function validateClusterIPFields(service: Service): FieldError[] {
  const spec = specOf(service);
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const errors = [...validateSingular(clusterIP, clusterIPs), ...validateFamilies(ipFamilies)];
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES));
  }
  const malformed = validateTexts(clusterIPs);
  errors.push(...malformed);
  if (clusterIPs.length > MAX_CLUSTER_IPS) {
    errors.push(invalid(FIELD, clusterIPs, `may only hold up to ${MAX_CLUSTER_IPS} values`));
  }
  // Families of what is no address are not worth a word.
  if (malformed.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOfText)).size < 2) {
    errors.push(invalid(FIELD, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (!isHeadless(spec)) errors.push(...validateFamilyOrder(clusterIPs, ipFamilies));
  return errors;
}

function validateSingular(clusterIP: string, clusterIPs: readonly string[]): FieldError[] {
  if (clusterIP === '') {
    if (clusterIPs.length === 0) return [];
    return [invalid(FIELD, clusterIPs, 'must be empty when `clusterIP` is not specified')];
  }
  if (clusterIPs.length === 0) return [required(FIELD, 'must list `clusterIP` first')];
  return clusterIPs[0] === clusterIP
    ? []
    : [invalid(FIELD, clusterIPs, 'first value must match `clusterIP`')];
}

function validateFamilies(families: readonly string[]): FieldError[] {
  return families.flatMap((family, i) => {
    const field = `spec.ipFamilies[${i}]`;
    return [
      ...(FAMILIES.includes(family) ? [] : [notSupported(field, family, FAMILIES)]),
      ...(families.indexOf(family) === i ? [] : [duplicate(field, family, 'each family is named once')]),
    ];
  });
}

function validateTexts(clusterIPs: readonly string[]): FieldError[] {
  return clusterIPs.flatMap((text, i) => {
    if (i > 0 || text !== NO_CLUSTER_IP) return validateAddress(text, `${FIELD}[${i}]`);
    return clusterIPs.length === 1
      ? []
      : [invalid(FIELD, clusterIPs, "'None' must be the first and only value")];
  });
}

function validateFamilyOrder(clusterIPs: readonly string[], families: readonly string[]): FieldError[] {
  return clusterIPs.flatMap((text, i) => {
    const family = families[i];
    if (family === undefined || !FAMILIES.includes(family) || family === familyOfText(text)) return [];
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    return [invalid(`${FIELD}[${i}]`, text, detail)];
  });
}

function familyOfText(text: string): Family {
  const address = parseAddress(text);
  return address === null ? 'IPv4' : familyOf(address);
}
