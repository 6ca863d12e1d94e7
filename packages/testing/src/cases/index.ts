export type { Check } from '../control-plane/case-kind.js';
export type { ReadControlPlaneCase } from '../control-plane/read-control-plane-cases.js';
export type { ReachedBackend } from './affinity-check.js';
export type { Answer } from './answer.js';
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
export { type CaseFile, readCaseFile } from './read-case-file.js';
export { type ReadCase, readCases } from './read-cases.js';
export type { RulesFactory, RulesUnderTest } from './rules-under-test.js';
export { modesOf, type RunCaseOptions, runCase } from './run-case.js';
