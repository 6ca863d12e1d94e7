/** Scenarios in which what flows remember matters more often than in a cluster of any kind. */
import type { KubernetesObject } from '@shunt/model';
import { ChangeSequence, Cluster, type ClusterChange, Scenario } from '@shunt/testing';

export interface Dress {
  /** ClientIP affinity for all Services, for so many seconds; 0: as they are. */
  readonly affinitySeconds: number;
  /** TCP for UDP, and UDP for TCP, of which there is more. */
  readonly swapsProtocols: boolean;
}

/** The same scenario in another dress. */
export function dressed(scenario: Scenario, dress: Dress): Scenario {
  const objectOf = (object: KubernetesObject): KubernetesObject => {
    const own = dress.swapsProtocols ? swapped(object) : object;
    return own.kind === 'Service' && dress.affinitySeconds > 0 ? withAffinity(own, dress) : own;
  };
  const changeOf = (change: ClusterChange): ClusterChange =>
    change.type === 'upsert' ? { ...change, object: objectOf(change.object) } : change;
  return new Scenario({
    ...scenario,
    cluster: new Cluster([...scenario.cluster].map(objectOf)),
    changes: new ChangeSequence([...scenario.changes].map(changeOf)),
  });
}

function withAffinity(object: KubernetesObject, { affinitySeconds }: Dress): KubernetesObject {
  const { spec = {} } = object as KubernetesObject & { readonly spec?: object };
  const sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } };
  return {
    ...object,
    spec: { ...spec, sessionAffinity: 'ClientIP', sessionAffinityConfig },
  } as KubernetesObject;
}

interface Ported {
  readonly protocol?: string;
}

function swapped(object: KubernetesObject): KubernetesObject {
  const portOf = <Port extends Ported>(port: Port): Port => {
    const { protocol = 'TCP' } = port;
    return { ...port, protocol: protocol === 'TCP' ? 'UDP' : protocol === 'UDP' ? 'TCP' : protocol };
  };
  if (object.kind === 'Service') {
    const { spec } = object as KubernetesObject & { readonly spec: { readonly ports?: readonly Ported[] } };
    return { ...object, spec: { ...spec, ports: spec.ports?.map(portOf) } } as KubernetesObject;
  }
  if (object.kind !== 'EndpointSlice') return object;
  const { ports } = object as KubernetesObject & { readonly ports?: readonly Ported[] };
  return { ...object, ports: ports?.map(portOf) } as KubernetesObject;
}
