export { Affinity, type AffinityOptions } from './affinity/affinity.js';
export * from './apply/apply-patch.js';
export * from './apply/flow-plan.js';
export * from './apply/reader-epochs.js';
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
export { type BackendCounts, Counters, type CountersOptions, type FlowCounts } from './counters/counters.js';
export * from './dataplane.js';
export type { KernelChoice } from './lookup/lookup-kernels.js';
export type { Directory, FrontendName, LookupResult } from './lookup/lookup-result.js';
export type { PacketInput } from './lookup/packet-input.js';
export type { Batch } from './memory/table-memory.js';
export type { FamilyRules } from './stateful/family-rules.js';
export type { FamilyOptions } from './stateful/family-state.js';
export type { Masquerade } from './stateful/masquerade.js';
export {
  type BatchRecords,
  StatefulDataplane,
  type StatefulDataplaneOptions,
} from './stateful/stateful-dataplane.js';
export { StatefulPipeline, type StatefulPipelineParts } from './stateful/stateful-pipeline.js';
export { type LookupTable, TableRules } from './stateful/table-rules.js';
export { KernelMemory, type KernelMemoryOptions } from './wasm/kernel-memory.js';
