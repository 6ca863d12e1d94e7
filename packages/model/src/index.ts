export * from './address.js';
export * from './cidr.js';
export * from './cluster-state.js';
export * from './diagnostic.js';
export * from './flow-hash.js';
export * from './invariant.js';
export { readIPv4Word } from './ipv4-text.js';
export { readIPv6Words } from './ipv6-text.js';
export * from './kubernetes.js';
export { type CheckedObject, checkObject, checkStructure } from './load/check-object.js';
export { type LoadedCluster, type LoadOptions, loadCluster, type ManifestFile } from './load/load-cluster.js';
export * from './match-table.js';
export * from './match-table-hash.js';
export * from './match-table-places.js';
export * from './match-table-validate.js';
export * from './packet.js';
export * from './packet-hint.js';
export * from './protocol.js';
export * from './records.js';
export { type CheckContext, check } from './shape/check.js';
export { closestName } from './shape/closest-name.js';
export type { Shape } from './shape/shape.js';
export * as shape from './shape/shape.js';
export { type FieldPath, formatFieldPath, parseFieldPath } from './source/field-path.js';
export { parseDocuments } from './source/parse-documents.js';
export { type ParsedFile, parseManifests, type SourceObject } from './source/parse-manifests.js';
export type { FieldPart, ParsedDocuments, SourceDocument } from './source/source-document.js';
export * from './table-patch.js';
export {
  type PatchPlan,
  type PlannedBackends,
  type PlannedEndpoint,
  type PlannedSweep,
  readPatchPlan,
  writePatchPlan,
} from './table-patch-plan.js';
export * from './table-patch-validate.js';
export * from './verdict.js';
