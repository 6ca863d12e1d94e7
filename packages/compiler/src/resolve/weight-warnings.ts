import {
  type Diagnostic,
  type EndpointSlice,
  FAMILIES,
  type Family,
  formatEndpoint,
  namespaceOf,
  parseAddress,
  type Service,
} from '@shunt/model';
import { MAX_WEIGHT, parseWeight } from '../balance/weight.js';
import { type Endpoint, endpointsKey, endpointsOfSlices } from './endpoints.js';
import { type CompileInput, isWatched } from './input.js';
import { WEIGHT_ANNOTATION, weightOf, weightReference } from './slice-weight.js';

/** What is wrong with the weights of a Service's slices: no numbers, and two for one endpoint. */
export function weightWarnings(input: CompileInput, service: Service): Diagnostic[] {
  const slices = input.state
    .slicesOf(namespaceOf(service), service.metadata.name)
    .filter((slice) => isWatched(slice, input.config));
  const weighted = slices.filter(({ metadata }) => metadata.annotations?.[WEIGHT_ANNOTATION] !== undefined);
  if (weighted.length === 0) return [];
  const values = weighted.flatMap((slice) => {
    const written = slice.metadata.annotations?.[WEIGHT_ANNOTATION] ?? '';
    if (parseWeight(written) !== null) return [];
    const message = `expected an integer 0..${MAX_WEIGHT}, got ${JSON.stringify(written)}; 1 is used`;
    return [warning(slice, message)];
  });
  return [...values, ...FAMILIES.flatMap((family) => conflicts(input, slices, family))];
}

// One endpoint in two slices has the weight of the entry that counts. One warning for each other slice.
function conflicts(input: CompileInput, slices: readonly EndpointSlice[], family: Family): Diagnostic[] {
  const used = new Map<string, Endpoint>();
  for (const [port, endpoints] of endpointsOfSlices(input, slices, family)) {
    for (const endpoint of endpoints) used.set(`${port} ${endpoint.key}`, endpoint);
  }
  return slices
    .filter((slice) => slice.addressType === family)
    .flatMap((slice) => {
      const other = entriesOf(slice)
        .map((entry) => used.get(entry))
        .find((endpoint) => endpoint !== undefined && endpoint.weight !== weightOf(slice));
      if (other === undefined) return [];
      const { key, weight } = other;
      const message = `${key} is listed by ${other.slice.metadata.name} too, with weight ${weight}, which is used; here it is ${weightOf(slice)}`;
      return [warning(slice, message)];
    });
}

function entriesOf(slice: EndpointSlice): string[] {
  const addresses = (slice.endpoints ?? []).flatMap(({ addresses: [text] = [] }) =>
    text === undefined ? [] : (parseAddress(text) ?? []),
  );
  return (slice.ports ?? []).flatMap(({ name, protocol, port }) =>
    name == null || !port
      ? []
      : addresses.map((it) => `${endpointsKey(name, protocol ?? 'TCP')} ${formatEndpoint(it, port)}`),
  );
}

function warning(slice: EndpointSlice, message: string): Diagnostic {
  return { severity: 'warning', code: 'value', message, object: weightReference(slice) };
}
