/**
 * Which node ports must refuse before the addresses of other service ports do. The node's own address may be an
 * external IP of one Service, and its port the number of another's node port; one rejects and the other drops. The
 * node port decides then (`Evaluator`), so its rule has to come first. With kube-proxy that is chance.
 */
import type { Refusal } from './dispatch.js';
import type { PortRulesInput } from './dispatch-rules.js';

/** @param inputs - all service ports of a family */
export function earlyRefusals(inputs: readonly PortRulesInput[]): ReadonlySet<PortRulesInput> {
  const byAddress = new Map<string, Set<Refusal>>();
  for (const { port, dispatch } of inputs) {
    if (dispatch.external === null) continue;
    const { externalIPs, loadBalancerIPs, refusal } = dispatch.external;
    const [addressed] = [...externalIPs, ...loadBalancerIPs];
    if (refusal === null || addressed === undefined) continue;
    const key = `${port.protocol} ${addressed.port}`;
    byAddress.set(key, (byAddress.get(key) ?? new Set()).add(refusal));
  }
  const early = inputs.filter(({ port, dispatch: { external } }) => {
    if (external === null || external.nodePort === null || external.refusal === null) return false;
    const others = byAddress.get(`${port.protocol} ${external.nodePort.port}`);
    return others?.has(external.refusal === 'DROP' ? 'REJECT' : 'DROP') === true;
  });
  return new Set(early);
}
