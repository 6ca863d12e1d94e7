export { CASE_TARGETS, type CaseResult, type CaseTarget, formatResult } from './case-result.js';
export type {
  CaseAffinity,
  CaseConfig,
  CaseExpectation,
  CaseFacts,
  CaseFlow,
  CaseModeConfig,
  CaseNode,
  CasePacket,
  CaseStep,
  PacketFlowCase,
} from './packet-flow-case.js';
export { type ReadCase, readCases } from './read-cases.js';
export { modesOf, type RunCaseOptions, runCase } from './run-case.js';
