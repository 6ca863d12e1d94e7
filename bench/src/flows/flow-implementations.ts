import type { FlowImplementation } from './flow-implementation.js';
import { pipelineFlows } from './pipeline-flows.js';
import { stringMapFlows } from './string-map-flows.js';

/** What the others are compared with. */
export const FLOW_BASELINE: FlowImplementation = stringMapFlows;

/** Every implementation in TypeScript. The first one's answers are what the others are held to. */
export const FLOW_IMPLEMENTATIONS: readonly FlowImplementation[] = [
  stringMapFlows,
  pipelineFlows('TypeScript', 1_024),
  pipelineFlows('WebAssembly', 1_024),
];
