import type { ChangeEvent, Node } from '@shunt/model';

/** The cluster autoscaler's mark of a Node that is about to go. */
const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler';

/** Whether load balancers should send traffic to this node, as kube-proxy's `/healthz` tells them (KEP-3836). */
export class NodeEligibility {
  readonly #name: string;
  #isEligible = true;

  constructor(name: string) {
    this.#name = name;
  }

  get isEligible(): boolean {
    return this.#isEligible;
  }

  observe(event: ChangeEvent): void {
    const object = event.type === 'deleted' ? event.previous : event.object;
    if (object.kind !== 'Node' || object.metadata.name !== this.#name) return;
    this.#isEligible = event.type !== 'deleted' && stays(event.object as Node);
  }
}

function stays({ metadata, spec }: Node): boolean {
  if (metadata.deletionTimestamp != null) return false;
  return !(spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED_TAINT);
}
