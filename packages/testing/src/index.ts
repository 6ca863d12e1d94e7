export { brokenObjects } from './arbitrary/broken-objects.js';
export { changes } from './arbitrary/changes.js';
export { type ClusterOptions, clusters } from './arbitrary/clusters.js';
export { type ConfigOptions, configs, nodeViews } from './arbitrary/configs.js';
export { type HandMadeEndpointsOptions, handMadeEndpoints } from './arbitrary/hand-made-endpoints.js';
export type { ChangeOptions } from './arbitrary/happenings.js';
export { type ManifestOptions, manifests } from './arbitrary/manifests.js';
export { packets } from './arbitrary/packets.js';
export { type PodOptions, podIPs, podLabels, pods, readiness } from './arbitrary/pods.js';
export { Scenario, type ScenarioOptions, scenarios } from './arbitrary/scenarios.js';
export type { ServiceOptions } from './arbitrary/services.js';
export { type WorkerNodeOptions, workerNodes } from './arbitrary/worker-nodes.js';
export {
  portLists,
  selectors,
  type WrittenServiceOptions,
  writtenServices,
} from './arbitrary/written-services.js';
export * from './arbitrary-ruleset.js';
export * from './arbitrary-valid-ruleset.js';
export { asYaml } from './as-yaml.js';
export { applyChange, ChangeSequence, Cluster, type ClusterChange } from './cluster.js';
export { type CounterExample, describeCounterExample } from './counter-example.js';
