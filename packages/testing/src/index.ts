export { type ChangeOptions, changes } from './arbitrary/changes.js';
export { type ClusterOptions, clusters } from './arbitrary/clusters.js';
export { type ConfigOptions, configs, nodeViews } from './arbitrary/configs.js';
export { packets } from './arbitrary/packets.js';
export { Scenario, type ScenarioOptions, scenarios } from './arbitrary/scenarios.js';
export type { ServiceOptions } from './arbitrary/services.js';
export { asYaml } from './as-yaml.js';
export { applyChange, ChangeSequence, Cluster, type ClusterChange } from './cluster.js';
export { type CounterExample, describeCounterExample } from './counter-example.js';
