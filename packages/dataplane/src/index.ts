export { Affinity, type AffinityOptions } from './affinity/affinity.js';
export {
  Conntrack,
  type ConntrackStatistics,
  FLOWS_FULL,
  type FlowPlan,
  NO_SOURCE_LEFT,
  type PlannedFlows,
} from './conntrack/conntrack.js';
export type { ConntrackOptions } from './conntrack/conntrack-region.js';
export type { FlowRecord, TranslationRecord } from './conntrack/flow-records.js';
export { DEFAULT_FLOW_TIMEOUTS, type FlowState, type FlowTimeouts } from './conntrack/flow-state.js';
export { DEFAULT_SOURCE_PORTS, type SourcePortRange } from './conntrack/source-port.js';
export { Counters, type CountersOptions, type FlowCounts } from './counters/counters.js';
export * from './dataplane.js';
export type { KernelChoice } from './lookup/lookup-kernels.js';
export type { Directory, FrontendName, LookupResult } from './lookup/lookup-result.js';
export type { PacketInput } from './lookup/packet-input.js';
export type { Batch } from './memory/table-memory.js';
export type { FamilyRules, Masquerade } from './stateful/family-rules.js';
export { StatefulPipeline, type StatefulPipelineParts } from './stateful/stateful-pipeline.js';
