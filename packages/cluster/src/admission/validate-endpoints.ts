import type { EndpointAddress, Endpoints } from '@shunt/model';
import { type FieldError, invalid, required } from '../field-error.js';
import { dns1123LabelProblems, dns1123SubdomainProblems } from './name-syntax.js';
import { isEmpty } from './service-kind.js';
import { validateAddress, validateOrdinaryAddress } from './validate-addresses.js';
import { validateMetadata } from './validate-metadata.js';
import { validatePortHead } from './validate-service-ports.js';

/**
 * What is wrong with Endpoints, after defaulting (semantics 11.9).
 * Source: ValidateEndpoints, pkg/apis/core/validation/validation.go.
 */
export function validateEndpoints(endpoints: Endpoints): FieldError[] {
  const errors = validateMetadata(endpoints.metadata, dns1123SubdomainProblems);
  endpoints.subsets?.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const field = `subsets[${i}]`;
    if (isEmpty(addresses) && isEmpty(notReadyAddresses)) {
      errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
    }
    errors.push(
      ...addresses.flatMap((it, j) => validateEndpointAddress(it, `${field}.addresses[${j}]`)),
      ...notReadyAddresses.flatMap((it, j) =>
        validateEndpointAddress(it, `${field}.notReadyAddresses[${j}]`),
      ),
      ...ports.flatMap((it, j) => validatePortHead(it, ports.length > 1, `${field}.ports[${j}]`)),
    );
  });
  return errors;
}

// Text that is no address is reported by both checks, as upstream.
function validateEndpointAddress(address: EndpointAddress, field: string): FieldError[] {
  const { ip = '', hostname, nodeName } = address;
  const hostnameProblems = hostname ? dns1123LabelProblems(hostname) : [];
  const nodeProblems = nodeName === undefined ? [] : dns1123SubdomainProblems(nodeName);
  return [
    ...validateAddress(ip, `${field}.ip`),
    ...hostnameProblems.map((it) => invalid(`${field}.hostname`, hostname, it)),
    ...nodeProblems.map((it) => invalid(`${field}.nodeName`, nodeName, it)),
    ...validateOrdinaryAddress(ip, `${field}.ip`),
  ];
}
