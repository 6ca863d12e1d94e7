import type { EndpointSlice, LoadBalancerIngress, Service, ServicePortSpec } from '@shunt/model';
import { type DescribedEvent, describeObject } from './description.js';
import { labelsText, readyEndpointsText } from './list-text.js';

/**
 * `kubectl describe service`. Source: describe.go, describeService (semantics 15.7, 15.8).
 * @param slices - the EndpointSlices labelled with the Service's name, in the API's order
 */
export function describeService(
  service: Service,
  slices: readonly EndpointSlice[],
  events: readonly DescribedEvent[] = [],
): string {
  const { spec = {}, status } = service;
  const ingress = status?.loadBalancer?.ingress ?? [];
  const lines = [
    `Selector:\t${labelsText(spec.selector)}`,
    `Type:\t${spec.type ?? 'ClusterIP'}`,
    ...line('IP Family Policy', spec.ipFamilyPolicy),
    `IP Families:\t${(spec.ipFamilies ?? []).join(',') || '<none>'}`,
    `IP:\t${spec.clusterIP ?? spec.clusterIPs?.[0] ?? ''}`,
    `IPs:\t${(spec.clusterIPs ?? []).join(',') || '<none>'}`,
    ...line('External IPs', spec.externalIPs?.join(',')),
    ...line('Desired LoadBalancer IP', spec.loadBalancerIP),
    ...line('External Name', spec.externalName),
    ...line('LoadBalancer Ingress', ingress.map(ingressText).join(', ')),
    ...(spec.ports ?? []).flatMap((port) => portLines(port, slices)),
    `Session Affinity:\t${spec.sessionAffinity ?? 'None'}`,
    ...line('External Traffic Policy', spec.externalTrafficPolicy),
    ...line('Internal Traffic Policy', spec.internalTrafficPolicy),
    ...line('HealthCheck NodePort', spec.healthCheckNodePort),
    ...line('LoadBalancer Source Ranges', spec.loadBalancerSourceRanges?.join(',')),
    ...line('Traffic Distribution', spec.trafficDistribution),
  ];
  return describeObject(service, lines, events);
}

/** A line that is there only if there is something to say. */
function line(title: string, value: string | number | undefined): string[] {
  return value ? [`${title}:\t${value}`] : [];
}

function portLines(servicePort: ServicePortSpec, slices: readonly EndpointSlice[]): string[] {
  const { name = '', port, targetPort, nodePort, protocol = 'TCP', appProtocol } = servicePort;
  const shownName = name || '<unset>';
  return [
    `Port:\t${shownName}\t${port}/${protocol}`,
    `TargetPort:\t${targetPort ?? port}/${protocol}`,
    ...line('AppProtocol', appProtocol),
    ...(nodePort ? [`NodePort:\t${shownName}\t${nodePort}/${protocol}`] : []),
    `Endpoints:\t${readyEndpointsText(slices, name)}`,
  ];
}

function ingressText({ ip, hostname = '', ipMode }: LoadBalancerIngress): string {
  if (!ip) return hostname;
  return ipMode === undefined ? ip : `${ip} (${ipMode})`;
}
