import { allocationCases } from './allocation-cases.js';
import type { CaseKind, ControlPlaneCase } from './case-kind.js';
import { endpointsCases } from './endpoints-cases.js';
import { exposeCases } from './expose-cases.js';
import { printersCases } from './printers-cases.js';
import { validationCases } from './validation-cases.js';

// A case is given to the kind whose shape it has, so the type of its cases is behind us here.
export const CASE_KINDS: readonly CaseKind<ControlPlaneCase>[] = [
  validationCases,
  allocationCases,
  endpointsCases,
  exposeCases,
  printersCases,
] as readonly CaseKind<never>[] as readonly CaseKind<ControlPlaneCase>[];
